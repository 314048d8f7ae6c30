"""CATENATE. RFC 4469."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.imap.core import CORE
from roost.proto.imap.core.append import Append, AppendMessage
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.ext.catenate import (
    CATENATE,
    MAX_PARTS,
    Catenate,
    TextPart,
    UrlPart,
    bad_url_code,
)
from roost.proto.imap.ext.multiappend import MULTIAPPEND
from roost.proto.imap.ext.replace import REPLACE, Replace
from roost.proto.imap.ext.utf8_accept import UTF8_ACCEPT, Utf8Message
from roost.proto.imap.extension import Grammar
from roost.proto.imap.flags import SEEN, Flags
from roost.proto.imap.reader import CommandRead, LiteralAsked, Reader
from roost.proto.imap.token import ArgumentLiteral, MessageLiteral, Piece

GRAMMAR = Grammar((*CORE, MULTIAPPEND, REPLACE, UTF8_ACCEPT, CATENATE))
HEADER = "/Drafts;UIDVALIDITY=385759045/;UID=20/;section=HEADER"
START = b'A003 APPEND Drafts (\\Seen) CATENATE (URL "' + HEADER.encode() + b'" TEXT '


def message(*parts: TextPart | UrlPart | Utf8Message) -> AppendMessage:
    data = Catenate(parts)
    return AppendMessage(Flags(SEEN), None, data.size_octets, data=data)


@pytest.mark.parametrize(
    ("pieces", "messages"),
    [
        ((START, MessageLiteral(42)), (message(UrlPart(HEADER), TextPart(42)),)),
        ((START, MessageLiteral(42), b" URL /a TEXT ", MessageLiteral(44)),
         (message(UrlPart(HEADER), TextPart(42), UrlPart("/a"), TextPart(44)),)),
        ((START, MessageLiteral(42), b" URL ", ArgumentLiteral(b"/a"), b" URL /b)"),
         (message(UrlPart(HEADER), TextPart(42), UrlPart("/a"), UrlPart("/b")),)),
        ((b"a APPEND x (\\Seen) CATENATE (URL /a)",), (message(UrlPart("/a")),)),
        ((b"a APPEND x (\\Seen) CATENATE (UTF8 (", MessageLiteral(5, binary=True), b") URL /a)"),
         (message(Utf8Message(5), UrlPart("/a")),)),
        ((b"a APPEND x (\\Seen) CATENATE (URL /a) (\\Seen) CATENATE (TEXT ", MessageLiteral(3), b")"),
         (message(UrlPart("/a")), message(TextPart(3)))),
    ],
    ids=["cut off at the first text", "cut off at the second", "whole", "URL alone", "UTF8", "two messages"],
)  # fmt: skip
def test_reads(pieces: tuple[Piece, ...], messages: tuple[AppendMessage, ...]) -> None:
    append = GRAMMAR.parse(pieces).args
    assert isinstance(append, Append)
    assert append.messages == messages


def test_replace_takes_it_too() -> None:
    args = GRAMMAR.parse((b"a REPLACE 4 x (\\Seen) CATENATE (URL /a)",)).args
    assert args == Replace(4, "x", message(UrlPart("/a")))


@pytest.mark.parametrize(
    ("pieces", "offset"),
    [
        ((b"a APPEND x CATENATE",), 19),
        ((b"a APPEND x CATENATE ()",), 21),
        ((b"a APPEND x CATENATE (FOO a)",), 21),
        ((b"a APPEND x CATENATE (URL)",), 24),
        ((b"a APPEND x CATENATE (URL a",), 26),
        ((b"a APPEND x CATENATE (TEXT a)",), 26),
        ((b"a APPEND x CATENATE (TEXT ", MessageLiteral(2), b""), 28),
        ((b"a APPEND x CATENATE (URL a)x",), 27),
    ],
)
def test_refuses_at_the_offset(pieces: tuple[Piece, ...], offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        GRAMMAR.parse(pieces)
    assert error.value.offset == offset


@pytest.mark.parametrize(
    "text",
    [b" ".join([b"URL a"] * (MAX_PARTS + 1)), b"URL " + b"a" * 4097],
    ids=["many parts", "long URL"],
)
def test_has_bounds(text: bytes) -> None:
    with pytest.raises(OverLimit):
        GRAMMAR.parse((b"a APPEND x CATENATE (" + text + b")",))


@pytest.mark.parametrize("verb", [b"APPEND", b"REPLACE 4"])
def test_texts_are_streamed_and_urls_are_not(verb: bytes) -> None:
    reader = Reader(message_literals=GRAMMAR.message_literals)
    reader.feed(
        b"a "
        + verb
        + b" x CATENATE (URL {2+}\r\n/a TEXT {3+}\r\nabc URL {2+}\r\n/b TEXT {1+}\r\nd)\r\n"
    )
    asked: list[tuple[int, bool]] = []
    while (event := reader.next_event()) is not None:
        if isinstance(event, LiteralAsked):
            asked.append((event.size_octets, event.message))
            GRAMMAR.parse(event.pieces)
            reader.accept_literal()
        elif isinstance(event, CommandRead):
            args = GRAMMAR.parse(event.pieces).args
            if isinstance(args, Append):
                (made,) = args.messages
            else:
                assert isinstance(args, Replace)
                made = args.message
            assert made.data == Catenate((UrlPart("/a"), TextPart(3), UrlPart("/b"), TextPart(1)))
    assert asked == [(3, True), (1, True)]


def test_spells() -> None:
    assert bad_url_code(HEADER) == b"BADURL " + HEADER.encode()
    assert bad_url_code("/a]b c\r\nü") == b"BADURL /a%5Db%20c%0D%0A%C3%BC"


@given(st.text(max_size=50))
@settings(deadline=None, max_examples=100)
def test_no_url_leaves_its_code(url: str) -> None:
    code = bad_url_code(url)
    assert code.isascii()
    assert "]" not in code.decode("ascii")
    assert code.decode("ascii").isprintable()
