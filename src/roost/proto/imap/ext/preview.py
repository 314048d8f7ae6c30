"""PREVIEW: the first words of a message. RFC 8970."""

import re
from dataclasses import dataclass
from typing import Final

from roost.proto.imap.extension import Extension
from roost.proto.imap.spelling import nstring
from roost.proto.imap.token import Cursor

MAX_CHARACTERS: Final = 200  # RFC 8970 section 3.3

# A list behind PREVIEW alone may be that of the FETCH modifiers, hence nothing but LAZY is taken.
_LAZY = re.compile(rb" \(LAZY\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PreviewItem:
    """PREVIEW of FETCH. lazy: only if it costs nothing, else NIL. RFC 8970 sections 3.1 and 4."""

    lazy: bool = False


def parse_preview(cursor: Cursor) -> PreviewItem:
    """Read what follows PREVIEW of FETCH: nothing, or LAZY in parentheses."""
    return PreviewItem(lazy=cursor.take(_LAZY) is not None)


def preview_item(text: str | None, *, utf8: bool) -> bytes:
    """PREVIEW of a FETCH response, cut to MAX_CHARACTERS; NIL where there is none yet."""
    octets = None if text is None else text[:MAX_CHARACTERS].encode()
    return b"PREVIEW " + nstring(octets, utf8=utf8)


PREVIEW = Extension(
    name="preview", rfc=8970, capabilities=("PREVIEW",), fetch_items={"PREVIEW": parse_preview}
)
