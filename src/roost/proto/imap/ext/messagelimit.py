"""MESSAGELIMIT and SAVELIMIT: how many messages one command may name. RFC 9738.

CAPABILITY lists both with their number, which only the server knows; hence none stands here.
"""

from dataclasses import dataclass

from roost.proto.imap.extension import Extension
from roost.proto.imap.response import Code
from roost.proto.imap.token import Cursor


@dataclass(frozen=True, slots=True)
class UidAfter:
    """UIDAFTER of SEARCH: UIDs above this one. RFC 9738."""

    uid: int


@dataclass(frozen=True, slots=True)
class UidBefore:
    """UIDBEFORE of SEARCH: UIDs below this one."""

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
    """What CAPABILITY lists if each command may name so many messages."""
    return f"MESSAGELIMIT={messages}"


def save_limit_capability(messages: int) -> str:
    """What CAPABILITY lists if only what saves messages, APPEND and COPY, is limited so."""
    return f"SAVELIMIT={messages}"


def message_limit_code(messages: int, lowest_uid: int | None = None) -> Code:
    """MESSAGELIMIT: the command stopped at the limit.

    lowest_uid: the last that was handled, from the newest downwards; None if none was.
    """
    if lowest_uid is None:
        return Code(b"MESSAGELIMIT %d" % messages)
    return Code(b"MESSAGELIMIT %d %d" % (messages, lowest_uid))


MESSAGELIMIT = Extension(
    name="messagelimit",
    rfc=9738,
    search_keys={"UIDAFTER": parse_uid_after, "UIDBEFORE": parse_uid_before},
)
