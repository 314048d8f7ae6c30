"""Blobs in memory."""


class MemoryBlobs:
    """Keeps blobs in a dict. A blob counts as kept only once it is synced.

    files: what is synced, by name. unsynced: what was begun and neither synced nor discarded, and
    would be lost or cut short by a loss of power. free: what `free_octets` says.
    """

    def __init__(self, free: int = 1 << 40) -> None:
        self.files: dict[str, bytes] = {}
        self.unsynced: dict[str, bytearray] = {}
        self.free = free

    async def create(self, name: str) -> "MemoryBlobWriter":
        if name in self.files or name in self.unsynced:
            raise FileExistsError(name)
        self.unsynced[name] = bytearray()
        return MemoryBlobWriter(self, name)

    def read(self, name: str, offset: int, count: int) -> bytes:
        if name not in self.files:
            raise FileNotFoundError(name)
        return self.files[name][offset : offset + count]

    def size(self, name: str) -> int | None:
        return len(self.files[name]) if name in self.files else None

    async def remove(self, name: str) -> None:
        self.files.pop(name, None)
        self.unsynced.pop(name, None)

    def free_octets(self) -> int:
        return self.free

    def lose_power(self) -> None:
        """Keep only what was synced; the rest is there with half its octets."""
        for name, octets in self.unsynced.items():
            self.files[name] = bytes(octets[: len(octets) // 2])
        self.unsynced.clear()


class MemoryBlobWriter:
    """One blob on its way into a MemoryBlobs."""

    def __init__(self, blobs: MemoryBlobs, name: str) -> None:
        self._blobs = blobs
        self._name = name

    async def write(self, octets: bytes) -> None:
        self._blobs.unsynced[self._name] += octets

    async def sync(self) -> None:
        self._blobs.files[self._name] = bytes(self._blobs.unsynced.pop(self._name))

    async def discard(self) -> None:
        self._blobs.unsynced.pop(self._name, None)
