"""Many rows in one statement: for writing, one statement costs more than one row.

As in `sql_lists`, few texts exist: rows go in groups of a power of two, largest first.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from roost.store.engine import Row, Value, WriteTx

MOST_ROWS = 64

Values = Sequence[Value]


async def insert_rows(
    tx: WriteTx, into: str, rows: Sequence[Values], behind: str = ""
) -> list[Row]:
    """Run `INSERT INTO {into} VALUES ... {behind}`; returns what it returns, in no order.

    into: table and columns; rows: values for them, all of one length.
    behind: such as an ON CONFLICT and a RETURNING, without placeholders.
    """
    found: list[Row] = []
    for some in _groups(rows):
        text = _insert_text(into, len(some), len(some[0]), behind)
        found += await tx.rows(text, *[value for row in some for value in row])
    return found


async def update_rows(
    tx: WriteTx, statement: str, columns: str, rows: Sequence[Sequence[int]]
) -> list[Row]:
    """Run an UPDATE whose `given` table has these rows; returns what it returns, in no order.

    columns: their names, ", " between. rows: whole numbers.
    """
    found: list[Row] = []
    for some in _groups(rows):
        text = _given_text(columns, len(some)) + statement
        found += await tx.rows(text, *[value for row in some for value in row])
    return found


def _groups(rows: Sequence[Sequence[Value]]) -> Iterator[Sequence[Sequence[Value]]]:
    start, left = 0, len(rows)
    while left:
        size = min(MOST_ROWS, 1 << (left.bit_length() - 1))
        yield rows[start : start + size]
        start += size
        left -= size


@cache
def _insert_text(into: str, count: int, width: int, behind: str) -> str:
    rows = ", ".join(
        "(" + ", ".join(f"${n}" for n in range(first, first + width)) + ")"
        for first in range(1, count * width + 1, width)
    )
    return f"INSERT INTO {into} VALUES {rows} {behind}"  # noqa: S608 - placeholders alone


@cache
def _given_text(columns: str, count: int) -> str:
    """WITH given (...) AS (VALUES ...); the type of a bare placeholder would be text there."""
    width = columns.count(",") + 1
    rows = ", ".join(
        "(" + ", ".join(f"CAST(${n} AS BIGINT)" for n in range(first, first + width)) + ")"
        for first in range(1, count * width + 1, width)
    )
    return f"WITH given ({columns}) AS (VALUES {rows}) "
