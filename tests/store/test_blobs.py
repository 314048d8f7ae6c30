import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.base.ids import BlobId
from roost.store import blob_rows
from roost.store.blobs import PIECE_OCTETS, BlobSink, Stowed, begin_blob, discard, stow
from roost.store.engine import ReadTx
from roost.store.sqlite import SqliteStore
from roost.store.stowed import MAX_ROW_OCTETS, BlobGone, file_name
from roost.testing.blobs import MemoryBlobs
from roost.testing.clock import StoppedClock
from roost.testing.store import new_store

SMALL = b"From: a@example.org\r\n\r\nhello\r\n"
LARGE = bytes(range(256)) * 1024  # 256 KiB


@dataclass
class Place:
    """A store with its blobs and its clock."""

    store: SqliteStore
    blobs: MemoryBlobs
    clock: StoppedClock

    async def stow(self, octets: bytes) -> Stowed:
        return await stow(self.store, self.blobs, self.clock, octets)

    def sink(self) -> BlobSink:
        return begin_blob(self.store, self.blobs, self.clock)

    async def insert(self, stowed: Stowed) -> BlobId:
        now = self.clock.now()
        return await self.store.write(lambda tx: blob_rows.insert(tx, stowed, now))

    async def read(self, blob: BlobId, offset: int = 0, count: int = 1 << 30) -> bytes:
        return await self.store.scan(lambda tx: blob_rows.octets(tx, blob, offset, count))

    async def doom(self, *blobs: BlobId) -> None:
        now = self.clock.now()
        await self.store.write(lambda tx: blob_rows.doom(tx, blobs, now))

    async def clean_up(self, limit: int = 500) -> int:
        return await blob_rows.clean_up(self.store, self.clock.now(), limit)

    async def rows(self) -> list[Any]:
        async def work(tx: ReadTx) -> list[Any]:
            return await tx.rows("SELECT id, state, place, size FROM blob ORDER BY id")

        return await self.store.read(work)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    blobs, clock = MemoryBlobs(), StoppedClock()
    place = Place(await new_store(blobs=blobs, clock=clock), blobs, clock)
    yield place
    await place.store.close()


@pytest.mark.parametrize(
    ("octets", "in_file"),
    [
        (b"", False),
        (SMALL, False),
        (LARGE[:MAX_ROW_OCTETS], False),
        (LARGE[: MAX_ROW_OCTETS + 1], True),
        (LARGE, True),
        (LARGE * 12 + b"end", True),
    ],
    ids=["empty", "small", "just a row", "just a file", "large", "over a piece"],
)
async def test_octets_come_back_as_they_went_in(place: Place, octets: bytes, in_file: bool) -> None:
    stowed = await place.stow(octets)
    assert (stowed.size, stowed.sha256) == (len(octets), hashlib.sha256(octets).digest())
    assert stowed.head(100) == octets[:100]
    assert await stowed.read_all(place.store) == octets
    assert (stowed.octets is None) == in_file
    assert len(place.blobs.files) == int(in_file)
    blob = await place.insert(stowed)
    assert await place.read(blob) == octets
    assert await place.read(blob, 5, 11) == octets[5:16]
    assert await place.read(blob, MAX_ROW_OCTETS - 3, 9) == octets[MAX_ROW_OCTETS - 3 :][:9]
    assert await place.read(blob, len(octets), 5) == b""
    assert await place.rows() == [(blob, 1, int(in_file), len(octets))]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40_000), max_size=6))
def test_where_the_octets_were_cut_changes_nothing(sizes: list[int]) -> None:
    octets = (LARGE * 2)[: sum(sizes)]

    async def scenario() -> Stowed:
        blobs, clock = MemoryBlobs(), StoppedClock()
        store = await new_store(blobs=blobs, clock=clock)
        sink, at = begin_blob(store, blobs, clock), 0
        for size in sizes:
            await sink.write(octets[at : at + size])
            at += size
        assert sink.size == len(octets)
        stowed = await sink.finish()
        assert await stowed.read_all(store) == octets
        await store.close()
        return stowed

    assert asyncio.run(scenario()).sha256 == hashlib.sha256(octets).digest()


async def test_a_row_stands_before_the_first_octet_of_a_file(place: Place) -> None:
    """So that the clean-up finds the file, whenever the process dies."""
    sink = place.sink()
    await sink.write(LARGE[:MAX_ROW_OCTETS])
    assert await place.rows() == []
    await sink.write(b"x")
    [(blob, state, where, _)] = await place.rows()
    assert (state, where) == (blob_rows.State.WRITING, blob_rows.Place.FILE)
    assert list(place.blobs.unsynced) == [file_name(blob)]


async def test_a_file_is_synced_before_a_row_can_refer_to_it(place: Place) -> None:
    stowed = await place.stow(LARGE)
    place.blobs.lose_power()
    assert await place.read(await place.insert(stowed)) == LARGE


async def test_a_large_write_lets_the_loop_go_on(place: Place) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counter = asyncio.create_task(count())
    await place.sink().write(bytes(8 * PIECE_OCTETS))
    counter.cancel()
    assert turns >= 8


@pytest.mark.parametrize("octets", [SMALL, LARGE], ids=["small", "large"])
async def test_discarding_leaves_nothing(place: Place, octets: bytes) -> None:
    sink = place.sink()
    await sink.write(octets)
    await sink.discard()
    await sink.discard()
    with pytest.raises(RuntimeError, match="ended"):
        await sink.write(octets)
    with pytest.raises(RuntimeError, match="ended"):
        await sink.finish()
    assert await place.rows() == []
    assert place.blobs.files == place.blobs.unsynced == {}


async def test_discarding_what_was_stowed(place: Place) -> None:
    for octets in (SMALL, LARGE):
        await discard(place.store, place.blobs, place.clock, await place.stow(octets))
    assert await place.rows() == []
    assert place.blobs.files == {}
    used = await place.stow(LARGE)
    blob = await place.insert(used)
    await discard(place.store, place.blobs, place.clock, used)
    assert await place.read(blob) == LARGE


async def test_a_large_blob_is_used_exactly_once_a_small_one_is_copied(place: Place) -> None:
    large, small = await place.stow(LARGE), await place.stow(SMALL)
    await place.insert(large)
    with pytest.raises(BlobGone):
        await place.insert(large)
    one, two = await place.insert(small), await place.insert(small)
    assert one != two
    assert await place.read(one) == await place.read(two) == SMALL


async def test_a_work_that_failed_after_inserting_may_insert_again(place: Place) -> None:
    stowed, now = await place.stow(LARGE), place.clock.now()

    async def fails(tx: Any) -> None:
        await blob_rows.insert(tx, stowed, now)
        raise KeyError

    with pytest.raises(KeyError):
        await place.store.write(fails)
    assert await place.read(await place.insert(stowed)) == LARGE


async def test_the_clean_up_takes_the_doomed_and_the_abandoned_after_an_hour(place: Place) -> None:
    row, file = (
        await place.insert(await place.stow(SMALL)),
        await place.insert(await place.stow(LARGE)),
    )
    kept = await place.insert(await place.stow(LARGE))
    sink = place.sink()
    await sink.write(LARGE)
    await place.doom(row, file)
    place.clock.advance(timedelta(minutes=59))
    assert await place.clean_up() == 0
    place.clock.advance(timedelta(minutes=2))
    late = await place.stow(LARGE)
    assert await place.clean_up(limit=2) == 2
    assert await place.clean_up(limit=2) == 1
    assert await place.clean_up() == 0
    assert [blob for blob, *_ in await place.rows()] == [kept, late.blob]
    assert sorted(place.blobs.files) == sorted(map(file_name, [kept, late.blob or BlobId(0)]))
    assert place.blobs.unsynced == {}
    for gone in row, file:
        with pytest.raises(BlobGone):
            await place.read(gone)


async def test_what_was_cleaned_up_can_no_longer_be_used(place: Place) -> None:
    stowed = await place.stow(LARGE)
    place.clock.advance(timedelta(hours=2))
    await place.clean_up()
    with pytest.raises(BlobGone):
        await place.insert(stowed)
    with pytest.raises(BlobGone):
        await stowed.read_all(place.store)


async def test_a_slow_sender_keeps_the_clean_up_away(place: Place) -> None:
    sink = place.sink()
    await sink.write(LARGE)
    for _ in range(10):
        place.clock.advance(timedelta(minutes=20))
        await sink.write(SMALL)
        assert await place.clean_up() == 0
    blob = await place.insert(await sink.finish())
    assert await place.read(blob) == LARGE + 10 * SMALL


async def test_numbers_are_never_used_again(place: Place) -> None:
    first = await place.insert(await place.stow(LARGE))
    await place.doom(first)
    place.clock.advance(timedelta(hours=2))
    assert await place.clean_up() == 1
    assert await place.insert(await place.stow(LARGE)) > first


async def test_a_file_from_after_the_backup_makes_way(place: Place) -> None:
    """A backup that was given back hands out numbers again that newer files already have."""
    place.blobs.files[file_name(BlobId(1))] = b"of a message the backup does not know"
    blob = await place.insert(await place.stow(LARGE))
    assert blob == 1
    assert await place.read(blob) == LARGE


async def test_the_clean_up_looks_at_unfinished_rows_only(place: Place) -> None:
    async def plan(tx: ReadTx) -> str:
        rows = await tx.rows(
            "EXPLAIN QUERY PLAN SELECT id, place FROM blob"
            " WHERE state <> 1 AND state IN (0, 2) AND changed < $1 LIMIT $2",
            0,
            1,
        )
        return str(rows[0][3])

    assert "blob_unfinished (state=? AND changed<?)" in await place.store.read(plan)
