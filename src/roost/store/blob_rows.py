"""Rows of message bytes: writing, stored, doomed.

Up to MAX_ROW_OCTETS the octets lie in the row; larger ones in a file named by the blob's id. Ids
are never reused, so neither are names, and a clean-up need only walk rows: a file without a row
cannot come about, since the row is committed before the first octet is written.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import IntEnum

from roost.base.ids import BlobId
from roost.ports.blobs import Blobs
from roost.store.engine import ReadTx, Store, WriteTx
from roost.store.row_lists import insert_rows
from roost.store.stowed import BlobGone, Stowed, file_name
from roost.store.times import micros

GRACE = timedelta(hours=1)
MAX_CLEANED = 500


class State(IntEnum):
    """`blob.state`."""

    WRITING = 0
    STORED = 1
    DOOMED = 2


class Place(IntEnum):
    """`blob.place`."""

    ROW = 0
    FILE = 1


async def reserve(tx: WriteTx, now: datetime) -> BlobId:
    """A new blob in state writing, whose octets are about to arrive in a file."""
    number: int = await tx.value(
        "INSERT INTO blob (state, place, size, changed) VALUES (0, 1, 0, $1) RETURNING id",
        micros(now),
    )
    return BlobId(number)


async def still_writing(tx: WriteTx, blob: BlobId, now: datetime) -> None:
    """Keep the clean-up away for another GRACE; BlobGone when it has been."""
    found = await tx.execute(
        "UPDATE blob SET changed = $1 WHERE id = $2 AND state = 0", micros(now), blob
    )
    if not found:
        raise BlobGone(blob)


async def insert(tx: WriteTx, stowed: Stowed, now: datetime) -> BlobId:
    """As `insert_all`, for one."""
    return (await insert_all(tx, [stowed], now))[0]


async def insert_all(tx: WriteTx, stowed: Sequence[Stowed], now: datetime) -> list[BlobId]:
    """Make the octets of each those of a stored blob, and give their ids.

    A large one can be inserted once: BlobGone the second time, or when its clean-up came first.
    Small ones may be inserted any number of times, as blobs of their own.
    """
    changed = micros(now)
    small = [
        (State.STORED, Place.ROW, one.size, one.sha256, changed, one.octets)
        for one in stowed
        if one.octets is not None
    ]
    rows = await insert_rows(
        tx,
        "blob (state, place, size, sha256, changed, octets)",
        small,
        "RETURNING id, sha256",
    )
    # Rows come back in no order, and those with one hash have the same octets.
    numbers: dict[bytes, list[BlobId]] = {}
    for number, sha256 in rows:
        numbers.setdefault(sha256, []).append(BlobId(number))
    return [
        numbers[one.sha256].pop() if one.octets is not None else await _finish(tx, one, changed)
        for one in stowed
    ]


async def _finish(tx: WriteTx, stowed: Stowed, changed: int) -> BlobId:
    """The octets in a file are complete."""
    assert stowed.blob is not None, "octets that are not in memory are in a file"
    found = await tx.execute(
        "UPDATE blob SET state = 1, size = $1, sha256 = $2, changed = $3"
        " WHERE id = $4 AND state = 0",
        stowed.size,
        stowed.sha256,
        changed,
        stowed.blob,
    )
    if not found:
        raise BlobGone(stowed.blob)
    return stowed.blob


async def octets(tx: ReadTx, blob: BlobId, offset: int, count: int) -> bytes:
    """Up to `count` octets from `offset`, fewer at the end.

    Inside a scan, since it may read a file. BlobGone when there is no such blob.
    """
    row = await tx.row(
        "SELECT place, substr(octets, $1, $2) FROM blob WHERE id = $3 AND state = 1",
        offset + 1,
        count,
        blob,
    )
    if row is None:
        raise BlobGone(blob)
    place, part = row
    if place == Place.ROW:
        return part or b""  # substr gives NULL for an empty blob
    try:
        return tx.blobs.read(file_name(blob), offset, count)
    except FileNotFoundError as error:
        raise BlobGone(blob) from error


async def doom(tx: WriteTx, blobs: Sequence[BlobId], now: datetime) -> None:
    """Nothing refers to these blobs any more: the clean-up may take them once GRACE is over."""
    changed = micros(now)
    await tx.execute_many(
        "UPDATE blob SET state = 2, changed = $1 WHERE id = $2 AND state <> 2",
        [(changed, blob) for blob in blobs],
    )


async def doom_unused(tx: WriteTx, blob: BlobId, now: datetime) -> bool:
    """Doom a blob that is still in state writing; whether it was."""
    found = await tx.execute(
        "UPDATE blob SET state = 2, changed = $1 WHERE id = $2 AND state = 0", micros(now), blob
    )
    return found > 0


async def forget(tx: WriteTx, blob: BlobId) -> None:
    """Drop the row of a blob whose file is gone; a stored one stays."""
    await tx.execute("DELETE FROM blob WHERE id = $1 AND state <> 1", blob)


async def clean_up(store: Store, now: datetime, limit: int = MAX_CLEANED) -> int:
    """Remove up to `limit` blobs that were doomed, or left half written, more than GRACE ago.

    Returns how many it looked at; call it again while that is `limit`. First the abandoned are
    doomed, so that none of them can be stored any more; then the files go; then the rows. A crash
    between leaves rows for the next time, a file that cannot be removed is tried again after GRACE.
    """
    limit = min(limit, MAX_CLEANED)
    before = micros(now - GRACE)

    async def choose(tx: WriteTx) -> tuple[Blobs, list[tuple[BlobId, int]]]:
        rows = await tx.rows(
            "SELECT id, place FROM blob WHERE state <> 1 AND state IN (0, 2) AND changed < $1"
            " LIMIT $2",
            before,
            limit,
        )
        await tx.execute_many(
            "UPDATE blob SET state = 2 WHERE id = $1 AND state = 0", [(row[0],) for row in rows]
        )
        return tx.blobs, [(BlobId(row[0]), row[1]) for row in rows]

    blobs, chosen = await store.write(choose)
    kept = {blob for blob, place in chosen if not await _remove_file(blobs, blob, place)}

    async def forget_all(tx: WriteTx) -> None:
        for blob, _ in chosen:
            if blob in kept:
                await tx.execute("UPDATE blob SET changed = $1 WHERE id = $2", micros(now), blob)
            else:
                await forget(tx, blob)

    if chosen:
        await store.write(forget_all)
    return len(chosen)


async def _remove_file(blobs: Blobs, blob: BlobId, place: int) -> bool:
    """Whether no file of the blob is left."""
    if place == Place.FILE:
        try:
            await blobs.remove(file_name(blob))
        except OSError:
            return False
    return True
