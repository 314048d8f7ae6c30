"""MESSAGELIMIT and SAVELIMIT: how many messages one command deals with. RFC 9738.

CAPABILITY lists them with their number, which only the server knows; hence none stands here.
"""

from dataclasses import dataclass

from roost.proto.imap.extension import Extension
from roost.proto.imap.response import Code
from roost.proto.imap.token import Cursor


@dataclass(frozen=True, slots=True)
class UidAfter:
    """UIDAFTER of SEARCH: UIDs above this one. RFC 9738 section 3.2."""

    uid: int


@dataclass(frozen=True, slots=True)
class UidBefore:
    """UIDBEFORE of SEARCH: UIDs below this one, of which 1 has none."""

    uid: int


def parse_uid_after(cursor: Cursor) -> UidAfter:
    """Read what follows UIDAFTER."""
    cursor.sp()
    return UidAfter(cursor.nz_number())


def parse_uid_before(cursor: Cursor) -> UidBefore:
    """Read what follows UIDBEFORE."""
    cursor.sp()
    return UidBefore(cursor.nz_number())


def message_limit_capability(messages: int) -> str:
    """What CAPABILITY lists if each command deals with so many messages. RFC 9738 section 3."""
    return f"MESSAGELIMIT={messages}"


def save_limit_capability(messages: int) -> str:
    """What CAPABILITY lists if only COPY and APPEND are limited so. RFC 9738 section 3."""
    return f"SAVELIMIT={messages}"


def message_limit_code(messages: int, lowest_uid: int | None = None) -> Code:
    """MESSAGELIMIT: the command means more messages than the limit.

    lowest_uid: the lowest of those dealt with, from the highest downwards; None where there is no
    such one. RFC 9738 sections 3.1 and 5.
    """
    if lowest_uid is None:
        return Code(b"MESSAGELIMIT %d" % messages)
    return Code(b"MESSAGELIMIT %d %d" % (messages, lowest_uid))


MESSAGELIMIT = Extension(
    name="messagelimit",
    rfc=9738,
    search_keys={"UIDAFTER": parse_uid_after, "UIDBEFORE": parse_uid_before},
)
