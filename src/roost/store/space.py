"""Room on the disk: when to stop taking mail, and a reserve to get out of a full disk with."""

import os
from collections.abc import Callable
from pathlib import Path

GIB = 1 << 30
RESERVE_OCTETS = 64 << 20


class Space:
    """Knows how much room is left and keeps a reserve file.

    free_octets: what may still be written (`Blobs.free_octets`).
    reserve: the file that is given up when a commit meets a full disk, so that deleting and the
    results of the queue can still be written; None for none.
    least_octets: below so much room no mail is taken.
    """

    def __init__(
        self,
        free_octets: Callable[[], int],
        reserve: Path | None,
        *,
        least_octets: int,
        reserve_octets: int = RESERVE_OCTETS,
    ) -> None:
        self._free_octets = free_octets
        self._reserve = reserve
        self._least_octets = least_octets
        self._reserve_octets = reserve_octets

    def accepts_mail(self) -> bool:
        """Whether there is room for new mail; else 452 4.3.1 at MAIL, NO to APPEND."""
        return self._free_octets() >= self._least_octets

    def release(self) -> bool:
        """Give up the reserve; whether there was one. Never raises; any thread."""
        if self._reserve is None:
            return False
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True

    def restore(self) -> bool:
        """Make the reserve again if there is room for it and for mail; whether it is there now.

        Blocks for some milliseconds: at start and from a job, in a thread.
        """
        if self._reserve is None:
            return False
        if self._reserve.exists():
            return True
        if self._free_octets() < self._least_octets + self._reserve_octets:
            return False
        try:
            _allocate(self._reserve, self._reserve_octets)
        except OSError:
            self.release()
            return False
        return True


def least_free(largest_message_octets: int, least_octets: int = GIB) -> int:
    """Below how many free octets no mail is taken: room for two of the largest messages."""
    return max(least_octets, 2 * largest_message_octets)


def _allocate(path: Path, octets: int) -> None:
    """Make a file that truly takes up `octets`: blocks, not a hole."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, octets)
            return
        block = bytes(1 << 20)  # macOS has no posix_fallocate
        for start in range(0, octets, len(block)):
            os.write(handle, block[: octets - start])
    finally:
        os.close(handle)
