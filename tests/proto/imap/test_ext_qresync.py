"""QRESYNC. RFC 7162 section 3.2."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.imap import sequence
from roost.proto.imap.core import CORE
from roost.proto.imap.core.fetch import Fetch
from roost.proto.imap.core.select import Select
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext.condstore import CONDSTORE
from roost.proto.imap.ext.qresync import (
    QRESYNC,
    RANGES_PER_LINE,
    MatchData,
    QresyncParameter,
    VanishedModifier,
    vanished,
    vanished_is_legal,
)
from roost.proto.imap.extension import Grammar

GRAMMAR = Grammar((*CORE, CONDSTORE, QRESYNC))


def parse_parameter(text: bytes) -> object:
    args = GRAMMAR.parse((b"a SELECT INBOX (QRESYNC " + text + b")",)).args
    assert isinstance(args, Select)
    (parameter,) = args.parameters
    return parameter


@pytest.mark.parametrize(
    ("text", "parameter"),
    [
        (b"(67890007 20050715194045000)", QresyncParameter(67890007, 20050715194045000)),
        (b"(67890007 20050715194045000 41,43:211,214:541)",
         QresyncParameter(67890007, 20050715194045000, sequence.parse(b"41,43:211,214:541"))),
        (b"(67890007 90060115194045000 1:29997 (5000,7500,9000 15000,22500,27000))",
         QresyncParameter(67890007, 90060115194045000, sequence.parse(b"1:29997"),
                          MatchData(sequence.parse(b"5000,7500,9000"), sequence.parse(b"15000,22500,27000")))),
        (b"(1 2 (1:3 7:9))",
         QresyncParameter(1, 2, None, MatchData(sequence.parse(b"1:3"), sequence.parse(b"7:9")))),
    ],
    ids=["no uids", "known uids", "match data", "match data alone"],
)  # fmt: skip
def test_reads_the_parameter(text: bytes, parameter: QresyncParameter) -> None:
    assert parse_parameter(text) == parameter


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"5", 24),
        (b"()", 25),
        (b"(0 5)", 25),
        (b"(1)", 26),
        (b"(1 0)", 27),
        (b"(1 2 )", 29),
        (b"(1 2 1:*)", 29),
        (b"(1 2 $)", 29),
        (b"(1 2 5 6)", 31),
        (b"(1 2 5 (1:2))", 35),
        (b"(1 2 5 (1:2 3:5))", 32),
        (b"(1 2 5 (* 5))", 32),
        (b"(1 2 5 (1 2) 3)", 36),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse_parameter(text)
    assert error.value.offset == offset


@pytest.mark.parametrize(
    ("text", "legal"),
    [
        (b"UID FETCH 300:500 (FLAGS) (CHANGEDSINCE 12345 VANISHED)", True),
        (b"UID FETCH 300:500 (FLAGS) (VANISHED CHANGEDSINCE 12345)", True),
        (b"UID FETCH 300:500 (FLAGS) (VANISHED)", False),
        (b"UID FETCH 300:500 (FLAGS) (CHANGEDSINCE 12345)", True),
    ],
)
def test_vanished_wants_changed_since(text: bytes, legal: bool) -> None:
    command = GRAMMAR.parse((b"a " + text,))
    assert isinstance(command.args, Fetch)
    assert (VanishedModifier() in command.args.modifiers) == (b"VANISHED" in text)
    assert vanished_is_legal(command.args) == legal


def test_vanished_is_for_uid_fetch_only() -> None:
    with pytest.raises(BadSyntax):
        GRAMMAR.parse((b"a FETCH 300:500 (FLAGS) (CHANGEDSINCE 12345 VANISHED)",))


@pytest.mark.parametrize(
    ("uids", "known"),
    [([7, 8, 9], 9), ([7, 8, 9, 12], 9), ([7, 9, 12], 7), ([8, 9], 0), ([], 0), ([7], 7)],
    ids=["all there", "and a new one", "one gone", "first gone", "empty", "cut short"],
)
def test_match_data_tells_what_is_known(uids: list[int], known: int) -> None:
    match = MatchData(sequence.parse(b"1:3"), sequence.parse(b"7:9"))
    assert match.known_up_to(uids) == known


def test_huge_match_data_costs_no_more_than_the_mailbox() -> None:
    all_of_them = sequence.parse(b"1:4294967295")
    assert MatchData(all_of_them, all_of_them).known_up_to([1, 2, 3]) == 3


def test_spells_vanished() -> None:
    assert vanished([41, 43, 44, 45], earlier=True) == b"* VANISHED (EARLIER) 41,43:45\r\n"
    assert vanished([405], earlier=False) == b"* VANISHED 405\r\n"
    assert vanished([], earlier=False) == b""


def test_many_are_told_in_several_lines() -> None:
    uids = range(1, 4 * RANGES_PER_LINE, 2)
    lines = vanished(uids, earlier=True).splitlines()
    assert len(lines) == 2
    assert sum(line.count(b",") + 1 for line in lines) == len(uids)


@given(st.sets(st.integers(1, 2**32 - 1), min_size=1, max_size=50))
@settings(deadline=None)
def test_what_is_told_can_be_read(uids: set[int]) -> None:
    wire = vanished(sorted(uids), earlier=False)
    told = sequence.parse(wire.removeprefix(b"* VANISHED ").removesuffix(b"\r\n"))
    assert told == sequence.of_numbers(sorted(uids))
