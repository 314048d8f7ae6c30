"""APPEND. RFC 9051 section 6.3.12; its extension points: RFC 4466 section 2.2."""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from roost.proto.imap.command import Arguments
from roost.proto.imap.core.store import parse_flag_list
from roost.proto.imap.error import OverLimit
from roost.proto.imap.extension import Extension, Grammar, hooked
from roost.proto.imap.flags import Flags
from roost.proto.imap.token import Cursor, Piece

MAX_MESSAGES = 1000
MAX_OPTIONS = 20

_BEFORE_MAILBOX = re.compile(rb"[^ ]+ APPEND ", re.IGNORECASE)
_BEFORE_URL = re.compile(rb"[( ]URL \Z", re.IGNORECASE)  # RFC 4469: an argument, no message


@runtime_checkable
class HasSize(Protocol):
    """What an extension reads in place of the literal, if it has literals of its own."""

    @property
    def size_octets(self) -> int: ...


@dataclass(frozen=True, slots=True)
class AppendMessage:
    """One message of APPEND.

    size_octets: of the literals that came so far; 0 without data means that the client cancels
    (RFC 3502 section 6.3.11). date: aware, None for now. binary: it came as a literal8.
    options, data: what extensions read before and in place of the literal.
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
    messages = [parse_message(cursor, grammar)]
    while grammar.has("MULTIAPPEND") and not cursor.at_end():
        if len(messages) == MAX_MESSAGES:
            raise OverLimit("too many messages", cursor.offset)
        messages.append(parse_message(cursor, grammar))
    return Append(mailbox, tuple(messages))


def is_append_message(pieces: Sequence[Piece]) -> bool:
    """Whether a literal behind these pieces is a message, as all but mailbox and URLs are."""
    return is_message(pieces, _BEFORE_MAILBOX)


def is_message(pieces: Sequence[Piece], before_mailbox: re.Pattern[bytes]) -> bool:
    """As is_append_message. before_mailbox: what stands before the mailbox of this verb."""
    first, last = pieces[0], pieces[-1]
    assert isinstance(first, bytes)
    assert isinstance(last, bytes)
    if len(pieces) == 1 and before_mailbox.fullmatch(first) is not None:
        return False
    return _BEFORE_URL.search(last) is None


def parse_message(cursor: Cursor, grammar: Grammar) -> AppendMessage:
    """Read a message from the space before it, also while it is still coming."""
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
        size = data.size_octets if isinstance(data, HasSize) else 0
        return AppendMessage(flags, date, size, options=tuple(options), data=data)
    literal = cursor.message()
    return AppendMessage(flags, date, literal.size_octets, literal.binary, tuple(options))


APPEND = Extension(
    name="append",
    rfc=9051,
    parsers={"APPEND": parse_append},
    message_literals={"APPEND": is_append_message},
)
