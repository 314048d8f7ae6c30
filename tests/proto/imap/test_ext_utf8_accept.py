"""UTF8=ACCEPT. RFC 6855."""

import pytest

from roost.proto.imap.core import CORE
from roost.proto.imap.core.append import Append, AppendMessage
from roost.proto.imap.core.enable import Enable
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext.multiappend import MULTIAPPEND
from roost.proto.imap.ext.utf8_accept import UTF8_ACCEPT, Utf8Message
from roost.proto.imap.extension import Grammar
from roost.proto.imap.flags import SEEN, Flags
from roost.proto.imap.reader import LiteralAsked, Reader
from roost.proto.imap.token import MessageLiteral, Piece

GRAMMAR = Grammar((*CORE, MULTIAPPEND, UTF8_ACCEPT))
BINARY = MessageLiteral(7, binary=True)
MESSAGE = AppendMessage(Flags(SEEN), None, 7, data=Utf8Message(7))


@pytest.mark.parametrize(
    "pieces",
    [(b"a APPEND x (\\Seen) UTF8 (", BINARY), (b"a APPEND x (\\Seen) utf8 (", BINARY, b")")],
    ids=["cut off at the message", "whole"],
)
def test_reads(pieces: tuple[Piece, ...]) -> None:
    assert GRAMMAR.parse(pieces).args == Append("x", (MESSAGE,))


def test_stands_beside_other_messages() -> None:
    pieces = (b"a APPEND x (\\Seen) UTF8 (", BINARY, b") ", MessageLiteral(3), b"")
    plain = AppendMessage(Flags(), None, 3)
    assert GRAMMAR.parse(pieces).args == Append("x", (MESSAGE, plain))


@pytest.mark.parametrize(
    ("pieces", "offset"),
    [
        ((b"a APPEND x UTF8",), 15),
        ((b"a APPEND x UTF8 ", BINARY, b""), 16),
        ((b"a APPEND x UTF8 (", MessageLiteral(7), b")"), 17),
        ((b"a APPEND x UTF8 (", BINARY, b""), 24),
        ((b"a APPEND x UTF8 (", BINARY, b"))"), 25),
        ((b"a APPEND x UTF8 (text)",), 17),
    ],
    ids=["nothing", "no parenthesis", "no literal8", "not closed", "closed twice", "no literal"],
)
def test_refuses_at_the_offset(pieces: tuple[Piece, ...], offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        GRAMMAR.parse(pieces)
    assert error.value.offset == offset


def test_the_literal_is_streamed() -> None:
    reader = Reader(message_literals=GRAMMAR.message_literals)
    reader.feed(b"a APPEND x UTF8 (~{7}\r\n")
    asked = reader.next_event()
    assert isinstance(asked, LiteralAsked)
    assert (asked.message, asked.binary, asked.synchronising) == (True, True, True)


def test_enable_names_it() -> None:
    enable = GRAMMAR.parse((b"a ENABLE utf8=accept",)).args
    assert isinstance(enable, Enable)
    assert set(enable.capabilities) <= GRAMMAR.enables
