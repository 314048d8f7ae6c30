"""Take in a message's octets, of which nobody knows how many will come."""

import asyncio
import errno
import hashlib
from datetime import timedelta
from enum import Enum
from functools import partial

from roost.base.ids import BlobId
from roost.ports.blobs import Blobs, BlobWriter
from roost.ports.clock import Clock
from roost.store import blob_rows
from roost.store.engine import Store, StoreFailed, StoreFull
from roost.store.stowed import MAX_ROW_OCTETS, Stowed, file_name

PIECE_OCTETS = 1 << 20  # hashed in a few milliseconds, after which the loop gets its turn
SIGN_OF_LIFE = timedelta(minutes=15)

__all__ = ["BlobSink", "Stowed", "begin_blob", "discard", "stow"]

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Phase(Enum):
    """Where a sink stands. Broken: a write did not come to its end, only `discard` is left."""

    OPEN = "open"
    BROKEN = "broken"
    ENDED = "ended"


class BlobSink:
    """One message on its way in. Small ones stay in memory, larger ones stream into a file.

    Ends with `finish` or `discard`; one that is dropped leaves a row and perhaps a file for the
    clean-up.
    """

    def __init__(self, store: Store, blobs: Blobs, clock: Clock) -> None:
        self._store = store
        self._blobs = blobs
        self._clock = clock
        self._size = 0
        self._hash = hashlib.sha256()
        self._start = bytearray()
        self._blob: BlobId | None = None
        self._file: BlobWriter | None = None
        self._shown_alive = clock.now()
        self._phase = Phase.OPEN

    @property
    def size(self) -> int:
        """How many octets came so far."""
        return self._size

    async def write(self, octets: bytes) -> None:
        """Take more octets. Raises StoreFull, StoreFailed."""
        if len(octets) <= PIECE_OCTETS:
            await self._write(octets)
            return
        view = memoryview(octets)
        for at in range(0, len(octets), PIECE_OCTETS):
            await self._write(view[at : at + PIECE_OCTETS])
            await asyncio.sleep(0)

    async def finish(self) -> Stowed:
        """All octets came. Returns once their file, if any, is synced.

        Raises StoreFull, StoreFailed.
        """
        self._expect(Phase.OPEN)
        self._phase = Phase.BROKEN  # a cancelled sync may be discarded still
        if self._file is not None:
            try:
                await self._file.sync()
            except OSError as error:
                await self.discard()
                raise _told(error) from error
        self._phase = Phase.ENDED
        start = bytes(self._start)
        octets = start if self._blob is None else None
        return Stowed(self._size, self._hash.digest(), start, octets, self._blob)

    async def discard(self) -> None:
        """Forget the octets. Never raises; does nothing after `finish`."""
        if self._phase is not Phase.ENDED:
            self._phase = Phase.ENDED
            await self._undo()

    async def _write(self, octets: bytes | memoryview) -> None:
        self._expect(Phase.OPEN)
        self._phase = Phase.BROKEN  # until all of it is done: a cancelled write leaves a hole
        self._hash.update(octets)
        self._size += len(octets)
        if self._size > MAX_ROW_OCTETS:
            try:
                await self._write_to_file(octets)
            except OSError as error:
                await self.discard()
                raise _told(error) from error
        if len(self._start) < MAX_ROW_OCTETS:
            self._start += octets[: MAX_ROW_OCTETS - len(self._start)]
        self._phase = Phase.OPEN

    async def _write_to_file(self, octets: bytes | memoryview) -> None:
        if self._file is None:
            self._file = await self._create()
            await self._file.write(bytes(self._start))
        await self._file.write(bytes(octets))
        await self._show_life()

    async def _show_life(self) -> None:
        """Tell the clean-up now and then that a slow sender is still at it."""
        now = self._clock.now()
        if self._blob is not None and now - self._shown_alive > SIGN_OF_LIFE:
            self._shown_alive = now
            blob = self._blob
            await self._store.write(lambda tx: blob_rows.still_writing(tx, blob, now))

    async def _create(self) -> BlobWriter:
        """The file, after the row that the clean-up finds it by."""
        now = self._shown_alive = self._clock.now()
        reserved = asyncio.ensure_future(self._store.write(partial(blob_rows.reserve, now=now)))
        try:
            self._blob = await asyncio.shield(reserved)
        except asyncio.CancelledError:
            # The row may be there all the same, and `discard` has to know it.
            self._blob = await reserved
            raise
        name = file_name(self._blob)
        try:
            return await self._blobs.create(name)
        except FileExistsError:
            # The database is a backup given back, older than the files: nothing knows this one.
            await self._blobs.remove(name)
            return await self._blobs.create(name)

    async def _undo(self) -> None:
        if self._file is not None:
            await self._file.discard()
        if self._blob is None:
            return
        blob = self._blob
        try:
            await self._store.write(lambda tx: blob_rows.forget(tx, blob))
        except (StoreFull, StoreFailed):
            pass  # the clean-up finds the row

    def _expect(self, phase: Phase) -> None:
        if self._phase is not phase:
            raise RuntimeError(f"the sink is {self._phase.value}, not {phase.value}")


def begin_blob(store: Store, blobs: Blobs, clock: Clock) -> BlobSink:
    """A sink for one message."""
    return BlobSink(store, blobs, clock)


async def stow(store: Store, blobs: Blobs, clock: Clock, octets: bytes) -> Stowed:
    """Stow octets that are all there already. Raises StoreFull, StoreFailed."""
    sink = begin_blob(store, blobs, clock)
    await sink.write(octets)
    return await sink.finish()


async def discard(store: Store, blobs: Blobs, clock: Clock, stowed: Stowed) -> None:
    """Forget octets that no work will refer to, at once. Never raises; stored blobs stay."""
    if stowed.blob is None:
        return
    blob, now = stowed.blob, clock.now()
    try:
        if await store.write(lambda tx: blob_rows.doom_unused(tx, blob, now)):
            await blobs.remove(file_name(blob))
            await store.write(lambda tx: blob_rows.forget(tx, blob))
    except (StoreFull, StoreFailed, OSError):
        pass  # the clean-up finds the row


def _told(error: OSError) -> StoreFull | StoreFailed:
    return StoreFull() if error.errno in _NO_ROOM else StoreFailed()
