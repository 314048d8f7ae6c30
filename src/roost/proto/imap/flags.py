"""Flags and keywords: the bits of those we know, and their names on the wire.

RFC 9051 section 2.3.2; keywords of RFC 5788 and RFC 8457.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from roost.proto.imap.error import BadSyntax, OverLimit

SEEN = 1
ANSWERED = 2
FLAGGED = 4
DELETED = 8
DRAFT = 16
FORWARDED = 32
JUNK = 64
NOT_JUNK = 128
PHISHING = 256
MDN_SENT = 512
IMPORTANT = 1024

MAX_KEYWORD_OCTETS = 255  # RFC 8621 section 4.1.1 allows no more
MAX_KEYWORDS = 100

SYSTEM_FLAGS: tuple[tuple[int, bytes], ...] = (
    (SEEN, rb"\Seen"),
    (ANSWERED, rb"\Answered"),
    (FLAGGED, rb"\Flagged"),
    (DELETED, rb"\Deleted"),
    (DRAFT, rb"\Draft"),
)
KNOWN_KEYWORDS: tuple[tuple[int, bytes], ...] = (
    (FORWARDED, b"$Forwarded"),
    (JUNK, b"$Junk"),
    (NOT_JUNK, b"$NotJunk"),
    (PHISHING, b"$Phishing"),
    (MDN_SENT, b"$MDNSent"),
    (IMPORTANT, b"$Important"),
)
KNOWN_FLAGS = SYSTEM_FLAGS + KNOWN_KEYWORDS

ALL_BITS = sum(bit for bit, _ in KNOWN_FLAGS)

_BITS = {name.lower(): bit for bit, name in KNOWN_FLAGS}
_KEYWORD = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\\]]+')


class Flags(NamedTuple):
    """Flags of a message. bits: of those above; keywords: all others, lower case, ascending."""

    bits: int = 0
    keywords: tuple[str, ...] = ()


def parse_flags(names: Iterable[bytes]) -> Flags:
    r"""Read flags as a client names them; `\Recent`, which nobody can set, counts for nothing.

    Raises BadSyntax for a system flag that does not exist and for what is no keyword, OverLimit
    for too long or too many keywords; the offset is that of the name among its fellows, parted by
    one space.
    """
    bits = at = 0
    keywords: set[str] = set()
    for name in names:
        folded = name.lower()
        if (bit := _BITS.get(folded)) is not None:
            bits |= bit
        elif folded != rb"\recent":
            keywords.add(_keyword(folded, at))
        at += len(name) + 1
    if len(keywords) > MAX_KEYWORDS:
        raise OverLimit("too many keywords", 0)
    return Flags(bits, tuple(sorted(keywords)))


def bit_of(name: bytes) -> int | None:
    """The bit of a flag or known keyword; None for any other keyword."""
    return _BITS.get(name.lower())


@lru_cache(maxsize=4096)
def spell_flags(bits: int, keywords: tuple[str, ...] = (), recent: bool = False) -> bytes:
    r"""The parenthesised list of flags. recent: `\Recent` stands first (IMAP4rev1 only).

    Messages share few combinations, so nearly all calls are answered from a cache.
    """
    names = [rb"\Recent"] if recent else []
    names += [name for bit, name in KNOWN_FLAGS if bits & bit]
    names += [keyword.encode("ascii") for keyword in keywords]
    return b"(" + b" ".join(names) + b")"


def spell_permanent(
    keywords: Iterable[str] = (), *, bits: int = ALL_BITS, new_keywords: bool = True
) -> bytes:
    r"""Flags we know and these keywords as a list for FLAGS and PERMANENTFLAGS.

    bits: which of those we know. new_keywords: whether `\*` closes the list, which means that
    others can be made.
    """
    names = [name for bit, name in KNOWN_FLAGS if bits & bit]
    names += [keyword.encode("ascii") for keyword in keywords]
    if new_keywords:
        names.append(rb"\*")
    return b"(" + b" ".join(names) + b")"


def _keyword(folded: bytes, offset: int) -> str:
    if folded.startswith(b"\\"):
        raise BadSyntax("there is no such system flag", offset)
    if _KEYWORD.fullmatch(folded) is None:
        raise BadSyntax("a keyword is an atom", offset)
    if len(folded) > MAX_KEYWORD_OCTETS:
        raise OverLimit("a keyword has at most 255 octets", offset)
    return folded.decode("ascii")
