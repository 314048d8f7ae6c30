"""Whatever a client sends to all extensions at once, nothing but the named errors comes out."""

from hypothesis import given, settings
from hypothesis import strategies as st

from roost.base.errors import ProtocolError
from roost.proto.imap.command import Command
from roost.proto.imap.core import CORE
from roost.proto.imap.error import LineTooLong
from roost.proto.imap.ext.appendlimit import APPENDLIMIT
from roost.proto.imap.ext.catenate import CATENATE
from roost.proto.imap.ext.compress import COMPRESS
from roost.proto.imap.ext.condstore import CONDSTORE, enables_condstore
from roost.proto.imap.ext.context import CONTEXT_SEARCH, CONTEXT_SORT
from roost.proto.imap.ext.esort import ESORT
from roost.proto.imap.ext.filters import FILTERS
from roost.proto.imap.ext.inprogress import INPROGRESS
from roost.proto.imap.ext.jmapaccess import JMAPACCESS
from roost.proto.imap.ext.list_metadata import LIST_METADATA
from roost.proto.imap.ext.messagelimit import MESSAGELIMIT
from roost.proto.imap.ext.metadata import METADATA
from roost.proto.imap.ext.multiappend import MULTIAPPEND
from roost.proto.imap.ext.multisearch import MULTISEARCH
from roost.proto.imap.ext.notify import NOTIFY
from roost.proto.imap.ext.objectid import OBJECTID
from roost.proto.imap.ext.partial import PARTIAL
from roost.proto.imap.ext.preview import PREVIEW
from roost.proto.imap.ext.qresync import QRESYNC
from roost.proto.imap.ext.quota import QUOTA
from roost.proto.imap.ext.replace import REPLACE
from roost.proto.imap.ext.savedate import SAVEDATE
from roost.proto.imap.ext.sort import SORT
from roost.proto.imap.ext.sort_display import SORT_DISPLAY
from roost.proto.imap.ext.thread import THREAD
from roost.proto.imap.ext.uidonly import UIDONLY, needs_numbers
from roost.proto.imap.ext.unauthenticate import UNAUTHENTICATE
from roost.proto.imap.ext.urlauth import URLAUTH, URLAUTH_BINARY
from roost.proto.imap.ext.utf8_accept import UTF8_ACCEPT
from roost.proto.imap.ext.within import WITHIN
from roost.proto.imap.extension import Grammar
from roost.proto.imap.token import ArgumentLiteral, MessageLiteral, Piece
from roost.testing.imap_grammar import octets_in, parsed, read_stream

ALL = (
    APPENDLIMIT, CATENATE, COMPRESS, CONDSTORE, CONTEXT_SEARCH, CONTEXT_SORT, ESORT, FILTERS, INPROGRESS, JMAPACCESS,
    LIST_METADATA, MESSAGELIMIT, METADATA, MULTIAPPEND, MULTISEARCH, NOTIFY, OBJECTID, PARTIAL, PREVIEW,
    QRESYNC, QUOTA, REPLACE, SAVEDATE, SORT, SORT_DISPLAY, THREAD, UIDONLY, UNAUTHENTICATE, URLAUTH,
    URLAUTH_BINARY, UTF8_ACCEPT, WITHIN,
)  # fmt: skip
GRAMMAR = Grammar((*CORE, *ALL))

words = st.sampled_from(
    [b"a ", b"1:* ", b"1", b"0", b"$", b"*", b"(", b")", b"[", b"]", b" ", b'"', b"\\", b"{", b"~", b":", b"-",
     b"RETURN (", b"UTF-8 ", b"ALL", b"NOT ", b"MODSEQ ", b"(QRESYNC (1 2", b"(CONDSTORE)", b"CHANGEDSINCE ",
     b"UNCHANGEDSINCE ", b"VANISHED", b'"/flags/\\\\seen" all ', b"EMAILID ", b"SAVEDON ", b"OLDER ", b"PREVIEW",
     b"(LAZY)", b"(DATE) ", b"REVERSE ", b"DISPLAYTO", b"REFERENCES ", b"PARTIAL ", b"-1:-5", b"UPDATE ", b"CONTEXT ",
     b"/private/a ", b"(MAXSIZE 5) ", b"DEPTH infinity", b"NIL", b"METADATA (", b"CATENATE (", b"URL ", b"TEXT ",
     b"UTF8 (", b"SET ", b"STATUS ", b"(selected ", b"(mailboxes ", b"MessageNew ", b"MessageExpunge", b"NONE",
     b"IN (", b"subtree-one ", b"FILTER ", b"imap://h/a/;UID=5 ", b"INTERNAL", b"BODY ", b"BINARY", b"UIDAFTER ",
     b"1-Feb-1994", b"\xff", b"\xc3\xbc", b"\0", b"9" * 30, b"STORAGE ", b"DEFLATE", b"HIGHESTMODSEQ"]
)  # fmt: skip
text = st.lists(words, max_size=12).map(b"".join)
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
        hash(outcome)
        assert enables_condstore(outcome) in (True, False)
        assert needs_numbers(outcome) in (True, False)
    else:
        assert outcome.offset is not None
        assert 0 <= outcome.offset <= octets_in(pieces)


@given(st.lists(st.one_of(st.binary(max_size=20), started, text, st.just(b"\r\n")), max_size=15))
@settings(max_examples=200, deadline=None)
def test_a_stream_of_anything(chunks: list[bytes]) -> None:
    try:
        read_stream(GRAMMAR, chunks)
    except ProtocolError as error:
        assert isinstance(error, LineTooLong)  # noqa: PT017 - the only error a stream may end with


def test_each_extension_stands_by_itself() -> None:
    for extension in ALL:
        grammar = Grammar((*CORE, extension))
        assert set(extension.capabilities) <= set(grammar.capabilities)
        assert set(extension.parsers) <= set(grammar.parsers)
        assert all(verb.removeprefix("UID ") in grammar.states for verb in extension.parsers)
