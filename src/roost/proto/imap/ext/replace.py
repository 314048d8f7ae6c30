"""REPLACE: a new message in place of an old one, at once. RFC 8508."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from roost.proto.imap.command import Arguments
from roost.proto.imap.core.append import AppendMessage, is_message, parse_message
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.state import SELECTED
from roost.proto.imap.token import Cursor, Piece

_BEFORE_MAILBOX = re.compile(rb"[^ ]+ (?:UID )?REPLACE [^ ]+ ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Replace(Arguments):
    """REPLACE and UID REPLACE. RFC 8508 section 3.

    old: the number or UID of the message that goes, None for `*`, the last one. Read from a
    command that is cut off at a message literal, as APPEND is.
    """

    old: int | None
    mailbox: str
    message: AppendMessage


def parse_replace(cursor: Cursor, grammar: Grammar) -> Replace:
    """Read the arguments of REPLACE, also while its message is still coming."""
    cursor.sp()
    old = None if cursor.skip(b"*") else cursor.nz_number()
    cursor.sp()
    mailbox = cursor.mailbox()
    return Replace(old, mailbox, parse_message(cursor, grammar))


def is_replace_message(pieces: Sequence[Piece]) -> bool:
    """Whether a literal behind these pieces is a message, as all but mailbox and URLs are."""
    return is_message(pieces, _BEFORE_MAILBOX)


REPLACE = Extension(
    name="replace",
    rfc=8508,
    capabilities=("REPLACE",),
    parsers={"REPLACE": parse_replace, "UID REPLACE": parse_replace},
    states={"REPLACE": SELECTED},
    message_literals={"REPLACE": is_replace_message},
)
