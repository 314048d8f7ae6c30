"""Flags and keywords of a message, as a row holds them.

System flags and registered keywords are bits of one number, all other keywords one text: lower
case, sorted, one space between. Case never matters (RFC 9051 section 2.3.2, RFC 8621 section
4.1.1).
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import NamedTuple

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

READ = SEEN | DRAFT  # either makes an email not unread (RFC 8621 section 2)

# Spelled as IMAP spells them, in the order of their bits.
NAMES = (
    (SEEN, "\\Seen"),
    (ANSWERED, "\\Answered"),
    (FLAGGED, "\\Flagged"),
    (DELETED, "\\Deleted"),
    (DRAFT, "\\Draft"),
    (FORWARDED, "$Forwarded"),
    (JUNK, "$Junk"),
    (NOT_JUNK, "$NotJunk"),
    (PHISHING, "$Phishing"),
    (MDN_SENT, "$MDNSent"),
    (IMPORTANT, "$Important"),
)
_BITS = MappingProxyType({name.lower(): bit for bit, name in NAMES})


class Flags(NamedTuple):
    """What is set on a message: bits, and other keywords as one text."""

    bits: int = 0
    keywords: str = ""


NO_FLAGS = Flags()


class Changeable(NamedTuple):
    """Which flags may be set and cleared. bits: of these; keywords: whether others."""

    bits: int
    keywords: bool

    def within(self, flags: Flags) -> Flags:
        """Those of some flags that may be."""
        return Flags(flags.bits & self.bits, flags.keywords if self.keywords else "")


EVERY_FLAG = Changeable(sum(bit for bit, _ in NAMES), keywords=True)


def parse_flags(names: Iterable[str]) -> Flags:
    """The flags of these names in any case; an unknown name is a keyword. Names hold no space."""
    bits = 0
    others = set()
    for name in names:
        lower = name.lower()
        bit = _BITS.get(lower)
        if bit is None:
            others.add(lower)
        else:
            bits |= bit
    return Flags(bits, " ".join(sorted(others)))


def flag_names(flags: Flags) -> list[str]:
    """The names of these flags, system flags first; keywords in lower case."""
    return [name for bit, name in NAMES if flags.bits & bit] + flags.keywords.split()


def with_keywords(one: str, other: str) -> str:
    """The keywords of both texts."""
    if not other or one == other:
        return one
    if not one:
        return other
    return " ".join(sorted({*one.split(" "), *other.split(" ")}))


def without_keywords(one: str, other: str) -> str:
    """The keywords of `one` that are not in `other`."""
    if not one or not other:
        return one
    return " ".join(sorted({*one.split(" ")} - {*other.split(" ")}))
