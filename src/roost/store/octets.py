"""Octets of many messages with few statements. RFC 9051 section 6.4.5 asks for them by the page."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from roost.base.ids import BlobId
from roost.store.blob_rows import Place
from roost.store.engine import ReadTx
from roost.store.sql_lists import chunks, listed
from roost.store.stowed import file_name

# One window for all blobs of a statement may read more than was asked, up to this much.
_MAX_WINDOWS_OCTETS = 4 << 20


class Extent(NamedTuple):
    """Octets from `start` up to but not including `end` of a prefix and the blob behind it."""

    prefix: bytes
    blob: BlobId
    start: int
    end: int

    def in_blob(self) -> tuple[int, int]:
        """Which octets of the blob these need; as many as none when they lie in the prefix."""
        size = len(self.prefix)
        return max(self.start - size, 0), max(self.end - size, 0)


async def read_many(tx: ReadTx, asked: Sequence[Extent]) -> list[bytes | None]:
    """The octets of each, None where they are not all there; inside a scan.

    The caller bounds what is asked for altogether.
    """
    needed = [extent for extent in asked if _needs_blob(extent)]
    windows = await _windows(tx, needed)
    return [_octets(extent, windows) for extent in asked]


def _needs_blob(extent: Extent) -> bool:
    return extent.end > max(extent.start, len(extent.prefix))


# Of each blob the octets from the first number on.
_Windows = dict[BlobId, tuple[int, bytes]]


async def _windows(tx: ReadTx, needed: Sequence[Extent]) -> _Windows:
    spans: dict[BlobId, tuple[int, int]] = {}
    for extent in needed:
        low, high = extent.in_blob()
        known = spans.get(extent.blob)
        spans[extent.blob] = (min(low, known[0]), max(high, known[1])) if known else (low, high)
    windows: _Windows = {}
    for some in chunks(list(spans)):
        for part in _even(some, spans):
            windows |= await _window(tx, part, spans)
    return windows


def _even(blobs: Sequence[BlobId], spans: dict[BlobId, tuple[int, int]]) -> Iterable[list[BlobId]]:
    """The blobs as they are, or one by one where one window for all would read too much."""
    low = min(spans[blob][0] for blob in blobs)
    high = max(spans[blob][1] for blob in blobs)
    if (high - low) * len(blobs) <= _MAX_WINDOWS_OCTETS:
        return [list(blobs)]
    return [[blob] for blob in blobs]


async def _window(
    tx: ReadTx, blobs: Sequence[BlobId], spans: dict[BlobId, tuple[int, int]]
) -> _Windows:
    low = min(spans[blob][0] for blob in blobs)
    high = max(spans[blob][1] for blob in blobs)
    places, ids = listed(3, blobs)
    rows = await tx.rows(
        "SELECT id, place, substr(octets, $1, $2) FROM blob"  # noqa: S608
        f" WHERE id IN ({places}) AND state = 1",
        low + 1,
        high - low,
        *ids,
    )
    return {
        blob: (low, octets or b"") if place == Place.ROW else _of_file(tx, blob, spans[blob])
        for blob, place, octets in rows
    }


def _of_file(tx: ReadTx, blob: BlobId, span: tuple[int, int]) -> tuple[int, bytes]:
    low, high = span
    try:
        return low, tx.blobs.read(file_name(blob), low, high - low)
    except OSError:
        return low, b""


def _octets(extent: Extent, windows: _Windows) -> bytes | None:
    head = extent.prefix[extent.start : extent.end]
    if not _needs_blob(extent):
        return head
    found = windows.get(extent.blob)
    if found is None:
        return None
    base, octets = found
    low, high = extent.in_blob()
    tail = octets[low - base : high - base]
    if len(tail) < high - low:
        return None
    return head + tail if head else tail
