"""Changing a trust policy from the shell: each change leaves a sound policy, with its version one higher."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.safe.toml import dump_toml, load_toml
from compliance_tui.trust.policy_model import load_policy
from compliance_tui.trust.public_key import parse_public_key

_STARTER = """\
# Your trust policy: whom you believe, for what. Nothing inside a bundle can change it.
# Add people with `compliance-tui trust add`, then say below what you demand.
schema = "trust/1"
version = 1
"""


def new_policy() -> bytes:
    """A policy that trusts nobody yet."""
    return _STARTER.encode()


def add_person(
    content: bytes,
    where: str,
    identifier: str,
    name: str,
    roles: Sequence[str],
    public: str,
    *,
    seats: Sequence[str] = (),
    from_: dt.datetime | None = None,
    until: dt.datetime | None = None,
    require_touch: bool | None = None,
) -> bytes:
    """The policy with a key of a person, who is added where unknown; the version rises by one.

    ``seats`` are those in which their sign-offs count (default: any). ``from_`` and ``until`` bound when the key counts; a key
    that the person has already gets what is given anew. Raises
    InputError where the policy is not sound before or after.
    """
    table = _sound_table(content, where)
    people = table.setdefault("person", [])
    person = next((one for one in people if one.get("id") == identifier), None)
    if person is None:
        person = {"id": identifier, "name": name, "roles": [], "key": []}
        people.append(person)
    person["name"] = name or person.get("name")
    person["roles"] = list(dict.fromkeys([*person.get("roles", []), *roles]))
    if seats:
        person["seats"] = list(dict.fromkeys([*person.get("seats", []), *seats]))
    parsed = parse_public_key(public, where)
    held = person.setdefault("key", [])
    key = next((one for one in held if parse_public_key(one["public"]) == parsed), None)
    if key is None:
        key = {"public": parsed.openssh}
        held.append(key)
    given = {"from": from_, "until": until, "require_touch": require_touch}
    key.update({field: value for field, value in given.items() if value is not None})
    return _changed(table, where, content)


def revoke_key(
    content: bytes, where: str, public: str, at: dt.datetime, reason: str, since: dt.datetime | None = None
) -> bytes:
    """The policy with a key revoked, named by its ``SHA256:…`` fingerprint or by itself; the version rises by one.

    ``reason`` is ``retired`` or ``compromised``; ``since`` says from when on it was compromised. Raises InputError
    ``not-found``.
    """
    table = _sound_table(content, where)
    wanted = public.strip() if public.startswith("SHA256:") else parse_public_key(public, where).fingerprint
    for person in table.get("person", []):
        for key in person.get("key", []):
            if parse_public_key(key["public"]).fingerprint == wanted:
                key["revoked"] = {"at": at, "reason": reason, "since": since}
                return _changed(table, where, content)
    raise InputError(
        "not-found",
        message("{where}: has no key with the fingerprint {wanted}", where=clean_line(where), wanted=clean_line(wanted, 60)),
    )


def add_rule(
    content: bytes,
    where: str,
    predicate: str,
    attester: str | None,
    needs: Mapping[str, int],
    *,
    timestamp: tuple[int, Sequence[str]] | None = None,
    max_age_days: int | None = None,
    distinct_persons: bool = True,
) -> bytes:
    """The policy with this rule in place of the one for the same predicate and attester; the version rises by one.

    ``timestamp`` is how many trusted times it wants, and of which authorities.
    """
    table = _sound_table(content, where)
    rules = table.setdefault("rule", [])
    rules[:] = [one for one in rules if (one["predicate"], one.get("attester")) != (predicate, attester)]
    rules.append(
        {
            "predicate": predicate,
            "attester": attester,
            "require": [{"role": role, "k": k} for role, k in needs.items()],
            "distinct_persons": None if distinct_persons else False,
            "timestamp": {"k": timestamp[0], "tsa": list(timestamp[1])} if timestamp else None,
            "max_age_days": max_age_days,
        }
    )
    return _changed(table, where, content)


def add_tsa(
    content: bytes, where: str, identifier: str, root: str, leaf_sha256: Sequence[str] = (), policy: Sequence[str] = ()
) -> bytes:
    """The policy with this time-stamping authority in place of the one of the same id; its version rises by one.

    ``root`` is PEM, of which only the certificates are kept.
    """
    table = _sound_table(content, where)
    found = re.findall(r"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----", root)
    authorities = table.setdefault("tsa", [])
    authorities[:] = [one for one in authorities if one["id"] != identifier]
    authorities.append(
        {
            "id": identifier,
            "root": "".join(f"{one}\n" for one in found),
            "leaf_sha256": list(leaf_sha256) or None,
            "policy": list(policy) or None,
        }
    )
    return _changed(table, where, content)


def add_standard(content: bytes, where: str, identifier: str, version: str, sha256: str, minimum: str | None = None) -> bytes:
    """The policy with one more accepted version of a standard; the policy's version rises by one.

    ``minimum`` bars versions below it from then on.
    """
    table = _sound_table(content, where)
    standards = table.setdefault("standard", [])
    known = next((one for one in standards if one.get("id") == identifier), None)
    if known is None:
        known = {"id": identifier, "accept": []}
        standards.append(known)
    known["accept"] = [one for one in known["accept"] if one.get("version") != version]
    known["accept"].append({"version": version, "sha256": sha256})
    known["minimum"] = minimum or known.get("minimum")
    return _changed(table, where, content)


def set_expiry(content: bytes, where: str, expires: dt.datetime) -> bytes:
    """The policy with another instant at which it expires; its version rises by one."""
    table = _sound_table(content, where)
    table["expires"] = expires
    return _changed(table, where, content)


def _sound_table(content: bytes, where: str) -> dict[str, Any]:
    """The tables of a policy that is valid as it stands: what comes after may rely on their shape."""
    load_policy(content, where)
    return load_toml(content, where)


def _changed(table: dict[str, Any], where: str, old: bytes) -> bytes:
    table["version"] += 1
    order: dict[str, Any] = {name: table[name] for name in ("schema", "version", "expires") if name in table}
    # Comments inside the tables are lost when they are written anew; those at the head of the file are kept.
    head = re.match(rb"(?:[ \t]*(?:#[^\n]*)?\n)*", old)
    rest = {name: value for name, value in table.items() if name not in order}
    content = (head.group() if head else b"") + dump_toml({**order, **rest})
    load_policy(content, where)
    return content
