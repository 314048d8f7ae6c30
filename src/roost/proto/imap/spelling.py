"""Strings, names and dates as a server writes them. RFC 9051 section 9."""

import re
from collections.abc import Iterable
from datetime import datetime

from roost.proto.imap.name import encode_name

MAX_QUOTED_OCTETS = 1024

_ATOM = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\]+')
_PLAIN = re.compile(rb'[^\x00\r\n"\\\x80-\xff]*')
_NOT_QUOTABLE = re.compile(rb"[\x00\r\n]")
_SPECIAL = re.compile(rb'(["\\])')
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun",
           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # fmt: skip


def literal(octets: bytes, *, binary: bool = False) -> bytes:
    """A literal, or a literal8, which alone may hold NUL."""
    return literal_head(len(octets), binary=binary) + octets


def literal_head(size_octets: int, *, binary: bool = False) -> bytes:
    """What stands before so many octets that follow as a stream."""
    return (b"~{%d}\r\n" if binary else b"{%d}\r\n") % size_octets


def string(octets: bytes, *, utf8: bool = False) -> bytes:
    """A quoted string where it can be one, else a literal.

    utf8: the client enabled UTF-8, so that octets above 127 may be quoted if they are UTF-8.
    Long strings are literals, so that nothing has to look at each of their octets.
    """
    if len(octets) > MAX_QUOTED_OCTETS:
        return literal(octets)
    if _PLAIN.fullmatch(octets) is not None:
        return b'"' + octets + b'"'
    if _NOT_QUOTABLE.search(octets) is not None or not (
        octets.isascii() or (utf8 and _is_utf8(octets))
    ):
        return literal(octets)
    return b'"' + _SPECIAL.sub(rb"\\\1", octets) + b'"'


def nstring(octets: bytes | None, *, utf8: bool = False) -> bytes:
    """A string, NIL for None."""
    return b"NIL" if octets is None else string(octets, utf8=utf8)


def astring(octets: bytes, *, utf8: bool = False) -> bytes:
    """An atom where it can be one, else a string. NIL is quoted, lest it be taken for nothing."""
    if _ATOM.fullmatch(octets) is not None and octets.upper() != b"NIL":
        return octets
    return string(octets, utf8=utf8)


def mailbox(name: str, *, utf8: bool) -> bytes:
    """A mailbox name. utf8: the client enabled UTF-8; else it is modified UTF-7."""
    return astring(encode_name(name, utf8=utf8), utf8=utf8)


def parenthesised(items: Iterable[bytes]) -> bytes:
    """A list of what is spelled already."""
    return b"(" + b" ".join(items) + b")"


def date_time(moment: datetime) -> bytes:
    """An aware date and time, quoted. RFC 9051 section 9, date-time."""
    offset = moment.utcoffset()
    assert offset is not None
    minutes = int(offset.total_seconds()) // 60
    hours, minutes_left = divmod(abs(minutes), 60)
    return (
        f'"{moment.day:02}-{_MONTHS[moment.month - 1]}-{moment.year:04} '
        f"{moment.hour:02}:{moment.minute:02}:{moment.second:02} "
        f'{"-" if minutes < 0 else "+"}{hours:02}{minutes_left:02}"'
    ).encode("ascii")


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True
