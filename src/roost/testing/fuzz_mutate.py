"""Inputs that are nearly right, and the smallest of those that break something."""

from collections.abc import Callable, Sequence

from roost.ports.random import Random

MAX_OCTETS = 8_192
_TOKENS = (
    b"\r", b"\n", b"\r\n", b"\0", b'"', b"(", b")", b"[", b"]", b"{9}", b"{9+}\r\n", b"~{3+}\r\n",
    b"--x", b"\\", b"=?", b"?=", b";", b"*", b"$", b"%", b"&", b"-", b":", b",", b"<", b">", b" ",
    b"\xff", b"\xc3\xbc", b"NIL", b"UID ", b"0", b"4294967295", b"18446744073709551616",
)  # fmt: skip


def mutate(random: Random, seeds: Sequence[bytes]) -> bytes:
    """One of the seeds, changed in a few places, at times with a piece of another."""
    octets = bytearray(random.pick(seeds))
    for _ in range(1 + random.below(8)):
        _change(random, octets, seeds)
    return bytes(octets[:MAX_OCTETS])


def _change(random: Random, octets: bytearray, seeds: Sequence[bytes]) -> None:
    at = random.below(len(octets) + 1)
    match random.below(7):
        case 0:
            octets[at:at] = random.octets(1 + random.below(7))
        case 1:
            del octets[at : at + 1 + random.below(20)]
        case 2:
            octets[at:at] = octets[at : at + 1 + random.below(60)]
        case 3:
            octets[at:at] = random.pick(_TOKENS)
        case 4:
            octets[at : at + 1] = random.octets(1)
        case 5:
            lines = random.pick(seeds).splitlines(keepends=True)
            octets[at:at] = random.pick(lines) if lines else b""
        case _:
            lines = bytes(octets).splitlines(keepends=True)
            if lines:
                lines.insert(random.below(len(lines) + 1), random.pick(lines))
            octets[:] = b"".join(lines)


def smallest(octets: bytes, breaks: Callable[[bytes], bool], tries: int = 500) -> bytes:
    """The least of these octets that still breaks, as far as so many tries lead."""
    size = len(octets) // 2
    while size and tries:
        at = 0
        while at < len(octets) and tries:
            tries -= 1
            less = octets[:at] + octets[at + size :]
            if breaks(less):
                octets = less
            else:
                at += size
        size //= 2
    return octets
