"""The folder everything is kept in: one process at a time, and a reserve for a full disk."""

import errno
import fcntl
import os
from datetime import datetime
from pathlib import Path

_LOCK_NAME = "lock"
_RESERVE_NAME = "reserve"
_RESERVE_OCTETS = 64 * 1024 * 1024
_PIECE = bytes(1024 * 1024)


class FolderInUse(Exception):
    """Another process works with the data folder; the text names it."""


class FolderLock:
    """Holds `folder` for this process until `release`, or its end.

    started: stands in the lock file beside the process id, for people.
    Raises FolderInUse, or OSError when the folder cannot be written.
    """

    def __init__(self, folder: Path, started: datetime) -> None:
        self._file = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 200, 0).decode("ascii", "replace").strip()
            os.close(self._file)
            raise FolderInUse(
                f"{folder} is in use by process {holder or 'unknown'}: stop it first, or give this "
                "one another data folder"
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()} since {started.isoformat()}\n".encode("ascii"), 0)

    def release(self) -> None:
        """Let others have the folder. The file stays: removing it would race with who opens it."""
        os.ftruncate(self._file, 0)
        os.close(self._file)


class Reserve:
    """Room set aside, so that deletion still works when the disk is full. Its methods block."""

    def __init__(self, folder: Path, octets: int = _RESERVE_OCTETS) -> None:
        self._path = folder / _RESERVE_NAME
        self._octets = octets

    @property
    def is_kept(self) -> bool:
        """Whether the whole reserve is there."""
        try:
            return self._path.stat().st_size >= self._octets
        except FileNotFoundError:
            return False

    def keep(self) -> bool:
        """Set the room aside; False, and nothing taken, when there is not enough."""
        if self.is_kept:
            return True
        self.use()
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            self._fill(file)
        except OSError as error:
            self.use()
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                return False
            raise
        finally:
            os.close(file)
        return True

    def use(self) -> None:
        """Give the room back to the disk; no error when there is none."""
        self._path.unlink(missing_ok=True)

    def _fill(self, file: int) -> None:
        """Blocks of its own, not a hole: written where the system cannot allocate without."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file, 0, self._octets)
        else:
            for start in range(0, self._octets, len(_PIECE)):
                os.write(file, _PIECE[: self._octets - start])
        os.fsync(file)
