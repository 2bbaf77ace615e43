"""A trust policy in the words of OpenSSH: ``allowed_signers`` for ``ssh-keygen -Y verify``, and keys for a revocation list."""

import datetime as dt

from compliance_tui.trust.policy_model import Key, Person, Policy


def namespace_of(predicate: str) -> str:
    """The SSHSIG namespace of a kind of statement: ``self-assessment/v1`` is ``self-assessment.v1@compliance-tui.example``."""
    return f"{predicate.replace('/', '.')}@compliance-tui.example"


def allowed_signers(policy: Policy, namespace: str | None = None) -> str:
    """The policy's keys as OpenSSH's ``allowed_signers`` (ssh-keygen(1)), each with the time in which it counts.

    Each person may sign what the rules let their roles sign; ``namespace`` narrows the file to one kind of statement, for
    everybody. Compromised keys, and keys retired before they ever counted, are left out. The file knows no thresholds,
    no time stamps and no touch.
    """
    lines = []
    for person in policy.person:
        spaces = [namespace] if namespace else _namespaces(policy, person)
        lines += [line for key in person.key if spaces and (line := _line(person, key, ",".join(spaces)))]
    return "".join(lines)


def revoked_keys(policy: Policy) -> str:
    """The compromised keys, one public key on a line: ``ssh-keygen -k -f revoked.krl FILE`` makes a revocation list of them.

    Retired keys are not among them: a revocation list knows no time, and what they signed before stands.
    """
    found = [
        f"{key.key.openssh} {person.id}\n"
        for person in policy.person
        for key in person.key
        if key.revoked is not None and key.revoked.reason == "compromised"
    ]
    return "".join(found)


def _namespaces(policy: Policy, person: Person) -> list[str]:
    roles = set(person.roles)
    spaces = [namespace_of(rule.predicate) for rule in policy.rule if roles & {need.role for need in rule.require}]
    return list(dict.fromkeys(spaces))


def _line(person: Person, key: Key, namespaces: str) -> str:
    if key.revoked is not None and key.revoked.reason == "compromised":
        return ""
    until = min((one for one in (key.until, key.revoked.at if key.revoked else None) if one), default=None)
    if key.from_ and until and until <= key.from_:
        return ""  # ssh-keygen would refuse the whole line
    options = [f'namespaces="{namespaces}"']
    if key.from_:
        options.append(f'valid-after="{_ssh_time(key.from_)}"')
    if until:
        options.append(f'valid-before="{_ssh_time(until)}"')
    return f"{person.id} {','.join(options)} {key.key.openssh}\n"


def _ssh_time(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).strftime("%Y%m%d%H%M%SZ")
