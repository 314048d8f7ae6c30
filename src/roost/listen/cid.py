"""Names of connections: a counter that nobody outside can read or foresee."""

import base64
import binascii
from hashlib import blake2s
from itertools import count

# Sixty bits are ten characters of base64url, and every connection for a million years.
_HALF_BITS = 30
_HALF_MASK = (1 << _HALF_BITS) - 1
_ROUNDS = range(4)
_LENGTH = 10


class ConnectionIds:
    """Hands out ids of ten URL-safe characters and reads them back.

    key: the installation's own, 16 to 32 octets; the same key decodes what it made.
    first: where the counter begins. The time of the start in milliseconds keeps the ids of
        different runs apart, and a decoded id then tells about when its connection came.

    The counter goes through a Feistel network of four keyed rounds (Luby and Rackoff), which is a
    permutation: ids never meet, and without the key they tell nothing.
    """

    def __init__(self, key: bytes, first: int = 1) -> None:
        self._keys = [blake2s(bytes([each]), key=key).digest() for each in _ROUNDS]
        self._count = count(first)

    def next(self) -> str:
        """The id of the next connection."""
        return self.encode(next(self._count))

    def encode(self, number: int) -> str:
        """The id of connection `number`, which is below 2^60."""
        left, right = number >> _HALF_BITS & _HALF_MASK, number & _HALF_MASK
        for key in self._keys:
            left, right = right, left ^ _mix(key, right)
        octets = ((left << _HALF_BITS | right) << 4).to_bytes(8)
        return base64.urlsafe_b64encode(octets)[:_LENGTH].decode("ascii")

    def decode(self, text: str) -> int:
        """The number of a connection; ValueError when `text` is no id."""
        try:
            octets = base64.b64decode(text.encode("ascii") + b"A=", b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error):
            octets = b""
        if len(text) != _LENGTH or len(octets) != 8:
            raise ValueError("a connection id has ten characters: letters, digits, - and _")
        mixed = int.from_bytes(octets) >> 4
        left, right = mixed >> _HALF_BITS, mixed & _HALF_MASK
        for key in reversed(self._keys):
            left, right = right ^ _mix(key, left), left
        return left << _HALF_BITS | right


def _mix(key: bytes, half: int) -> int:
    return int.from_bytes(blake2s(half.to_bytes(4), key=key, digest_size=4).digest()) & _HALF_MASK
