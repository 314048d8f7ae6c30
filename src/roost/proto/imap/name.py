"""Mailbox names between the wire and the server, and the patterns of LIST.

Inside, a name is text in normal form C with "/" between its levels and INBOX in upper case.
RFC 9051 sections 5.1 and 6.3.9.
"""

from unicodedata import normalize

from roost.proto.imap import utf7
from roost.proto.imap.error import BadMailboxName, OverLimit

INBOX = "INBOX"
SEPARATOR = "/"
MAX_PATTERN_CHARACTERS = 1000


def decode_name(octets: bytes, *, utf8: bool) -> str:
    """Read a mailbox name. utf8: whether the client enabled UTF-8, else it is modified UTF-7.

    Raises BadMailboxName with the offset of the first octet that is neither.
    """
    return canonical(decode_text(octets, utf8=utf8))


def decode_text(octets: bytes, *, utf8: bool) -> str:
    """As decode_name, but INBOX stays as it is written: for LIST patterns."""
    if not utf8:
        return normalize("NFC", utf7.decode(octets))
    try:
        return normalize("NFC", octets.decode())
    except UnicodeDecodeError as error:
        raise BadMailboxName("the mailbox name is not UTF-8", error.start) from None


def encode_name(name: str, *, utf8: bool) -> bytes:
    """The octets of a name, not yet quoted."""
    return name.encode() if utf8 else utf7.encode(name)


def canonical(name: str) -> str:
    """INBOX in any case becomes INBOX, also as the first level of a longer name."""
    first, separator, rest = name.partition(SEPARATOR)
    return INBOX + separator + rest if first.upper() == INBOX else name


def matches(pattern: str, name: str) -> bool:
    """Whether a LIST pattern names this mailbox: `*` is anything, `%` anything within a level.

    INBOX is found in any case. Time grows with pattern times name, never worse. Raises OverLimit
    for a pattern above MAX_PATTERN_CHARACTERS. RFC 9051 section 6.3.9.
    """
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise OverLimit("the pattern is too long")
    if _matches(canonical(pattern), name):
        return True
    return name == INBOX and _matches(pattern.upper(), name)


def _matches(pattern: str, name: str) -> bool:
    """Bit i of `reached` says that the pattern so far can end before character i of the name."""
    if "*" not in pattern and "%" not in pattern:
        return pattern == name
    at: dict[str, int] = {}
    for index, character in enumerate(name):
        at[character] = at.get(character, 0) | 1 << index
    everything = (1 << len(name) + 1) - 1
    separators = at.get(SEPARATOR, 0)
    reached = 1
    for character in pattern:
        if character == "*":
            reached = everything & -(reached & -reached)
        elif character == "%":
            reached = _within_level(reached, (everything >> 1) & ~separators)
        else:
            reached = (reached & at.get(character, 0)) << 1
        if not reached:
            return False
    return bool(reached >> len(name) & 1)


def _within_level(reached: int, passable: int) -> int:
    """Spread each bit upwards over the passable characters that follow it.

    An addition does it: the carry of a bit runs to the end of its run of passable characters.
    """
    inside = reached & passable
    return reached | ((inside + passable) ^ passable) | inside
