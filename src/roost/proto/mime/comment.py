"""Comments in structured fields. RFC 5322 section 3.2.2."""

import re

_MARK = re.compile(rb'\\.|["()]', re.DOTALL)
_IN_COMMENT = re.compile(rb"\\.|[()]", re.DOTALL)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)


def comment_end(raw: bytes, start: int) -> int:
    """Where the comment that opens at `start` ends, after its parenthesis; comments nest.

    The end of `raw` for a comment that is never closed.
    """
    depth = 0
    for mark in _IN_COMMENT.finditer(raw, start):
        if mark[0] == b"(":
            depth += 1
        elif mark[0] == b")":
            depth -= 1
            if depth == 0:
                return mark.end()
    return len(raw)


def strip_comments(raw: bytes) -> bytes:
    """`raw` with a space for each comment outside quoted strings."""
    if b"(" not in raw:
        return raw
    kept: list[bytes] = []
    start, quoted, position = 0, False, 0
    while mark := _MARK.search(raw, position):
        position = mark.end()
        if mark[0] == b'"':
            quoted = not quoted
        elif mark[0] == b"(" and not quoted:
            kept += (raw[start : mark.start()], b" ")
            start = position = comment_end(raw, mark.start())
    kept.append(raw[start:])
    return b"".join(kept)


def unescape(text: bytes) -> bytes:
    """The octets that quoted pairs in `text` stand for. RFC 5322 section 3.2.1."""
    return _ESCAPE.sub(rb"\1", text) if b"\\" in text else text
