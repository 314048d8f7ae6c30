"""PARTIAL. RFC 9394."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.imap import sequence
from roost.proto.imap.core import CORE
from roost.proto.imap.core.fetch import Fetch, FetchAttribute
from roost.proto.imap.core.search import And, Search, SearchReturn
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext.partial import PARTIAL, PartialRange, partial_item
from roost.proto.imap.extension import Grammar
from roost.proto.imap.token import Cursor

GRAMMAR = Grammar((*CORE, PARTIAL))


def parse(text: bytes) -> object:
    return GRAMMAR.parse((b"a UID " + text,)).args


@pytest.mark.parametrize(
    ("text", "returns"),
    [
        (b"PARTIAL -1:-100", SearchReturn(extra=(PartialRange(-1, -100),))),
        (b"partial 23500:24000", SearchReturn(extra=(PartialRange(23500, 24000),))),
        (b"PARTIAL 500:400 MIN", SearchReturn(min=True, extra=(PartialRange(500, 400),))),
        (b"SAVE COUNT PARTIAL 1:1", SearchReturn(save=True, count=True, extra=(PartialRange(1, 1),))),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)  # fmt: skip
def test_reads_the_return_option(text: bytes, returns: SearchReturn) -> None:
    assert parse(b"SEARCH RETURN (" + text + b") ALL") == Search(And(), returns)


def test_reads_the_fetch_modifier() -> None:
    assert parse(b"FETCH 25900:26600 (UID) (PARTIAL -1:-30)") == Fetch(
        sequence.parse(b"25900:26600"), (FetchAttribute.UID,), (PartialRange(-1, -30),)
    )
    with pytest.raises(BadSyntax):
        GRAMMAR.parse((b"a FETCH 25900:26600 (UID) (PARTIAL -1:-30)",))


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"PARTIAL", 28),
        (b"PARTIAL 5", 29),
        (b"PARTIAL 0:5", 29),
        (b"PARTIAL -5:5", 29),
        (b"PARTIAL 1:*", 29),
        (b"PARTIAL 1:4294967296", 29),
        (b"PARTIAL 1:42949672950", 29),
        (b"ALL PARTIAL 1:5", 25),
        (b"PARTIAL 1:5 ALL", 33),
        (b"PARTIAL 1:5 PARTIAL 6:9", 33),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(b"SEARCH RETURN (" + text + b") ALL")
    assert error.value.offset == offset


@pytest.mark.parametrize(
    ("asked", "count", "members"),
    [
        (PartialRange(1, 3), 10, [1, 2, 3]),
        (PartialRange(3, 1), 10, [1, 2, 3]),
        (PartialRange(9, 20), 10, [9, 10]),
        (PartialRange(11, 20), 10, []),
        (PartialRange(-1, -3), 10, [8, 9, 10]),
        (PartialRange(-9, -20), 10, [1, 2]),
        (PartialRange(-11, -20), 10, []),
        (PartialRange(1, 1), 0, []),
        (PartialRange(-1, -1), 0, []),
    ],
)
def test_finds_the_page(asked: PartialRange, count: int, members: list[int]) -> None:
    assert list(range(1, count + 1))[asked.of(count)] == members


def test_spells() -> None:
    assert partial_item(PartialRange(-1, -100), [4, 5, 9]) == b"PARTIAL (-1:-100 4:5,9)"
    assert partial_item(PartialRange(24000, 24500), []) == b"PARTIAL (24000:24500 NIL)"


numbers = st.integers(1, 2**32 - 1)


@given(numbers, numbers, st.sampled_from([1, -1]))
@settings(deadline=None, max_examples=100)
def test_a_range_survives_the_wire(first: int, last: int, sign: int) -> None:
    asked = PartialRange(sign * first, sign * last)
    assert PARTIAL.search_returns["PARTIAL"](Cursor((b" " + asked.spell(),))) == asked
