"""Rows of attempts to sign in: those alike are one row with a count."""

import hashlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

import msgspec

from roost.base.ids import AccountId
from roost.store.engine import MAX_INLINE_ROWS, ReadTx, Row, Value, WriteTx
from roost.store.times import micros, moment_of

MAX_ROWS = 10_000  # that failed, and as many that did not: of one account, and of nobody
NOBODY = AccountId(0)
OK = "ok"

_COLUMNS = (
    "account_id, key, name, protocol, mechanism, client, ip, tls, outcome, first, last, count"
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What makes attempts alike.

    account: whose name it was, NOBODY for a name that nobody has. client: what the program calls
    itself. tls: the version, "" in clear. outcome: a word of a closed list, OK for a success.
    """

    account: AccountId
    name: str
    protocol: str
    mechanism: str
    client: str
    ip: str
    tls: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Seen:
    """So many like attempts, from the first to the last."""

    attempt: Attempt
    first: datetime
    last: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which attempts; "" and None stand for any. failed: those that did not succeed only."""

    account: AccountId | None = None
    protocol: str = ""
    outcome: str = ""
    ip: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended, the next one begins behind it."""

    last: int
    account: int
    key: bytes


async def record(tx: WriteTx, seen: Sequence[Seen]) -> None:
    """Add attempts, at most 500 rows; the oldest over MAX_ROWS of their kind go."""
    await tx.execute_many(
        f"INSERT INTO login_attempt AS a ({_COLUMNS}, failed)"  # noqa: S608 - names of ours
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
        " ON CONFLICT (account_id, key) DO UPDATE SET"
        " first = CASE WHEN excluded.first < a.first THEN excluded.first ELSE a.first END,"
        " last = CASE WHEN excluded.last > a.last THEN excluded.last ELSE a.last END,"
        " count = a.count + excluded.count",
        [_row_of(one) for one in seen],
    )
    kinds = {(one.attempt.account, int(one.attempt.outcome != OK)) for one in seen}
    await tx.execute_many(
        "DELETE FROM login_attempt WHERE account_id = $1 AND key IN (SELECT key"
        " FROM login_attempt WHERE account_id = $1 AND failed = $2"
        " ORDER BY last DESC LIMIT $3 OFFSET $4)",
        [(account, failed, MAX_INLINE_ROWS, MAX_ROWS) for account, failed in sorted(kinds)],
    )


async def page(
    tx: ReadTx, wanted: Wanted, after: Place | None, limit: int
) -> tuple[list[Seen], Place | None]:
    """Up to `limit` rows, the latest first, and where to go on, None at the end. In a scan."""
    begin = after or Place(1 << 62, 0, b"")
    rows = await tx.rows(
        f"SELECT {_COLUMNS} FROM login_attempt WHERE (last, account_id, key) < ($1, $2, $3)"  # noqa: S608
        " AND ($4 < 0 OR account_id = $4) AND ($5 = '' OR protocol = $5)"
        " AND ($6 = '' OR outcome = $6) AND ($7 = '' OR ip = $7) AND failed >= $8"
        " ORDER BY last DESC, account_id DESC, key DESC LIMIT $9",
        begin.last,
        begin.account,
        begin.key,
        -1 if wanted.account is None else wanted.account,
        wanted.protocol,
        wanted.outcome,
        wanted.ip,
        int(wanted.failed),
        limit,
    )
    ended = Place(rows[-1][10], rows[-1][0], bytes(rows[-1][1])) if len(rows) == limit else None
    return [_seen_of(row) for row in rows], ended


async def forget(tx: WriteTx, *, before: datetime) -> int:
    """Delete up to 500 rows that were last added to before a moment; how many."""
    return await tx.execute(
        "DELETE FROM login_attempt WHERE (account_id, key) IN (SELECT account_id, key"
        " FROM login_attempt WHERE last < $1 ORDER BY last LIMIT $2)",
        micros(before),
        MAX_INLINE_ROWS,
    )


def _row_of(one: Seen) -> tuple[Value, ...]:
    attempt = one.attempt
    key = hashlib.sha256(msgspec.json.encode(astuple(attempt))).digest()
    return (
        attempt.account,
        key,
        attempt.name,
        attempt.protocol,
        attempt.mechanism,
        attempt.client,
        attempt.ip,
        attempt.tls,
        attempt.outcome,
        micros(one.first),
        micros(one.last),
        one.count,
        int(attempt.outcome != OK),
    )


def _seen_of(row: Row) -> Seen:
    account, _, *facts, first, last, count = row
    return Seen(Attempt(account, *facts), moment_of(first), moment_of(last), count)
