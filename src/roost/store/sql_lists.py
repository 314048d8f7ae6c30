"""Lists of numbers and of ranges in a statement.

A statement's text depends only on the next power of two of the length, so that few texts exist and
the engine's cache of prepared statements holds them; shorter lists are filled up.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TypeVar

T = TypeVar("T")
V = TypeVar("V")

MOST = 512
Span = tuple[int, int]
_NOTHING = (1, 0)


def chunks(values: Sequence[T], size: int = MOST) -> Iterator[Sequence[T]]:
    """`values` in pieces of at most `size`, in order."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def listed(first: int, values: Sequence[T]) -> tuple[str, list[T]]:
    """Text and arguments of `IN (...)` whose first placeholder is `$first`.

    values: 1 to MOST values; the last is repeated up to the next power of two.
    """
    length = _rounded(len(values))
    return _placeholders(first, length), [*values] + [values[-1]] * (length - len(values))


def spans_table(spans: Sequence[Span]) -> tuple[str, list[int]]:
    """Text and arguments of `WITH span (low, high) AS (...)`, whose placeholders start at `$1`.

    spans: 1 to MOST inclusive ranges. Returns twice the next power of two of arguments.
    """
    length = _rounded(len(spans))
    filled = [*spans, *([_NOTHING] * (length - len(spans)))]
    return _spans_text(length), [edge for span in filled for edge in span]


def spans_of(numbers: Iterable[int]) -> list[Span]:
    """Ascending numbers as inclusive ranges without gaps."""
    spans: list[Span] = []
    low = high = None
    for number in numbers:
        if high is not None and low is not None and number != high + 1:
            spans.append((low, high))
            low = number
        elif low is None:
            low = number
        high = number
    if low is not None and high is not None:
        spans.append((low, high))
    return spans


def runs(numbered: Iterable[tuple[int, V]]) -> list[tuple[int, int, V]]:
    """Inclusive ranges of numbers that follow one another and have the same value.

    One statement over such a range costs a fraction of one for each number.
    """
    found: list[tuple[int, int, V]] = []
    low, high, kept = 0, -1, None
    for number, value in numbered:
        if number == high + 1 and value == kept and found:
            high = number
            found[-1] = (low, high, value)
        else:
            low, high, kept = number, number, value
            found.append((low, high, value))
    return found


def _rounded(length: int) -> int:
    assert 0 < length <= MOST, "a list has a bound"
    return 1 << (length - 1).bit_length()


@cache
def _placeholders(first: int, length: int) -> str:
    return ", ".join(f"${number}" for number in range(first, first + length))


@cache
def _spans_text(length: int) -> str:
    rows = ", ".join(
        f"(CAST(${number} AS BIGINT), CAST(${number + 1} AS BIGINT))"
        for number in range(1, 2 * length, 2)
    )
    return f"WITH span (low, high) AS (VALUES {rows})"
