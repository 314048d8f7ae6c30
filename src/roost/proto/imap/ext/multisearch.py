"""MULTISEARCH: the command ESEARCH, which looks into many mailboxes. RFC 7377."""

from dataclasses import dataclass

from roost.proto.imap.command import Arguments
from roost.proto.imap.core.search import SearchKey, SearchReturn, parse_program, parse_return
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.ext.mailbox_filter import FilterKind, MailboxFilter, parse_filter
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.spelling import mailbox
from roost.proto.imap.state import AFTER_LOGIN
from roost.proto.imap.token import Cursor

MAX_SOURCES = 50

_ALL = SearchReturn(all=True)
_SELECTED = (MailboxFilter(FilterKind.SELECTED),)


@dataclass(frozen=True, slots=True)
class MultiSearch(Arguments):
    """ESEARCH. It always answers with UIDs. RFC 7377 section 2.

    sources: where to look, without IN the selected mailbox alone; that one must be selected
    then, else the answer is BAD.
    """

    key: SearchKey
    returns: SearchReturn = _ALL
    sources: tuple[MailboxFilter, ...] = _SELECTED


def parse_multi_search(cursor: Cursor, grammar: Grammar) -> MultiSearch:
    """Read the arguments of ESEARCH. Raises as `core.search.parse_search`."""
    cursor.sp()
    sources: tuple[MailboxFilter, ...] = _SELECTED
    start = cursor.offset
    if cursor.next_word() == "IN":
        cursor.word()
        cursor.sp()
        sources = _sources(cursor)
        cursor.sp()
    returns = parse_return(cursor, grammar) or _ALL
    if returns.save and sources != _SELECTED:
        raise BadSyntax("SAVE is for the selected mailbox alone", start)
    return MultiSearch(parse_program(cursor, grammar), returns, sources)


def source(name: str, uid_validity: int, *, utf8: bool) -> bytes:
    """MAILBOX and UIDVALIDITY of one answer, as `source` of `data.esearch`. Section 2.1."""
    return b" MAILBOX %b UIDVALIDITY %d" % (mailbox(name, utf8=utf8), uid_validity)


def _sources(cursor: Cursor) -> tuple[MailboxFilter, ...]:
    cursor.expect(b"(", "an opening parenthesis is missing")
    sources: list[MailboxFilter] = []
    while not sources or cursor.skip(b" "):
        if len(sources) == MAX_SOURCES:
            raise OverLimit("too many sources", cursor.offset)
        sources.append(parse_filter(cursor, refused=(FilterKind.SELECTED_DELAYED,)))
    cursor.expect(b")", "a closing parenthesis is missing")
    return tuple(dict.fromkeys(sources))


MULTISEARCH = Extension(
    name="multisearch",
    rfc=7377,
    capabilities=("MULTISEARCH",),
    parsers={"ESEARCH": parse_multi_search},
    states={"ESEARCH": AFTER_LOGIN},
)
