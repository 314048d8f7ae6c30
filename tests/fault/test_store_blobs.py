"""A blob's medium fails, or the process dies: no octets of a stored blob are lost, no file stays."""

import errno
from datetime import timedelta
from pathlib import Path

import pytest

from roost.base.ids import BlobId
from roost.store import blob_rows
from roost.store.blobs import BlobSink, begin_blob, stow
from roost.store.engine import StoreFailed, StoreFull
from roost.store.sqlite import SqliteStore
from roost.store.stowed import BlobGone
from roost.testing import faults
from roost.testing.blobs import MemoryBlobs
from roost.testing.clock import StoppedClock
from roost.testing.store import new_store

LARGE = bytes(200_000)
STEPS = ["create", "write the start", "write the rest", "sync"]


async def write_and_finish(sink: BlobSink) -> None:
    await sink.write(LARGE)
    await sink.finish()


async def row_count(store: SqliteStore) -> int:
    count: int = await store.read(lambda tx: tx.value("SELECT count(*) FROM blob"))
    return count


@pytest.mark.parametrize(
    ("code", "error"), [(errno.ENOSPC, StoreFull), (errno.EIO, StoreFailed)], ids=["full", "i/o"]
)
@pytest.mark.parametrize("step", range(1, len(STEPS) + 1), ids=STEPS)
async def test_a_medium_that_fails_leaves_nothing_behind(
    step: int, code: int, error: type[Exception]
) -> None:
    inner, clock = MemoryBlobs(), StoppedClock()
    blobs = faults.Blobs(inner, step, code)
    store = await new_store(blobs=blobs, clock=clock)
    sink = begin_blob(store, blobs, clock)
    with pytest.raises(error):
        await write_and_finish(sink)
    assert blobs.fired
    await sink.discard()
    assert await row_count(store) == 0
    assert inner.files == inner.unsynced == {}
    await store.close()


async def test_a_file_that_cannot_be_removed_stops_no_other() -> None:
    inner, clock = MemoryBlobs(), StoppedClock()
    blobs = faults.Blobs(inner, step=2 * len(STEPS) + 1, code=errno.EIO)
    store = await new_store(blobs=blobs, clock=clock)
    for _ in range(2):
        sink = begin_blob(store, blobs, clock)
        await sink.write(LARGE[:60_000])
        await sink.write(LARGE)
        await sink.finish()
    for files in 1, 0:
        clock.advance(timedelta(hours=2))
        await blob_rows.clean_up(store, clock.now())
        assert len(inner.files) == await row_count(store) == files
    assert blobs.fired
    await store.close()


@pytest.mark.parametrize("step", [1, 2, 3], ids=["reserve", "use", "none"])
async def test_a_statement_that_fails_leaves_no_file_for_ever(step: int) -> None:
    blobs, clock = MemoryBlobs(), StoppedClock()
    store = await new_store(blobs=blobs, clock=clock, fail_at=step)
    blob: BlobId | None = None
    try:
        stowed = await stow(store, blobs, clock, LARGE)
        blob = await store.write(lambda tx: blob_rows.insert(tx, stowed, clock.now()))
    except faults.StepFailed:
        pass
    assert (blob is None) == (step <= 2)
    await clean_up_for_certain(store, clock)
    assert len(blobs.files) == await row_count(store) == (0 if blob is None else 1)
    await store.close()


@pytest.mark.parametrize("step", [2, 3, 4], ids=["choose", "doom", "delete"])
async def test_a_clean_up_that_fails_is_made_good_by_the_next(step: int) -> None:
    blobs, clock = MemoryBlobs(), StoppedClock()
    store = await new_store(blobs=blobs, clock=clock, fail_at=step)
    stowed = await stow(store, blobs, clock, LARGE)
    clock.advance(timedelta(hours=2))
    with pytest.raises(faults.StepFailed):
        await blob_rows.clean_up(store, clock.now())
    assert await row_count(store) == 1
    if not blobs.files:
        with pytest.raises(BlobGone):
            await store.write(lambda tx: blob_rows.insert(tx, stowed, clock.now()))
    await clean_up_for_certain(store, clock)
    assert blobs.files == {}
    assert await row_count(store) == 0
    await store.close()


async def clean_up_for_certain(store: SqliteStore, clock: StoppedClock) -> None:
    """Once more where the step that is to fail had not come yet."""
    clock.advance(timedelta(hours=2))
    try:
        await blob_rows.clean_up(store, clock.now())
    except faults.StepFailed:
        await blob_rows.clean_up(store, clock.now())


async def test_after_a_loss_of_power_only_stored_blobs_remain(tmp_path: Path) -> None:
    blobs, clock = MemoryBlobs(), StoppedClock()
    store = await new_store(tmp_path, blobs=blobs, clock=clock)
    kept_octets = LARGE + b"kept"
    stowed = await stow(store, blobs, clock, kept_octets)
    kept = await store.write(lambda tx: blob_rows.insert(tx, stowed, clock.now()))
    await stow(store, blobs, clock, LARGE)  # synced, never used
    await begin_blob(store, blobs, clock).write(LARGE)  # half written
    await store.close()
    blobs.lose_power()

    again = await new_store(tmp_path, blobs=blobs, clock=clock)
    clock.advance(timedelta(hours=2))
    assert await blob_rows.clean_up(again, clock.now()) == 2
    assert list(blobs.files.values()) == [kept_octets]
    found = await again.scan(lambda tx: blob_rows.octets(tx, kept, 0, 1 << 20))
    assert found == kept_octets
    await again.close()
