"""FILTERS. RFC 5466."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.imap.core import CORE
from roost.proto.imap.core.search import (
    AddressField,
    And,
    BySize,
    InEnvelope,
    InText,
    Not,
    Or,
    Search,
    SearchKey,
)
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.ext.filters import (
    FILTERS,
    InFilter,
    parse_filter_value,
    undefined_filter_code,
)
from roost.proto.imap.extension import Grammar

GRAMMAR = Grammar((*CORE, FILTERS))


def test_reads_the_key() -> None:
    args = GRAMMAR.parse((b"a SEARCH FILTER on-the-road (NOT filter Saved.1)",)).args
    assert args == Search(And((InFilter("on-the-road"), Not(InFilter("saved.1")))))


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"FILTER", 15),
        (b"FILTER ", 16),
        (b"FILTER a/b", 16),
        (b'FILTER "a"', 16),
        (b"FILTER a]", 16),
    ],
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        GRAMMAR.parse((b"a SEARCH " + text,))
    assert error.value.offset == offset


def test_a_name_is_bounded() -> None:
    with pytest.raises(OverLimit):
        GRAMMAR.parse((b"a SEARCH FILTER " + b"a" * 201,))


def test_reads_the_value_of_a_filter() -> None:
    boss = InEnvelope(AddressField.FROM, "boss@example.com")
    value = b'OR SMALLER 5000 FROM "boss@example.com"'
    assert parse_filter_value(value, GRAMMAR) == Or(BySize(larger=False, octets=5000), boss)
    assert parse_filter_value('TEXT "grüße"'.encode(), GRAMMAR) == InText("grüße")


@pytest.mark.parametrize(
    ("value", "offset"),
    [(b"", 0), (b"OR SMALLER 5000", 15), (b"ALL\r\n", 3), (b"TEXT {3}", 5), (b"ALL) x", 3)],
)
def test_refuses_what_is_no_whole_criterion(value: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse_filter_value(value, GRAMMAR)
    assert error.value.offset == offset


def read(value: bytes) -> SearchKey | BadSyntax:
    try:
        return parse_filter_value(value, GRAMMAR)
    except BadSyntax as error:
        return error


@given(st.binary(max_size=60))
@settings(deadline=None, max_examples=200)
def test_any_value_is_read_or_refused(value: bytes) -> None:
    outcome = read(value)
    hash(outcome)
    if isinstance(outcome, BadSyntax):
        assert outcome.offset is not None
        assert 0 <= outcome.offset <= len(value)


def test_spells() -> None:
    assert undefined_filter_code("on-the-road") == b"UNDEFINED-FILTER on-the-road"
