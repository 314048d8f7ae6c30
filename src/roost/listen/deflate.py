"""DEFLATE on a connection, both directions, within bounds. RFC 4978."""

import zlib

# What one step inflates: a few octets may stand for a thousand times as many.
PIECE_OCTETS = 64 * 1024

# 8 KiB of window and as much for hashing: 64 KiB per connection instead of 256, and mail text
# shrinks nearly as well.
_WINDOW_BITS = -13
_MEMORY_LEVEL = 6
_ANY_WINDOW_BITS = -15


class BadDeflate(Exception):
    """The peer's octets are no DEFLATE stream, or it ended."""


class Deflater:
    """Compresses what we send; each piece can be read at once by the peer."""

    __slots__ = ("_stream",)

    def __init__(self) -> None:
        self._stream = zlib.compressobj(6, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL)

    def compress(self, octets: bytes) -> bytes:
        """The octets for the wire, ending in a flush. RFC 4978 section 3."""
        return self._stream.compress(octets) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class Inflater:
    """Expands what the peer sends, a bounded piece at a time."""

    __slots__ = ("_stream", "_waiting")

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_ANY_WINDOW_BITS)
        self._waiting = b""

    def put(self, octets: bytes) -> None:
        """Octets of the wire."""
        self._waiting = self._waiting + octets if self._waiting else octets

    def next(self) -> bytes | None:
        """At most PIECE_OCTETS of what was put; None when more must come first.

        Raises BadDeflate. A stream that ends is an error too: nothing could follow it.
        """
        try:
            piece = self._stream.decompress(self._waiting, PIECE_OCTETS)
        except zlib.error as error:
            raise BadDeflate(str(error)) from error
        self._waiting = self._stream.unconsumed_tail
        if self._stream.eof:
            raise BadDeflate("the DEFLATE stream ended")
        return piece or None
