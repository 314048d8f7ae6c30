"""The outgoing queue: a submission is a message, a queue item one of its recipients.

An item is claimed before it is tried, and the claim counts the attempt and moves the next one to
the end of the claim. A crash therefore costs one wait, never a second send or a hammering.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from roost.base.ids import AccountId, BlobId, SubmissionId
from roost.ports.bus import Type
from roost.store import blob_rows, blob_use, numbers
from roost.store.engine import ReadTx, WriteTx
from roost.store.stowed import Stowed
from roost.store.times import micros, moment_of

SERVER = AccountId(0)


class ItemState(IntEnum):
    """`queue_item.state`."""

    WAITING = 0
    DELIVERED = 1
    FAILED = 2
    CANCELLED = 3


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """A message to send. account: who sends it, SERVER for the server itself.

    size: octets of prefix and blob together. sender: the reverse-path, empty for a notice.
    facts: JSON of what the attempts must know (envelope parameters, TLS wishes).
    """

    account: AccountId
    blob: Stowed | BlobId
    size: int
    sender: str
    message_id: str | None = None
    prefix: bytes = b""
    facts: str = "{}"


class Submission(NamedTuple):
    """A message that is or was to be sent."""

    blob: BlobId
    prefix: bytes
    size: int
    sender: str
    message_id: str | None
    created: int
    facts: str
    finished: int | None


class ItemRef(NamedTuple):
    """One recipient of one submission."""

    account: AccountId
    submission: SubmissionId
    number: int


class QueueItem(NamedTuple):
    """A recipient and how far its delivery came. attempts: how many were begun."""

    ref: ItemRef
    recipient: str
    state: ItemState
    due: datetime
    attempts: int
    last_result: str


_ITEM = "account_id, submission_id, number, recipient, state, due, attempts, last_result"
_THIS = "account_id = ${} AND submission_id = ${} AND number = ${}"


async def enqueue(
    tx: WriteTx,
    submission: NewSubmission,
    recipients: Sequence[str],
    now: datetime,
    due: datetime | None = None,
) -> SubmissionId:
    """Queue a message for these recipients, in this order from number 0; due at once by default."""
    account = submission.account
    if account == SERVER:
        number = await numbers.next_server_number(tx, "submission")
    else:
        number = await numbers.next_number(tx, account)
    blob = submission.blob
    if isinstance(blob, Stowed):
        blob = await blob_rows.insert(tx, blob, now)
    await tx.execute(
        "INSERT INTO submission (account_id, id, blob_id, prefix, size, sender, message_id,"
        " created, facts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        account,
        number,
        blob,
        submission.prefix,
        submission.size,
        submission.sender,
        submission.message_id,
        micros(now),
        submission.facts,
    )
    first_try = micros(due or now)
    await tx.execute_many(
        "INSERT INTO queue_item (account_id, submission_id, number, recipient, state, due,"
        " attempts) VALUES ($1, $2, $3, $4, 0, $5, 0)",
        [(account, number, n, recipient, first_try) for n, recipient in enumerate(recipients)],
    )
    tx.changed(account, Type.QUEUE)
    return SubmissionId(number)


async def due(tx: ReadTx, now: datetime, limit: int) -> list[QueueItem]:
    """Items that wait and may be tried now, the longest due first, at most `limit`."""
    rows = await tx.rows(
        f"SELECT {_ITEM} FROM queue_item WHERE state = 0 AND due <= $1 ORDER BY due LIMIT $2",  # noqa: S608
        micros(now),
        limit,
    )
    return [_item(*row) for row in rows]


async def next_due(tx: ReadTx) -> datetime | None:
    """When the next item may be tried, None when none waits."""
    found: int | None = await tx.value("SELECT MIN(due) FROM queue_item WHERE state = 0")
    return None if found is None else moment_of(found)


async def items_of(
    tx: ReadTx, account: AccountId, submission: SubmissionId, limit: int = 500
) -> list[QueueItem]:
    """The items of a submission in order of number, at most `limit`."""
    rows = await tx.rows(
        f"SELECT {_ITEM} FROM queue_item WHERE account_id = $1 AND submission_id = $2"  # noqa: S608
        " ORDER BY number LIMIT $3",
        account,
        submission,
        limit,
    )
    return [_item(*row) for row in rows]


async def submission_of(
    tx: ReadTx, account: AccountId, submission: SubmissionId
) -> Submission | None:
    """The message of these items; its blob can be read until all of them are finished."""
    row = await tx.row(
        "SELECT blob_id, prefix, size, sender, message_id, created, facts, finished"
        " FROM submission WHERE account_id = $1 AND id = $2",
        account,
        submission,
    )
    return Submission(*row) if row else None


async def claim(
    tx: WriteTx, item: ItemRef, *, by: str, now: datetime, until: datetime
) -> int | None:
    """Take an item for one attempt; the attempt's number from 1, None when it is not to be had.

    by: who claims. until: when it may be tried again if nothing is heard of the attempt.
    """
    number: int | None = await tx.value(
        "UPDATE queue_item SET attempts = attempts + 1, claimed_by = $1, claimed_until = $2,"  # noqa: S608
        " due = $2 WHERE " + _THIS.format(3, 4, 5) + " AND state = 0 AND due <= $6"
        " RETURNING attempts",
        by,
        micros(until),
        *item,
        micros(now),
    )
    return number


async def reschedule(tx: WriteTx, item: ItemRef, attempt: int, due: datetime, result: str) -> bool:
    """Try again at `due`; False when the claim of this attempt was lost meanwhile."""
    found = await tx.execute(
        "UPDATE queue_item SET due = $1, claimed_by = '', claimed_until = 0, last_result = $2"  # noqa: S608
        " WHERE " + _THIS.format(3, 4, 5) + " AND state = 0 AND attempts = $6",
        micros(due),
        result,
        *item,
        attempt,
    )
    tx.changed(item.account, Type.QUEUE)
    return found > 0


async def finish(tx: WriteTx, item: ItemRef, state: ItemState, result: str, now: datetime) -> bool:
    """End an item; False when it had ended before. With the last one the blob is let go."""
    found = await tx.execute(
        "UPDATE queue_item SET state = $1, finished = $2, claimed_by = '', claimed_until = 0,"  # noqa: S608
        " last_result = $3 WHERE " + _THIS.format(4, 5, 6) + " AND state = 0",
        state.value,
        micros(now),
        result,
        *item,
    )
    if found:
        await _finish_submission(tx, item, now)
        tx.changed(item.account, Type.QUEUE)
    return found > 0


async def _finish_submission(tx: WriteTx, item: ItemRef, now: datetime) -> None:
    blob: int | None = await tx.value(
        "UPDATE submission SET finished = $1 WHERE account_id = $2 AND id = $3"
        " AND NOT EXISTS (SELECT 1 FROM queue_item q WHERE q.account_id = submission.account_id"
        " AND q.submission_id = submission.id AND q.state = 0) RETURNING blob_id",
        micros(now),
        item.account,
        item.submission,
    )
    if blob is not None:
        await blob_use.release(tx, [BlobId(blob)], now)


def _item(
    account: int,
    submission: int,
    number: int,
    recipient: str,
    state: int,
    due: int,
    attempts: int,
    last_result: str,
) -> QueueItem:
    ref = ItemRef(AccountId(account), SubmissionId(submission), number)
    return QueueItem(ref, recipient, ItemState(state), moment_of(due), attempts, last_result)
