"""Connection ids: unique, unreadable without the key, read back with it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.listen.cid import ConnectionIds

KEY = b"sixteen octets.."


@given(st.integers(0, 2**60 - 1))
def test_what_is_encoded_is_decoded(number: int) -> None:
    ids = ConnectionIds(KEY)
    text = ids.encode(number)
    assert re.fullmatch(r"[A-Za-z0-9_-]{10}", text)
    assert ids.decode(text) == number


def test_ids_count_from_the_first_and_never_meet() -> None:
    ids = ConnectionIds(KEY, first=1_700_000_000_000)
    made = [ids.next() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert [ids.decode(text) for text in made[:2]] == [1_700_000_000_000, 1_700_000_000_001]


def test_neighbours_look_unrelated_and_another_key_reads_something_else() -> None:
    ids = ConnectionIds(KEY)
    first, second = ids.next(), ids.next()
    assert sum(a == b for a, b in zip(first, second, strict=True)) < 5
    assert ConnectionIds(b"another key, 16.").decode(first) != 1


@pytest.mark.parametrize("text", ["", "short", "elevenchars", "ten chars!", "émmmmmmmmm"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ten characters"):
        ConnectionIds(KEY).decode(text)
