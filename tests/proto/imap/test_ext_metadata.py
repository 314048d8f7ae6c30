"""METADATA. RFC 5464."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.imap.core import CORE
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.ext import metadata
from roost.proto.imap.ext.metadata import (
    MAX_VALUE_OCTETS,
    METADATA,
    Depth,
    GetMetadata,
    SetMetadata,
    ValueTooLarge,
    metadata_changed,
    metadata_values,
)
from roost.proto.imap.extension import Grammar
from roost.proto.imap.token import ArgumentLiteral, Piece

GRAMMAR = Grammar((*CORE, METADATA))
BOTH = ("/shared/comment", "/private/comment")


def parse(*pieces: Piece) -> object:
    first = pieces[0]
    assert isinstance(first, bytes)
    return GRAMMAR.parse((b"a " + first, *pieces[1:])).args


@pytest.mark.parametrize(
    ("text", "args"),
    [
        (b'GETMETADATA "" /shared/comment', GetMetadata("", ("/shared/comment",))),
        (b'GETMETADATA "INBOX" /SHARED/Comment', GetMetadata("INBOX", ("/shared/comment",))),
        (b"GETMETADATA inbox (/shared/comment /private/comment)", GetMetadata("INBOX", BOTH)),
        (b'GETMETADATA INBOX ("/shared/comment" /private/comment)', GetMetadata("INBOX", BOTH)),
        (b"GETMETADATA INBOX /shared/comment /private/comment", GetMetadata("INBOX", BOTH)),
        (b"GETMETADATA (MAXSIZE 1024) INBOX (/shared/comment /private/comment)", GetMetadata("INBOX", BOTH, 1024)),
        (b'GETMETADATA "INBOX" (MAXSIZE 1024) (/shared/comment /private/comment)', GetMetadata("INBOX", BOTH, 1024)),
        (b'GETMETADATA "INBOX" (DEPTH 1) (/private/filters/values)',
         GetMetadata("INBOX", ("/private/filters/values",), None, Depth.CHILDREN)),
        (b'GETMETADATA (depth infinity maxsize 0) "" /private/a', GetMetadata("", ("/private/a",), 0, Depth.ALL)),
        (b'SETMETADATA INBOX (/private/comment "My new comment" /shared/comment "This one is for you!")',
         SetMetadata("INBOX", (("/private/comment", b"My new comment"), ("/shared/comment", b"This one is for you!")))),
        (b"SETMETADATA INBOX (/private/comment NIL)", SetMetadata("INBOX", (("/private/comment", None),))),
        (b'SETMETADATA "" (/private/a "1" /PRIVATE/A "2")', SetMetadata("", (("/private/a", b"2"),))),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)  # fmt: skip
def test_reads(text: bytes, args: object) -> None:
    assert parse(text) == args


@pytest.mark.parametrize(
    "literal", [ArgumentLiteral(b"two\r\nlines"), ArgumentLiteral(b"a\0b", binary=True)]
)
def test_values_may_be_literals(literal: ArgumentLiteral) -> None:
    found = parse(b"SETMETADATA INBOX (/private/comment ", literal, b")")
    assert found == SetMetadata("INBOX", (("/private/comment", literal.octets),))


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"GETMETADATA", 13),
        (b"GETMETADATA INBOX", 19),
        (b"GETMETADATA INBOX comment", 20),
        (b"GETMETADATA INBOX /comment", 20),
        (b"GETMETADATA INBOX /private", 20),
        (b"GETMETADATA INBOX /private/", 20),
        (b"GETMETADATA INBOX /private//a", 20),
        (b"GETMETADATA INBOX /private/a/", 20),
        (b'GETMETADATA INBOX "/private/a*"', 20),
        (b'GETMETADATA INBOX "/private/\xc3\xbc"', 20),
        (b"GETMETADATA INBOX ()", 21),
        (b"GETMETADATA (FOO 1) INBOX /private/a", 15),
        (b"GETMETADATA (DEPTH 2) INBOX /private/a", 21),
        (b"GETMETADATA (DEPTH 0 DEPTH 0) INBOX /private/a", 23),
        (b"GETMETADATA (MAXSIZE 1) INBOX (MAXSIZE 2) /private/a", 33),
        (b"SETMETADATA INBOX /private/a NIL", 20),
        (b"SETMETADATA INBOX ()", 21),
        (b"SETMETADATA INBOX (/private/a)", 31),
        (b"SETMETADATA INBOX (/private/a b)", 32),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset


@pytest.mark.parametrize(
    "text",
    [b"GETMETADATA a" + b" /private/a" * 101, b"GETMETADATA a (" + b" ".join([b"/private/a"] * 101) + b")",
     b"GETMETADATA a /private/" + b"a" * 250,
     b"SETMETADATA a (" + b" ".join([b"/private/a NIL"] * 101) + b")"],
    ids=["many", "many in a list", "long name", "many values"],
)  # fmt: skip
def test_has_bounds(text: bytes) -> None:
    with pytest.raises(OverLimit):
        parse(text)


def test_a_value_that_is_too_large_has_its_own_error() -> None:
    largest = ArgumentLiteral(b"a" * MAX_VALUE_OCTETS)
    assert isinstance(parse(b"SETMETADATA a (/private/a ", largest, b")"), SetMetadata)
    with pytest.raises(ValueTooLarge):
        parse(b"SETMETADATA a (/private/a ", ArgumentLiteral(b"a" * (MAX_VALUE_OCTETS + 1)), b")")


@pytest.mark.parametrize(
    ("spelled", "wire"),
    [
        (metadata_values("", [("/shared/comment", b"My comment")], utf8=False),
         b'* METADATA "" (/shared/comment "My comment")\r\n'),
        (metadata_values("INBOX", [("/private/a", None), ("/private/b c", b"x\0")], utf8=False),
         b'* METADATA INBOX (/private/a NIL "/private/b c" ~{2}\r\nx\0)\r\n'),
        (metadata_changed("ü", BOTH, utf8=False), b"* METADATA &APw- /shared/comment /private/comment\r\n"),
        (metadata.long_entries_code(2199), b"METADATA LONGENTRIES 2199"),
        (metadata.max_size_code(1024), b"METADATA MAXSIZE 1024"),
        (metadata.TOO_MANY, b"METADATA TOOMANY"),
        (metadata.NO_PRIVATE, b"METADATA NOPRIVATE"),
    ],
)  # fmt: skip
def test_spells(spelled: bytes, wire: bytes) -> None:
    assert spelled == wire


@given(st.binary(max_size=30))
@settings(deadline=None, max_examples=100)
def test_any_value_survives_the_wire(value: bytes) -> None:
    pieces: list[Piece] = [b"SETMETADATA a (/private/a ", ArgumentLiteral(value, binary=True), b")"]
    assert parse(*pieces) == SetMetadata("a", (("/private/a", value),))
    wire = metadata_values("a", [("/private/a", value)], utf8=False)
    assert value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') in wire or value in wire
