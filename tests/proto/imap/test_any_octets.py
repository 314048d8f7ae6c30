"""Whatever a client sends, nothing but the named errors comes out."""

from hypothesis import given, settings
from hypothesis import strategies as st

from roost.base.errors import ProtocolError
from roost.proto.imap.command import Command
from roost.proto.imap.core import CORE
from roost.proto.imap.error import LineTooLong
from roost.proto.imap.extension import Grammar
from roost.proto.imap.token import ArgumentLiteral, MessageLiteral, Piece
from roost.testing.imap_grammar import octets_in, parsed, read_stream

GRAMMAR = Grammar(CORE)

words = st.sampled_from(
    [b"a ", b"UID ", b"FETCH ", b"SEARCH ", b"STORE ", b"LIST ", b"APPEND ", b"STATUS ", b"ID ",
     b"CREATE ", b"LOGIN ", b"AUTHENTICATE ", b"ENABLE ", b"SELECT ", b"1:* ", b"1", b"0", b"$", b"*",
     b"(", b")", b"[", b"]", b"<", b">", b".", b" ", b'"', b"\\", b"{", b"}", b"~", b"&", b"-", b"%",
     b"BODY", b"BINARY", b"HEADER.FIELDS", b"RETURN ", b"CHARSET ", b"OR ", b"NOT ", b"UNSEEN",
     b"FLAGS", b"\\Seen", b"1-Feb-1994", b'" 1-Feb-1994 10:00:00 +0000"', b"\xff", b"\xc3\xbc", b"\0",
     b"NIL", b"USE ", b"STATUS", b"TEXT ", b"KEYWORD ", b"9" * 30]
)  # fmt: skip
text = st.lists(words, max_size=15).map(b"".join)
literals: st.SearchStrategy[Piece] = st.one_of(
    st.builds(ArgumentLiteral, st.binary(max_size=5), st.booleans()),
    st.builds(MessageLiteral, st.integers(0, 5), st.booleans()),
)
started = st.tuples(
    st.sampled_from([f"a {verb}".encode() for verb in sorted(GRAMMAR.parsers)]), text
).map(b" ".join)


@given(started, st.lists(st.tuples(literals, text), max_size=3), st.booleans(), st.booleans())
@settings(max_examples=500, deadline=None)
def test_a_command_is_read_or_refused(
    first: bytes, rest: list[tuple[Piece, bytes]], cut_off: bool, utf8: bool
) -> None:
    pieces: list[Piece] = [first, *(piece for pair in rest for piece in pair)]
    if cut_off and rest:
        pieces.pop()
    outcome = parsed(GRAMMAR, pieces, utf8=utf8)
    if isinstance(outcome, Command):
        assert outcome.tag == b"a"
        hash(outcome)
    else:
        assert outcome.offset is not None
        assert 0 <= outcome.offset <= octets_in(pieces)


@given(st.binary())
@settings(deadline=None)
def test_a_line_of_anything(octets: bytes) -> None:
    for utf8 in (False, True):
        parsed(GRAMMAR, [octets], utf8=utf8)


@given(st.lists(st.one_of(st.binary(max_size=40), text, st.just(b"\r\n")), max_size=20))
@settings(max_examples=200, deadline=None)
def test_a_stream_of_anything(chunks: list[bytes]) -> None:
    try:
        read_stream(GRAMMAR, chunks)
    except ProtocolError as error:
        assert isinstance(error, LineTooLong)  # noqa: PT017 - the only error a stream may end with
