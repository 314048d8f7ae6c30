"""The folder everything is kept in belongs to one process at a time."""

import fcntl
import os
from datetime import datetime
from pathlib import Path

_LOCK_NAME = "lock"


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
