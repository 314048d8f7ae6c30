"""SAVEDATE. RFC 8514."""

from datetime import UTC, date, datetime

import pytest

from roost.proto.imap import sequence
from roost.proto.imap.core import CORE
from roost.proto.imap.core.fetch import Fetch
from roost.proto.imap.core.search import And, Search, When
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext.savedate import (
    SAVEDATE,
    BySaveDate,
    SaveDateItem,
    SaveDateSupported,
    save_date_item,
)
from roost.proto.imap.extension import Grammar

GRAMMAR = Grammar((*CORE, SAVEDATE))
DAY = date(2019, 2, 28)


def parse(text: bytes) -> object:
    return GRAMMAR.parse((b"a " + text,)).args


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (b"SAVEDBEFORE 28-Feb-2019", BySaveDate(When.BEFORE, DAY)),
        (b"savedon 28-Feb-2019", BySaveDate(When.ON, DAY)),
        (b'SAVEDSINCE "28-Feb-2019"', BySaveDate(When.SINCE, DAY)),
        (b"SAVEDATESUPPORTED SAVEDON 28-Feb-2019", And((SaveDateSupported(), BySaveDate(When.ON, DAY)))),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)  # fmt: skip
def test_reads_keys(text: bytes, key: object) -> None:
    assert parse(b"SEARCH " + text) == Search(key)


def test_reads_the_item() -> None:
    assert parse(b"FETCH 1 savedate") == Fetch(sequence.parse(b"1"), (SaveDateItem(),))


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"SAVEDBEFORE", 20),
        (b"SAVEDON 31-Feb-2019", 17),
        (b"SAVEDSINCE 28-02-2019", 20),
        (b"SAVEDATESUPPORTED 1-", 28),
    ],
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(b"SEARCH " + text)
    assert error.value.offset == offset


def test_spells() -> None:
    moment = datetime(2019, 2, 28, 11, 22, 33, tzinfo=UTC)
    assert save_date_item(moment) == b'SAVEDATE "28-Feb-2019 11:22:33 +0000"'
    assert save_date_item(None) == b"SAVEDATE NIL"
