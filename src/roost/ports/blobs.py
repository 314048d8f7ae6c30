"""Large message bytes, outside the database."""

from typing import Protocol


class BlobWriter(Protocol):
    """One large blob on its way in."""

    async def write(self, octets: bytes) -> None:
        """Add octets; OSError (ENOSPC, EIO) when the medium refuses."""
        ...

    async def sync(self) -> None:
        """Return when all of it, name included, survives a loss of power. Ends the writing."""
        ...

    async def discard(self) -> None:
        """Forget what was written. Never raises."""
        ...


class Blobs(Protocol):
    """Keeps blobs too large for a row, by a name that is never used twice."""

    async def create(self, name: str) -> BlobWriter:
        """Begin the blob `name`, which must not exist (FileExistsError)."""
        ...

    def read(self, name: str, offset: int, count: int) -> bytes:
        """Up to `count` octets from `offset`; FileNotFoundError when there is no such blob.

        Blocks: call it in a reader thread (`Store.scan`).
        """
        ...

    def size(self, name: str) -> int | None:
        """Octets of the blob, None when there is none. Blocks."""
        ...

    async def remove(self, name: str) -> None:
        """Remove the blob; no error when there is none."""
        ...

    def free_octets(self) -> int:
        """Octets that may still be written to the medium."""
        ...
