"""APPEND. RFC 9051 section 6.3.12; its extension points: RFC 4466 section 2.2."""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime

from roost.proto.imap.command import Arguments
from roost.proto.imap.core.store import parse_flag_list
from roost.proto.imap.error import OverLimit
from roost.proto.imap.extension import Extension, Grammar, hooked
from roost.proto.imap.flags import Flags
from roost.proto.imap.token import Cursor, Piece

MAX_MESSAGES = 1000
MAX_OPTIONS = 20

_BEFORE_MAILBOX = re.compile(rb"[^ ]+ APPEND ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AppendMessage:
    """One message of APPEND.

    size_octets: 0 means that the client cancels (RFC 3502 section 6.3.11). date: aware, None for
    now. binary: it came as a literal8. options, data: what extensions read before and in place of
    the literal.
    """

    flags: Flags
    date: datetime | None
    size_octets: int
    binary: bool = False
    options: tuple[Hashable, ...] = ()
    data: Hashable = None


@dataclass(frozen=True, slots=True)
class Append(Arguments):
    """APPEND. messages: one, or several where MULTIAPPEND is part of the grammar (RFC 3502).

    Read from a command that is cut off at a message literal, the last one is that message.
    """

    mailbox: str
    messages: tuple[AppendMessage, ...]


def parse_append(cursor: Cursor, grammar: Grammar) -> Append:
    """Read the arguments of APPEND, also while its messages are still coming."""
    cursor.sp()
    mailbox = cursor.mailbox()
    messages = [_message(cursor, grammar)]
    while grammar.has("MULTIAPPEND") and not cursor.at_end():
        if len(messages) == MAX_MESSAGES:
            raise OverLimit("too many messages", cursor.offset)
        messages.append(_message(cursor, grammar))
    return Append(mailbox, tuple(messages))


def is_append_message(pieces: Sequence[Piece]) -> bool:
    """Whether a literal behind these pieces is a message, as all but the mailbox are."""
    first = pieces[0]
    assert isinstance(first, bytes)
    return len(pieces) > 1 or _BEFORE_MAILBOX.fullmatch(first) is None


def _message(cursor: Cursor, grammar: Grammar) -> AppendMessage:
    cursor.sp()
    flags, date = Flags(), None
    if cursor.peek(b"("):
        flags = parse_flag_list(cursor)
        cursor.sp()
    if cursor.peek(b'"'):
        date = cursor.date_time()
        cursor.sp()
    options: list[Hashable] = []
    while (word := cursor.next_word()) and word not in grammar.append_data:
        if len(options) == MAX_OPTIONS:
            raise OverLimit("too many options", cursor.offset)
        options.append(hooked(cursor, grammar.append_options, "there is no such APPEND option"))
        cursor.sp()
    if cursor.next_word():
        data = hooked(cursor, grammar.append_data, "a literal is missing")
        return AppendMessage(flags, date, 0, options=tuple(options), data=data)
    literal = cursor.message()
    return AppendMessage(flags, date, literal.size_octets, literal.binary, tuple(options))


APPEND = Extension(
    name="append",
    rfc=9051,
    parsers={"APPEND": parse_append},
    message_literals={"APPEND": is_append_message},
)
