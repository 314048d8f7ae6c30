"""MULTIAPPEND. RFC 3502."""

import pytest

from roost.proto.imap.core import CORE
from roost.proto.imap.core.append import MAX_MESSAGES, Append, AppendMessage
from roost.proto.imap.error import OverLimit
from roost.proto.imap.ext.multiappend import MULTIAPPEND
from roost.proto.imap.extension import Grammar
from roost.proto.imap.flags import SEEN, Flags
from roost.proto.imap.reader import CommandRead, LiteralAsked, MessageChunk, MessageEnd, Reader
from roost.proto.imap.token import MessageLiteral, Piece

GRAMMAR = Grammar((*CORE, MULTIAPPEND))


def test_reads_several_messages() -> None:
    pieces: tuple[Piece, ...] = (
        b"A003 APPEND saved-messages (\\Seen) ",
        MessageLiteral(329),
        b' (\\Seen) " 7-Feb-1994 22:43:04 -0800" ',
        MessageLiteral(295),
        b"",
    )
    append = GRAMMAR.parse(pieces).args
    assert isinstance(append, Append)
    assert [(one.flags.bits, one.size_octets) for one in append.messages] == [
        (SEEN, 329),
        (SEEN, 295),
    ]
    assert append.messages[0].date is None
    assert append.messages[1].date is not None


def test_a_message_of_nothing_cancels() -> None:
    append = GRAMMAR.parse((b"a APPEND x ", MessageLiteral(3), b" ", MessageLiteral(0), b"")).args
    assert append == Append("x", (AppendMessage(Flags(), None, 3), AppendMessage(Flags(), None, 0)))


def test_messages_stream_one_after_the_other() -> None:
    reader = Reader(message_literals=GRAMMAR.message_literals)
    reader.feed(b"a APPEND x {3+}\r\nabc (\\Seen) {2+}\r\nde\r\n")
    seen: list[object] = []
    while (event := reader.next_event()) is not None:
        if isinstance(event, LiteralAsked):
            assert event.message
            append = GRAMMAR.parse(event.pieces).args
            assert isinstance(append, Append)
            seen.append(append.messages[-1].size_octets)
            reader.accept_literal()
        elif isinstance(event, MessageChunk):
            seen.append(event.octets)
        elif isinstance(event, CommandRead):
            append = GRAMMAR.parse(event.pieces).args
            assert isinstance(append, Append)
            seen.append(len(append.messages))
        else:
            assert isinstance(event, MessageEnd)
    assert seen == [3, b"abc", 2, b"de", 2]


def test_messages_are_bounded_in_number() -> None:
    pieces: list[Piece] = [b"a APPEND x "]
    for _ in range(MAX_MESSAGES + 1):
        pieces += [MessageLiteral(1), b" "]
    pieces[-1] = b""
    with pytest.raises(OverLimit):
        GRAMMAR.parse(pieces)
