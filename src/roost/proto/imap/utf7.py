"""Modified UTF-7, the spelling of mailbox names in IMAP4rev1. RFC 3501 section 5.1.3."""

import binascii
import re

from roost.proto.imap.error import BadMailboxName

_DIRECT = re.compile(rb"[\x20-\x25\x27-\x7e]*")
_SHIFTED = re.compile(rb"&([A-Za-z0-9+,]*)-")
_ENCODED = re.compile(r"&|[^\x20-\x7e]+")
_PRINTABLE = re.compile(r"[\x20-\x7e]")


def encode(name: str) -> bytes:
    """Spell a name. UnicodeEncodeError for a lone surrogate, which no decoder here gives out."""
    if name.isascii() and name.isprintable() and "&" not in name:
        return name.encode("ascii")
    return _ENCODED.sub(_shift, name).encode("ascii")


def decode(octets: bytes) -> str:
    """Read a name.

    Superfluous shifts (`-&`) are put right. Raises BadMailboxName with the offset of what is not
    modified UTF-7: octets outside printable ASCII, an open shift, broken base64 or UTF-16, and
    printable ASCII inside a shift, except for `&`.
    """
    parts: list[str] = []
    at = 0
    while True:
        direct = _DIRECT.match(octets, at)
        assert direct is not None
        parts.append(direct[0].decode("ascii"))
        at = direct.end()
        if at == len(octets):
            return "".join(parts)
        shifted = _SHIFTED.match(octets, at)
        if shifted is None:
            raise BadMailboxName("the mailbox name is not modified UTF-7", at)
        parts.append(_unshift(shifted[1], at))
        at = shifted.end()


def _shift(found: re.Match[str]) -> str:
    if found[0] == "&":
        return "&-"
    base64 = binascii.b2a_base64(found[0].encode("utf-16-be"), newline=False)
    return "&" + base64.decode("ascii").rstrip("=").replace("/", ",") + "-"


def _unshift(base64: bytes, offset: int) -> str:
    if not base64:
        return "&"
    padded = base64.replace(b",", b"/") + b"=" * (-len(base64) % 4)
    try:
        units = binascii.a2b_base64(padded, strict_mode=True)
        text = units.decode("utf-16-be")
    except ValueError:
        raise BadMailboxName("the mailbox name is not modified UTF-7", offset) from None
    canonical = binascii.b2a_base64(units, newline=False).rstrip(b"=") == padded.rstrip(b"=")
    if not canonical or _PRINTABLE.search(text) is not None:
        raise BadMailboxName("the mailbox name is not canonical modified UTF-7", offset)
    return text
