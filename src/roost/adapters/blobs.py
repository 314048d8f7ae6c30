"""Large message bytes as files on disk."""

import asyncio
import errno
import os
import re
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import ParamSpec

from roost.ports.clock import Clock

P = ParamSpec("P")

_THREADS = 4
# A hop to a thread costs as much as writing some ten KiB: smaller pieces wait for company.
_GATHER_OCTETS = 256 * 1024
_FREE_SECONDS = 1.0
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


class DiskBlobs:
    """Files in `folder`/xx/yy, where xx and yy spread the names evenly.

    Opening and syncing run in four threads, so that a slow disk never holds the loop.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="blobs")
        self._folders = _Folders(folder)
        self._free = 0
        self._free_until = float("-inf")

    async def create(self, name: str) -> "DiskBlobWriter":
        """See `Blobs.create`. ValueError when `name` is not 1 to 100 letters, digits, - or _."""
        writer = DiskBlobWriter(self._path(name), self._folders, self._pool)
        await writer.open()
        return writer

    def read(self, name: str, offset: int, count: int) -> bytes:
        """See `Blobs.read`."""
        file = os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC)
        try:
            return _pread(file, offset, count)
        finally:
            os.close(file)

    def size(self, name: str) -> int | None:
        """See `Blobs.size`."""
        try:
            return self._path(name).stat().st_size
        except FileNotFoundError:
            return None

    async def remove(self, name: str) -> None:
        """See `Blobs.remove`. The row that knew it is gone already, so this needs no sync."""
        path = self._path(name)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._pool, lambda: path.unlink(missing_ok=True))

    def free_octets(self) -> int:
        """See `Blobs.free_octets`; at most a second old."""
        now = self._clock.monotonic()
        if now >= self._free_until:
            self._free = shutil.disk_usage(self._folder).free
            self._free_until = now + _FREE_SECONDS
        return self._free

    def close(self) -> None:
        """End the threads, after what they do. Blocks."""
        self._pool.shutdown()

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("a blob's name has 1 to 100 letters, digits, - and _")
        spread = blake2b(name.encode("ascii"), digest_size=2).hexdigest()
        return self._folder / spread[:2] / spread[2:] / name


class DiskBlobWriter:
    """One file on its way in.

    Each step in a thread holds the lock: a caller that was cancelled leaves its step running, and
    `discard` must not close the file under it.
    """

    def __init__(self, path: Path, folders: "_Folders", pool: ThreadPoolExecutor) -> None:
        self._path = path
        self._folders = folders
        self._pool = pool
        self._lock = threading.Lock()
        self._file = -1
        self._ended = False
        self._gathered: list[bytes] = []
        self._gathered_octets = 0

    async def open(self) -> None:
        """Make the file, which must not exist."""
        try:
            await self._run(self._open)
        except asyncio.CancelledError:
            # The thread may make it all the same, and nobody else would take it away.
            await asyncio.shield(self.discard())
            raise

    async def write(self, octets: bytes) -> None:
        """See `BlobWriter.write`. An error may show at a later write, or at `sync`."""
        self._gathered.append(octets)
        self._gathered_octets += len(octets)
        if self._gathered_octets >= _GATHER_OCTETS:
            await self._run(self._write, self._take_gathered())

    async def sync(self) -> None:
        """See `BlobWriter.sync`."""
        await self._run(self._sync, self._take_gathered())

    async def discard(self) -> None:
        """See `BlobWriter.discard`."""
        await self._run(self._discard)

    def _take_gathered(self) -> list[bytes]:
        gathered, self._gathered = self._gathered, []
        self._gathered_octets = 0
        return gathered

    async def _run(self, step: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        def locked() -> None:
            with self._lock:
                step(*args, **kwargs)

        await asyncio.get_running_loop().run_in_executor(self._pool, locked)

    # In a thread, with the lock held.

    def _open(self) -> None:
        if self._ended:
            return
        self._folders.make(self._path.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = os.open(self._path, flags, 0o600)

    def _write(self, pieces: list[bytes]) -> None:
        if self._file < 0:
            raise OSError(errno.EBADF, "the blob was discarded or is complete")
        left = memoryview(b"".join(pieces))
        while left:
            left = left[os.write(self._file, left) :]

    def _sync(self, pieces: list[bytes]) -> None:
        self._write(pieces)
        _sync_data(self._file)
        self._close()
        self._folders.sync(self._path.parent)

    def _discard(self) -> None:
        self._ended = True
        try:
            if self._file >= 0:
                self._close()
                self._path.unlink(missing_ok=True)
        except OSError:
            # Clean-up walks rows in state `writing` and tries again.
            pass

    def _close(self) -> None:
        file, self._file = self._file, -1
        os.close(file)


class _Folders:
    """Makes folders and makes them survive a loss of power. Threads share it.

    A folder's name is an entry of the folder above: that one is synced once per process, after
    which the name is known to last.
    """

    def __init__(self, top: Path) -> None:
        self._top = top
        self._lasting: set[Path] = {top}

    def make(self, folder: Path) -> None:
        """Make `folder` and those above it, below the top, where they are not there."""
        if folder in self._lasting:
            return
        self.make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        self.sync(folder.parent)
        self._lasting.add(folder)

    def sync(self, folder: Path) -> None:
        """Return when the entries of `folder` are on the medium."""
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _sync_data(file: int) -> None:
    """fdatasync, which also writes the size; macOS has fsync only."""
    getattr(os, "fdatasync", os.fsync)(file)


def _pread(file: int, offset: int, count: int) -> bytes:
    """Up to `count` octets; the system may give a large read in parts."""
    pieces = []
    while count > 0:
        piece = os.pread(file, count, offset)
        if not piece:
            break
        pieces.append(piece)
        offset += len(piece)
        count -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
