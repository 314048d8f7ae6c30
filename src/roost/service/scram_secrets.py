"""What SCRAM and CRAM-MD5 keep of a password. RFC 5802 section 3, RFC 2195 section 2.

Derived with OpenSSL's PBKDF2, which lets other threads run meanwhile.
"""

import hashlib
import hmac
import math
from dataclasses import dataclass, field

HASHES = {"SHA-1": "sha1", "SHA-256": "sha256"}

# RFC 7677 section 4: what a modern machine does in 0.1 s.
ITERATIONS = 15_000
SALT_OCTETS = 16

_MD5_BLOCK_OCTETS = 64
_WORD = 0xFFFFFFFF
_MD5_START = bytes.fromhex("0123456789abcdeffedcba9876543210")
_MD5_SHIFTS = ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21))
_MD5_STEPS = ((1, 0), (5, 1), (3, 5), (7, 0))  # RFC 1321 section 3.4: which word of the block


@dataclass(frozen=True, slots=True)
class ScramKeys:
    """StoredKey and ServerKey of one password; id names its credential. RFC 5802 section 3."""

    id: int
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CramMd5Key:
    """MD5's state behind each padded half of one password; id names its credential."""

    id: int
    inner: bytes = field(repr=False)
    outer: bytes = field(repr=False)


def scram_keys(hash_name: str, password: str, salt: bytes, iterations: int) -> tuple[bytes, bytes]:
    """StoredKey and ServerKey of a prepared password. hash_name: one of HASHES."""
    digest = HASHES[hash_name]
    salted = hashlib.pbkdf2_hmac(digest, password.encode(), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", digest)
    return hashlib.new(digest, client_key).digest(), hmac.digest(salted, b"Server Key", digest)


def cram_md5_states(password: str) -> tuple[bytes, bytes]:
    """MD5's state after the password with the inner and with the outer padding, 16 octets each.

    They are worth as much as the password for CRAM-MD5, and for nothing else.
    """
    key = password.encode()
    if len(key) > _MD5_BLOCK_OCTETS:
        key = hashlib.md5(key, usedforsecurity=False).digest()
    key = key.ljust(_MD5_BLOCK_OCTETS, b"\0")
    inner, outer = (
        md5_block(_MD5_START, bytes(octet ^ pad for octet in key)) for pad in (0x36, 0x5C)
    )
    return inner, outer


def md5_block(state: bytes, block: bytes) -> bytes:
    """MD5's state after one more block of 64 octets. RFC 1321 section 3.4.

    hashlib does not let a state out, nor in.
    """
    words = _words(block)
    start = a, b, c, d = _words(state)
    for step, constant in enumerate(_md5_constants()):
        turn, place = divmod(step, 16)
        factor, offset = _MD5_STEPS[turn]
        word = words[(factor * place + offset) % 16]
        total = (a + _md5_mix(turn, b, c, d) + word + constant) & _WORD
        shift = _MD5_SHIFTS[turn][place % 4]
        turned = (total << shift | total >> (32 - shift)) & _WORD
        a, b, c, d = d, (b + turned) & _WORD, b, c
    summed = zip((a, b, c, d), start, strict=True)
    return b"".join(((one + first) & _WORD).to_bytes(4, "little") for one, first in summed)


def _words(octets: bytes) -> list[int]:
    return [int.from_bytes(octets[at : at + 4], "little") for at in range(0, len(octets), 4)]


def _md5_mix(turn: int, b: int, c: int, d: int) -> int:
    """F, G, H and I of RFC 1321 section 3.4."""
    if turn == 0:
        return b & c | ~b & d
    if turn == 1:
        return b & d | c & ~d
    if turn == 2:
        return b ^ c ^ d
    return c ^ (b | ~d & _WORD)


def _md5_constants() -> list[int]:
    """The table T: the first 32 bits behind the point of abs(sin(1)) to abs(sin(64))."""
    return [int(abs(math.sin(number)) * (1 << 32)) for number in range(1, 65)]
