"""Who uses a blob: emails, and submissions that are not finished."""

from collections.abc import Sequence
from datetime import datetime

from roost.base.ids import BlobId
from roost.store import blob_rows
from roost.store.engine import ReadTx, WriteTx
from roost.store.sql_lists import listed


async def unused(tx: ReadTx, blobs: Sequence[BlobId]) -> list[BlobId]:
    """Those of these blobs, at most 500, that nothing refers to."""
    if not blobs:
        return []
    places, wanted = listed(1, blobs)
    rows = await tx.rows(
        f"SELECT b.id FROM blob b WHERE b.id IN ({places}) AND b.state = 1"  # noqa: S608
        " AND NOT EXISTS (SELECT 1 FROM email e WHERE e.blob_id = b.id)"
        " AND NOT EXISTS (SELECT 1 FROM submission s WHERE s.blob_id = b.id"
        " AND s.finished IS NULL)",
        *wanted,
    )
    return [BlobId(row[0]) for row in rows]


async def release(tx: WriteTx, blobs: Sequence[BlobId], now: datetime) -> None:
    """A user of these blobs, at most 500, went: the clean-up takes those that have no other."""
    if gone := await unused(tx, blobs):
        await blob_rows.doom(tx, gone, now)
