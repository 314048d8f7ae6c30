"""Runs of numbers with one value, for statements over ranges."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.store.sql_lists import runs


@pytest.mark.parametrize(
    ("numbered", "expected"),
    [
        ([], []),
        ([(0, "a")], [(0, 0, "a")]),
        ([(1, "a"), (2, "a"), (3, "b"), (5, "b")], [(1, 2, "a"), (3, 3, "b"), (5, 5, "b")]),
        ([(3, "a"), (2, "a")], [(3, 3, "a"), (2, 2, "a")]),
        ([(1, None), (2, None)], [(1, 2, None)]),
    ],
    ids=["none", "one", "values and gaps part them", "only upwards", "no value is a value"],
)
def test_runs(
    numbered: list[tuple[int, str | None]], expected: list[tuple[int, int, str | None]]
) -> None:
    assert runs(numbered) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ab"))))
def test_runs_name_all_and_nothing_else(numbered: list[tuple[int, str]]) -> None:
    found = runs(numbered)
    assert [(n, value) for low, high, value in found for n in range(low, high + 1)] == numbered
