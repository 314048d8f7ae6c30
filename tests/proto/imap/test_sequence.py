"""Sequence sets. RFC 9051 section 9."""

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.imap import sequence
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.sequence import MAX_NUMBER, SAVED, SequenceSet

EXISTING = array("I", [2, 4, 7, 8, 9, 20, 4_000_000_000])

number = st.integers(1, 40)
end = st.one_of(number.map(str), st.just("*"))
part = st.one_of(end, st.tuples(end, end).map(":".join))
written_sets = st.lists(part, min_size=1, max_size=8).map(",".join)


def meant_by(text: str, largest: int) -> set[int]:
    """The plain reading of the RFC."""
    meant: set[int] = set()
    for one in text.split(","):
        ends = [largest if end == "*" else int(end) for end in one.split(":")]
        meant |= set(range(min(ends), max(ends) + 1))
    return meant


@pytest.mark.parametrize(
    ("written", "ranges", "open_from", "largest"),
    [
        (b"1", ((1, 1),), None, 1),
        (b"2:4", ((2, 4),), None, 4),
        (b"4:2", ((2, 4),), None, 4),
        (b"2,4:7,9,12:*", ((2, 2), (4, 7), (9, 9)), 12, 12),
        (b"*:4,5:7", ((5, 7),), 4, 7),
        (b"*", (), MAX_NUMBER, 0),
        (b"*:*", (), MAX_NUMBER, 0),
        (b"3,1,2", ((1, 3),), None, 3),
        (b"1:5,3:9,10", ((1, 10),), None, 10),
        (b"4294967295", ((MAX_NUMBER, MAX_NUMBER),), None, MAX_NUMBER),
        (b"0007", ((7, 7),), None, 7),
    ],
)
def test_reads(
    written: bytes, ranges: tuple[tuple[int, int], ...], open_from: int | None, largest: int
) -> None:
    assert sequence.parse(written) == SequenceSet(ranges, open_from, largest)


@pytest.mark.parametrize(
    ("written", "offset"),
    [
        (b"", 0),
        (b"0", 0),
        (b"1,0", 2),
        (b"1,2:4294967296", 2),
        (b"1," + b"9" * 5000, 2),
        (b"1:2:3", 0),
        (b"1,", 0),
        (b",1", 0),
        (b"1:", 0),
        (b"a", 0),
        (b"-1", 0),
        (b"1 2", 0),
    ],
)
def test_refuses(written: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        sequence.parse(written)
    assert error.value.offset == offset


@pytest.mark.parametrize(
    ("written", "uids"),
    [
        (b"1:*", list(EXISTING)),
        (b"*", [4_000_000_000]),
        (b"4294967295:*", [4_000_000_000]),
        (b"5:8,20", [7, 8, 20]),
        (b"3,5:6", []),
        (b"9:7,*", [7, 8, 9, 4_000_000_000]),
    ],
    ids=["all", "last", "above the last", "some", "none of them", "backwards and last"],
)
def test_finds_uids(written: bytes, uids: list[int]) -> None:
    found = sequence.parse(written).uids(EXISTING)
    assert [uid for start, stop in found for uid in EXISTING[start:stop]] == uids


def test_an_empty_mailbox_has_nothing() -> None:
    everything = sequence.parse(b"1:*")
    assert everything.uids(array("I")) == []
    assert everything.numbers(0) == []
    assert everything.exceeds(0)


@pytest.mark.parametrize(
    ("written", "count", "exceeds"),
    [(b"1:3", 3, False), (b"1:4", 3, True), (b"9:*", 3, True), (b"*", 3, False), (b"*", 0, True)],
)
def test_knows_numbers_that_do_not_exist(written: bytes, count: int, exceeds: bool) -> None:
    assert sequence.parse(written).exceeds(count) is exceeds


def test_the_saved_result_names_nothing_by_itself() -> None:
    assert SAVED.uids(EXISTING) == []
    assert SAVED.spell() == b"$"


def test_everything_costs_no_more_in_a_large_mailbox() -> None:
    assert sequence.parse(b"1:*").uids(array("I", range(1, 100_001))) == [(0, 100_000)]


@given(written_sets, st.sets(number))
@settings(deadline=None)
def test_uids_are_those_the_rfc_means(written: str, existing: set[int]) -> None:
    uids = array("I", sorted(existing))
    found = sequence.parse(written.encode()).uids(uids)
    named = [uid for start, stop in found for uid in uids[start:stop]]
    assert named == sorted(meant_by(written, max(existing, default=0)) & existing)


@given(written_sets, st.integers(1, 40))
@settings(deadline=None)
def test_numbers_are_those_the_rfc_means(written: str, count: int) -> None:
    read = sequence.parse(written.encode())
    named = [index + 1 for start, stop in read.numbers(count) for index in range(start, stop)]
    meant = meant_by(written, count) & set(range(1, count + 1))
    assert named == sorted(meant)
    assert {n for n in range(1, count + 1) if read.contains(n, count)} == meant


@given(st.sets(st.integers(1, 200)))
@settings(deadline=None)
def test_what_is_spelled_reads_the_same(numbers: set[int]) -> None:
    ascending = sorted(numbers)
    spelled = sequence.spell(ascending)
    assert (spelled == b"") is (not numbers)
    if numbers:
        read = sequence.parse(spelled)
        assert read == sequence.of_numbers(ascending)
        assert [n for low, high in read.ranges for n in range(low, high + 1)] == ascending


@given(written_sets)
@settings(deadline=None)
def test_a_set_is_spelled_as_one_that_means_the_same(written: str) -> None:
    read = sequence.parse(written.encode())
    again = sequence.parse(read.spell())
    assert (again.ranges, again.open_from) == (read.ranges, read.open_from)


@pytest.mark.parametrize(
    ("numbers", "spelled"),
    [([3, 4, 5, 2], b"3:5,2"), ([304, 319, 320], b"304,319:320"), ([5, 4], b"5,4"), ([], b"")],
)
def test_pairs_keep_their_order(numbers: list[int], spelled: bytes) -> None:
    assert sequence.spell_in_order(numbers) == spelled
