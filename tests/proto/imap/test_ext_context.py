"""CONTEXT=SEARCH and CONTEXT=SORT. RFC 5267."""

import pytest

from roost.proto.imap import data, response
from roost.proto.imap.core import CORE
from roost.proto.imap.core.fetch import FetchAttribute
from roost.proto.imap.core.search import And, Search, SearchReturn
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.ext.condstore import CONDSTORE, ModseqItem
from roost.proto.imap.ext.context import (
    CONTEXT_SEARCH,
    CONTEXT_SORT,
    CancelUpdate,
    ContextReturn,
    UpdateReturn,
    add_to_item,
    no_update_code,
    remove_from_item,
)
from roost.proto.imap.ext.notify import NOTIFY
from roost.proto.imap.ext.partial import PARTIAL, PartialRange
from roost.proto.imap.ext.sort import SORT, Sort
from roost.proto.imap.extension import Grammar

PLAIN = Grammar((*CORE, PARTIAL, CONTEXT_SEARCH))
GRAMMAR = Grammar((*CORE, CONDSTORE, PARTIAL, SORT, NOTIFY, CONTEXT_SEARCH, CONTEXT_SORT))


def parse(text: bytes, grammar: Grammar = GRAMMAR) -> object:
    return grammar.parse((b"a " + text,)).args


@pytest.mark.parametrize(
    ("text", "returns"),
    [
        (b"CONTEXT COUNT", SearchReturn(count=True, extra=(ContextReturn(),))),
        (b"UPDATE COUNT", SearchReturn(count=True, extra=(UpdateReturn(),))),
        (b"update partial 1:500 context",
         SearchReturn(extra=(UpdateReturn(), PartialRange(1, 500), ContextReturn()))),
    ],
)  # fmt: skip
def test_reads_return_options(text: bytes, returns: SearchReturn) -> None:
    for grammar in (PLAIN, GRAMMAR):
        assert parse(b"SEARCH RETURN (" + text + b") ALL", grammar) == Search(And(), returns)
    sort = parse(b"SORT RETURN (" + text + b") (DATE) UTF-8 ALL")
    assert isinstance(sort, Sort)
    assert sort.returns == returns


@pytest.mark.parametrize("space", [b" ", b""])
def test_update_takes_fetch_items_with_notify(space: bytes) -> None:
    text = b"SEARCH RETURN (ALL UPDATE" + space + b"(UID MODSEQ)) ALL"
    update = UpdateReturn((FetchAttribute.UID, ModseqItem()))
    assert parse(text) == Search(And(), SearchReturn(all=True, extra=(update,)))
    with pytest.raises(BadSyntax):
        parse(text, PLAIN)


def test_reads_cancel_update() -> None:
    assert parse(b'CANCELUPDATE "B01"') == CancelUpdate((b"B01",))
    assert parse(b'CANCELUPDATE "B01" "B02" "B01"') == CancelUpdate((b"B01", b"B02"))


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"CANCELUPDATE", 14),
        (b"CANCELUPDATE B01", 15),
        (b'CANCELUPDATE "B01" ', 21),
        (b'CANCELUPDATE "B01"x', 20),
        (b"SEARCH RETURN (UPDATE (FOO)) ALL", 25),
        (b"SEARCH RETURN (CONTEXT 5) ALL", 25),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset


def test_has_bounds() -> None:
    with pytest.raises(OverLimit):
        parse(b"CANCELUPDATE" + b' "a"' * 101)
    with pytest.raises(OverLimit):
        parse(b'CANCELUPDATE "' + b"a" * 1001 + b'"')


@pytest.mark.parametrize(
    ("spelled", "wire"),
    [
        (data.esearch(b"B01", uid=True, extra=[add_to_item([(0, [32768, 32769])])]),
         b'* ESEARCH (TAG "B01") UID ADDTO (0 32768:32769)\r\n'),
        (add_to_item([(1, [2733]), (1, [2732]), (1, [2731])]), b"ADDTO (1 2733 1 2732 1 2731)"),
        (remove_from_item([(0, [32768])]), b"REMOVEFROM (0 32768)"),
        (add_to_item([(7, [9, 4, 5])]), b"ADDTO (7 9,4:5)"),
        (response.untagged_no("Too many contexts", no_update_code(b"B02")),
         b'* NO [NOUPDATE "B02"] Too many contexts\r\n'),
    ],
)  # fmt: skip
def test_spells(spelled: bytes, wire: bytes) -> None:
    assert spelled == wire
