"""SORT. RFC 5256; SORT=DISPLAY: RFC 5957; ESORT: RFC 5267 section 3."""

import pytest

from roost.proto.imap import data, flags, sequence
from roost.proto.imap.core import CORE
from roost.proto.imap.core.search import And, HasFlag, InText, Search, SearchReturn
from roost.proto.imap.error import BadCharset, BadSyntax, OverLimit
from roost.proto.imap.ext.esort import ESORT
from roost.proto.imap.ext.sort import SORT, Sort, SortCriterion, SortKey, sort, sorted_all_item
from roost.proto.imap.ext.sort_display import SORT_DISPLAY
from roost.proto.imap.extension import Grammar
from roost.proto.imap.state import SELECTED

PLAIN = Grammar((*CORE, SORT))
GRAMMAR = Grammar((*CORE, SORT, SORT_DISPLAY, ESORT))
DATE, SUBJECT = SortCriterion(SortKey.DATE), SortCriterion(SortKey.SUBJECT)
REVERSE_DATE = SortCriterion(SortKey.DATE, reverse=True)
DELETED = HasFlag(flags.DELETED)


def parse(text: bytes, grammar: Grammar = GRAMMAR) -> object:
    return grammar.parse((b"a SORT " + text,)).args


@pytest.mark.parametrize(
    ("text", "args"),
    [
        (b"(SUBJECT) UTF-8 DELETED", Sort((SUBJECT,), DELETED)),
        (b'(subject reverse date) "us-ascii" ALL', Sort((SUBJECT, REVERSE_DATE), And())),
        (b'(SUBJECT) US-ASCII TEXT "not in mailbox"', Sort((SUBJECT,), InText("not in mailbox"))),
        (b"(DISPLAYFROM REVERSE DISPLAYTO) UTF-8 DELETED ALL",
         Sort((SortCriterion(SortKey.DISPLAY_FROM), SortCriterion(SortKey.DISPLAY_TO, reverse=True)),
              And((DELETED, And())))),
        (b"RETURN () (REVERSE DATE) UTF-8 ALL", Sort((REVERSE_DATE,), And(), SearchReturn(all=True))),
        (b"RETURN (MIN COUNT) (DATE) UTF-8 ALL", Sort((DATE,), And(), SearchReturn(min=True, count=True))),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)  # fmt: skip
def test_reads(text: bytes, args: Sort) -> None:
    assert parse(text) == args
    uid = GRAMMAR.parse((b"a UID SORT " + text,))
    assert (uid.args, uid.uid) == (args, True)
    assert GRAMMAR.states["SORT"] == SELECTED


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"", 7),
        (b"()", 8),
        (b"SUBJECT UTF-8 ALL", 7),
        (b"(REVERSE) UTF-8 ALL", 15),
        (b"(REVERSE REVERSE DATE) UTF-8 ALL", 16),
        (b"(FOO) UTF-8 ALL", 8),
        (b"(DATE) UTF-8", 19),
        (b"(DATE) UTF-8 ", 20),
        (b"(DATE) ALL", 14),
        (b"(DATE) UTF-8 FOO", 20),
        (b"RETURN (FOO) (DATE) UTF-8 ALL", 15),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset


@pytest.mark.parametrize("text", [b"(DISPLAYTO) UTF-8 ALL", b"RETURN () (DATE) UTF-8 ALL"])
def test_additions_want_their_capability(text: bytes) -> None:
    with pytest.raises(BadSyntax):
        parse(text, PLAIN)


def test_errors_have_names() -> None:
    with pytest.raises(BadCharset):
        parse(b"(DATE) KOI8-R ALL")
    with pytest.raises(OverLimit):
        parse(b"(" + b" ".join([b"DATE"] * 21) + b") UTF-8 ALL")
    with pytest.raises(OverLimit):
        parse(b"(DATE) UTF-8 " + b"NOT " * 51 + b"ALL")


def test_search_is_as_it_was() -> None:
    assert PLAIN.parse((b"a SEARCH DELETED",)).args == Search(DELETED)


def test_spells() -> None:
    assert sort([2, 84, 882]) == b"* SORT 2 84 882\r\n"
    assert sort([]) == b"* SORT\r\n"
    assert sort([5, 3], modseq=7) == b"* SORT 5 3 (MODSEQ 7)\r\n"
    assert sort([], modseq=7) == b"* SORT\r\n"
    answer = data.esearch(b"E01", uid=True, extra=[sorted_all_item([23765, 23764, 23763, 1, 2, 3])])
    assert answer == b'* ESEARCH (TAG "E01") UID ALL 23765,23764,23763,1:3\r\n'


def test_a_sorted_set_can_be_read_back() -> None:
    spelled = sorted_all_item([9, 10, 4, 3, 7]).removeprefix(b"ALL ")
    assert sequence.parse(spelled) == sequence.of_numbers([3, 4, 7, 9, 10])
