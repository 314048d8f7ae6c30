"""LOGIN, AUTHENTICATE and STARTTLS. RFC 9051 section 6.2; SASL-IR: RFC 4959."""

import binascii
import re
from dataclasses import dataclass

from roost.proto.imap.command import Arguments
from roost.proto.imap.core.session import parse_bare
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.token import Cursor

_MECHANISM = re.compile(rb"[A-Za-z0-9_-]{1,20}(?![^ ])")  # RFC 4422 section 3.1
_INITIAL = re.compile(rb"=|[A-Za-z0-9+/]+={0,2}")


@dataclass(frozen=True, slots=True)
class Login(Arguments):
    """LOGIN. Both texts as the client sent them, not yet prepared (RFC 8265)."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Authenticate(Arguments):
    """AUTHENTICATE. mechanism: upper case; initial: decoded, None when there was none."""

    mechanism: str
    initial: bytes | None = None


def parse_login(cursor: Cursor, grammar: Grammar) -> Login:  # noqa: ARG001
    """Read the arguments of LOGIN; both may be quoted UTF-8. RFC 9051 section 6.2.3."""
    cursor.sp()
    user = cursor.text("a user name is missing")
    cursor.sp()
    return Login(user, cursor.text("a password is missing"))


def parse_authenticate(cursor: Cursor, grammar: Grammar) -> Authenticate:  # noqa: ARG001
    """Read the arguments of AUTHENTICATE. RFC 9051 section 6.2.2.

    A space with nothing behind it is what mutt says with CRAM-MD5: no initial response.
    """
    cursor.sp()
    mechanism = cursor.match(_MECHANISM, "a mechanism is missing")[0].upper().decode("ascii")
    if cursor.at_end():
        return Authenticate(mechanism)
    cursor.sp()
    if cursor.at_end():
        return Authenticate(mechanism)
    start = cursor.offset
    initial = cursor.match(_INITIAL, "an initial response is base64")[0]
    if initial == b"=":
        return Authenticate(mechanism, b"")
    return Authenticate(mechanism, _decode(initial, start))


def parse_sasl_line(line: bytes) -> bytes | None:
    """What a client answers to a challenge, decoded; None when it cancels with `*`.

    Raises BadSyntax for what is not base64. RFC 9051 section 6.2.2.
    """
    return None if line == b"*" else _decode(line, 0)


def _decode(base64: bytes, offset: int) -> bytes:
    try:
        return binascii.a2b_base64(base64, strict_mode=True)
    except ValueError:
        raise BadSyntax("this is not base64", offset) from None


LOGIN = Extension(
    name="login",
    rfc=9051,
    capabilities=("SASL-IR",),
    parsers={"LOGIN": parse_login, "AUTHENTICATE": parse_authenticate, "STARTTLS": parse_bare},
)
