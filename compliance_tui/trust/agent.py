"""Keys in ``ssh-agent``, over its socket (draft-ietf-sshm-ssh-agent). Only a key that the agent lists is asked to sign."""

import os
import re
import socket
import struct
from dataclasses import dataclass

from compliance_tui.safe.errors import InputError
from compliance_tui.safe.language import message
from compliance_tui.safe.text import clean_line
from compliance_tui.trust.public_key import PublicKey, public_key_of_blob
from compliance_tui.trust.signer import Signer, checked
from compliance_tui.trust.ssh_wire import read_signature_body, read_ssh_string, ssh_string

SCHEME = "agent:"
LARGEST_MESSAGE = 256 * 1024  # OpenSSH's agent closes the connection on a longer one
_FAILURE, _REQUEST_IDENTITIES, _IDENTITIES, _SIGN_REQUEST, _SIGNED = 5, 11, 12, 13, 14
_LIST_SECONDS, _SIGN_SECONDS = 10, 120  # a person may have to touch a token, or to confirm
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


@dataclass(frozen=True)
class AgentKey:
    """A key that the agent lists, with the comment it gives."""

    public: PublicKey
    comment: str


def agent_keys() -> list[AgentKey]:
    """The keys of the agent at ``SSH_AUTH_SOCK`` that can sign here; others are left out.

    Raises InputError ``no-agent`` or ``bad-agent``.
    """
    answer = _ask(bytes([_REQUEST_IDENTITIES]), _LIST_SECONDS)
    if answer[:1] != bytes([_IDENTITIES]):
        raise _bad(message("does not list its keys"))
    try:
        return list(_listed(answer))
    except (ValueError, struct.error):
        raise _bad(message("sent a list of keys that cannot be read")) from None


def _listed(answer: bytes) -> list[AgentKey]:
    count, at = struct.unpack_from(">I", answer, 1)[0], 5
    found = []
    for _ in range(count):
        blob, at = read_ssh_string(answer, at)
        comment, at = read_ssh_string(answer, at)
        try:
            found.append(AgentKey(public_key_of_blob(blob, "a key of the agent"), comment.decode("utf-8", "replace")))
        except (ValueError, InputError):
            continue  # RSA, a certificate, a curve that is not used here
    if at != len(answer):
        raise ValueError(message("trailing bytes"))
    return found


def agent_signer(address: str) -> Signer:
    """The signer for ``agent:SHA256:…``, a fingerprint as ``ssh-add -l`` prints it.

    Raises InputError ``bad-key``, ``no-agent``, ``bad-agent`` or ``not-found``; its ``sign`` raises ``refused``, ``too-large``
    or ``bad-signer``.
    """
    fingerprint = address.removeprefix(SCHEME)
    if not _FINGERPRINT.fullmatch(fingerprint):
        shown = clean_line(address, 80)
        raise InputError(
            "bad-key", message("{shown}: write agent:SHA256:… with the fingerprint that `ssh-add -l` prints", shown=shown)
        )
    public = next((one.public for one in agent_keys() if one.public.fingerprint == fingerprint), None)
    if public is None:
        raise InputError(
            "not-found",
            message("{address}: the agent lists no such Ed25519 or P-256 key; add it with `ssh-add`", address=address),
        )
    return checked(public, lambda content: _sign(public, content), address)


def _sign(public: PublicKey, content: bytes) -> bytes:
    answer = _ask(bytes([_SIGN_REQUEST]) + ssh_string(public.blob) + ssh_string(content) + struct.pack(">I", 0), _SIGN_SECONDS)
    if answer == bytes([_FAILURE]):
        raise InputError(
            "refused",
            message(
                "ssh-agent: refused to sign with {fingerprint} (locked, not confirmed, or not touched)",
                fingerprint=public.fingerprint,
            ),
        )
    try:
        signature, at = read_ssh_string(answer, 1)
        algorithm, inner = read_ssh_string(signature, 0)
        if answer[0] != _SIGNED or at != len(answer) or algorithm != public.ssh_type:
            raise ValueError
        if public.application is not None:
            return signature[inner:]
        return read_signature_body(signature[inner:], p256=public.is_p256, fido=False).signature
    except (ValueError, IndexError):
        raise _bad(message("sent a signature that cannot be read")) from None


def _ask(content: bytes, seconds: int) -> bytes:
    if len(content) > LARGEST_MESSAGE:
        raise InputError(
            "too-large",
            message("ssh-agent: signs at most {most:,} bytes; this is more", most=LARGEST_MESSAGE),
        )
    path = os.environ.get("SSH_AUTH_SOCK")
    if not path:
        raise InputError(
            "no-agent", message("ssh-agent: SSH_AUTH_SOCK is not set; start one with `eval $(ssh-agent)` and `ssh-add` the key")
        )
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(seconds)
            connection.connect(path)
            connection.sendall(ssh_string(content))
            length = struct.unpack(">I", _receive(connection, 4))[0]
            if not 1 <= length <= LARGEST_MESSAGE:
                raise _bad(message("sent a message of {length:,} bytes", length=length))
            return _receive(connection, length)
    except TimeoutError:
        raise InputError("no-agent", message("ssh-agent: no answer within {seconds} seconds", seconds=seconds)) from None
    except (OSError, ValueError) as error:
        reason = clean_line(getattr(error, "strerror", None) or "not a socket").lower()
        raise InputError(
            "no-agent", message("ssh-agent: cannot be reached at {path} ({reason})", path=clean_line(path), reason=reason)
        ) from None


def _receive(connection: socket.socket, count: int) -> bytes:
    content = bytearray()
    while len(content) < count:
        chunk = connection.recv(count - len(content))
        if not chunk:
            raise _bad(message("closed the connection"))
        content += chunk
    return bytes(content)


def _bad(what: str) -> InputError:
    return InputError("bad-agent", message("ssh-agent: {what}; is SSH_AUTH_SOCK really an agent's socket?", what=what))
