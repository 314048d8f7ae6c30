"""MD5 that goes on from a stored state, which hashlib cannot. RFC 1321 section 3.

CRAM-MD5 is checked with the states behind the two padded halves of a password (RFC 2195 section 2).
A block of 64 octets takes some 30 microseconds: enough for that, and for nothing else.
"""

import struct
from itertools import chain, repeat

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
# The whole parts of 2^32 times abs(sin(1 ... 64)). RFC 1321 section 3.4.
_SINES = (
    *(
        0xD76AA478,
        0xE8C7B756,
        0x242070DB,
        0xC1BDCEEE,
        0xF57C0FAF,
        0x4787C62A,
        0xA8304613,
        0xFD469501,
    ),
    *(
        0x698098D8,
        0x8B44F7AF,
        0xFFFF5BB1,
        0x895CD7BE,
        0x6B901122,
        0xFD987193,
        0xA679438E,
        0x49B40821,
    ),
    *(
        0xF61E2562,
        0xC040B340,
        0x265E5A51,
        0xE9B6C7AA,
        0xD62F105D,
        0x02441453,
        0xD8A1E681,
        0xE7D3FBC8,
    ),
    *(
        0x21E1CDE6,
        0xC33707D6,
        0xF4D50D87,
        0x455A14ED,
        0xA9E3E905,
        0xFCEFA3F8,
        0x676F02D9,
        0x8D2A4C8A,
    ),
    *(
        0xFFFA3942,
        0x8771F681,
        0x6D9D6122,
        0xFDE5380C,
        0xA4BEEA44,
        0x4BDECFA9,
        0xF6BB4B60,
        0xBEBFBC70,
    ),
    *(
        0x289B7EC6,
        0xEAA127FA,
        0xD4EF3085,
        0x04881D05,
        0xD9D4D039,
        0xE6DB99E5,
        0x1FA27CF8,
        0xC4AC5665,
    ),
    *(
        0xF4292244,
        0x432AFF97,
        0xAB9423A7,
        0xFC93A039,
        0x655B59C3,
        0x8F0CCC92,
        0xFFEFF47D,
        0x85845DD1,
    ),
    *(
        0x6FA87E4F,
        0xFE2CE6E0,
        0xA3014314,
        0x4E0811A1,
        0xF7537E82,
        0xBD3AF235,
        0x2AD7D2BB,
        0xEB86D391,
    ),
)
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
