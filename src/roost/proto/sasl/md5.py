"""MD5 that goes on from a stored state, which hashlib cannot. RFC 1321 section 3.

CRAM-MD5 is checked with the states behind the two padded halves of a password (RFC 2195 section 2).
A block of 64 octets takes some 30 microseconds: enough for that, and for nothing else.
"""

import struct
from itertools import chain, repeat
from math import sin

BLOCK_OCTETS = 64
_WORDS = struct.Struct("<4I")
_BLOCK = struct.Struct("<16I")
_MASK = 0xFFFFFFFF

START = _WORDS.pack(0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)

_SHIFTS = tuple(
    chain.from_iterable(
        chain.from_iterable(repeat(four, 4))
        for four in ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21))
    )
)
_INDEXES = (
    *range(16),
    *((5 * i + 1) % 16 for i in range(16)),
    *((3 * i + 5) % 16 for i in range(16)),
    *(7 * i % 16 for i in range(16)),
)
# RFC 1321 section 3.4.
_SINES = tuple(int(abs(sin(number)) * 2**32) for number in range(1, 65))
_STEPS = tuple(zip(_INDEXES, _SINES, _SHIFTS, strict=True))
_ROUNDS = (_STEPS[:16], _STEPS[16:32], _STEPS[32:48], _STEPS[48:])


def compress(state: bytes, block: bytes) -> bytes:
    """The state (16 octets) behind one more block of 64 octets."""
    words = _BLOCK.unpack(block)
    a, b, c, d = start = _WORDS.unpack(state)
    for number, steps in enumerate(_ROUNDS):
        for index, sine, shift in steps:
            if number == 0:
                mixed = d ^ (b & (c ^ d))
            elif number == 1:
                mixed = c ^ (d & (b ^ c))
            elif number == 2:
                mixed = b ^ c ^ d
            else:
                mixed = c ^ (b | (d ^ _MASK))
            turned = (a + mixed + sine + words[index]) & _MASK
            turned = (turned << shift | turned >> (32 - shift)) + b & _MASK
            a, b, c, d = d, turned, b, c
    return _WORDS.pack(*(x + y & _MASK for x, y in zip(start, (a, b, c, d), strict=True)))


def finish(state: bytes, octets: bytes, *, before: int = BLOCK_OCTETS) -> bytes:
    """The digest of what led to `state`, then `octets`.

    before: how many octets led to the state, a multiple of 64.
    """
    bits = (before + len(octets)) * 8
    padded = octets + b"\x80" + bytes((55 - len(octets)) % BLOCK_OCTETS) + struct.pack("<Q", bits)
    for start in range(0, len(padded), BLOCK_OCTETS):
        state = compress(state, padded[start : start + BLOCK_OCTETS])
    return state
