"""Octets that are safe and wait for the work that refers to them."""

from dataclasses import dataclass, field
from typing import ClassVar

from roost.base.errors import ServiceError
from roost.base.ids import BlobId
from roost.store.engine import ReadTx, Store

MAX_ROW_OCTETS = 64 << 10


@dataclass(eq=False)
class BlobGone(ServiceError):
    """The blob was never stored, was used before, or has been cleaned up."""

    code: ClassVar[str] = "blob_gone"
    temporary: ClassVar[bool] = True
    blob: BlobId

    def __str__(self) -> str:
        return f"the octets of blob {self.blob} are not there"


def file_name(blob: BlobId) -> str:
    """What a blob too large for a row is called in `Blobs`."""
    return f"{blob:08x}"


@dataclass(frozen=True, slots=True)
class Stowed:
    """A message's octets as they came in: in memory when small, else in a synced file.

    Exactly one of octets and blob is there. start: the first octets, MAX_ROW_OCTETS of them unless
    there are fewer.
    """

    size: int
    sha256: bytes
    start: bytes = field(repr=False)
    octets: bytes | None = field(default=None, repr=False)
    blob: BlobId | None = None

    def head(self, count: int) -> bytes:
        """The first `count` octets, without reading a file; at most MAX_ROW_OCTETS."""
        return self.start[:count]

    async def read(self, store: Store, offset: int, count: int) -> bytes:
        """Up to `count` octets from `offset`. Raises BlobGone when the clean-up has been."""
        if self.octets is not None or offset + count <= len(self.start):
            return self.start[offset : offset + count]
        assert self.blob is not None, "octets that are not in memory are in a file"
        blob = self.blob

        async def work(tx: ReadTx) -> bytes:
            try:
                return tx.blobs.read(file_name(blob), offset, count)
            except FileNotFoundError as error:
                raise BlobGone(blob) from error

        return await store.scan(work)

    async def read_all(self, store: Store) -> bytes:
        """All octets, for rendering. Raises BlobGone when the clean-up has been."""
        return await self.read(store, 0, self.size)
