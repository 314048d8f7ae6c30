"""Transfer encodings undone piece by piece, for parts too large to be held. RFC 3516 section 4."""

import re

from roost.proto.mime.decode import decode_transfer

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
# What may turn out to be part of an escape, or white space that ends the line.
_OPEN_END = re.compile(rb"(?:=[^ ]?|[ \t])+\Z", re.DOTALL)
_OPEN_OCTETS = 4_096
_LONGEST_LINE = 1 << 20

BASE64 = b"base64"
QUOTED_PRINTABLE = b"quoted-printable"
BY_PIECES = frozenset({BASE64, QUOTED_PRINTABLE})


class PieceDecoder:
    """Decodes a body that comes in pieces, to what `decode_transfer` makes of the whole."""

    def __init__(self, encoding: bytes) -> None:
        """encoding: one of BY_PIECES."""
        self._encoding = encoding
        self._split = _whole_quartets if encoding == BASE64 else _whole_lines
        self._left = b""

    def feed(self, octets: bytes) -> bytes:
        """What can be decoded by now."""
        ready, self._left = self._split(self._left + octets)
        return decode_transfer(ready, self._encoding)

    def end(self) -> bytes:
        """What is left."""
        left, self._left = self._left, b""
        return decode_transfer(left, self._encoding)


def _whole_quartets(octets: bytes) -> tuple[bytes, bytes]:
    """Up to the last padding, or as many letters as make whole octets."""
    letters = _NOT_BASE64.sub(b"", octets)
    padded = letters.rfind(b"=") + 1
    end = padded + (len(letters) - padded) // 4 * 4
    return letters[:end], letters[end:]


def _whole_lines(octets: bytes) -> tuple[bytes, bytes]:
    end = octets.rfind(b"\n") + 1
    if not end and len(octets) > _LONGEST_LINE:
        found = _OPEN_END.search(octets, len(octets) - _OPEN_OCTETS)
        end = found.start() if found else len(octets)
    return octets[:end], octets[end:]
