"""METADATA: notes on mailboxes and on the server. RFC 5464."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from roost.proto.imap.command import Arguments
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.response import Code
from roost.proto.imap.spelling import astring, literal, mailbox, nstring, parenthesised
from roost.proto.imap.state import AFTER_LOGIN
from roost.proto.imap.token import Cursor

MAX_ENTRIES = 100
MAX_OPTIONS = 10
MAX_ENTRY_OCTETS = 256
MAX_VALUE_OCTETS = 64 * 1024

TOO_MANY: Final = Code(b"METADATA TOOMANY")
NO_PRIVATE: Final = Code(b"METADATA NOPRIVATE")

_ENTRY = re.compile(rb"/(?:private|shared)(?:/[^\x00-\x1f*%/\x7f-\xff]+)+", re.IGNORECASE)


class ValueTooLarge(OverLimit):
    """A value has more than MAX_VALUE_OCTETS: NO [METADATA MAXSIZE n]. RFC 5464 section 4.3."""


class Depth(Enum):
    """How far below an entry GETMETADATA looks. RFC 5464 section 4.2.2."""

    ITSELF = "0"
    CHILDREN = "1"
    ALL = "INFINITY"


@dataclass(frozen=True, slots=True)
class GetMetadata(Arguments):
    """GETMETADATA. RFC 5464 section 4.2.

    mailbox: "" for the server. entries: lower case. max_size_octets: longer values are left out.
    """

    mailbox: str
    entries: tuple[str, ...]
    max_size_octets: int | None = None
    depth: Depth = Depth.ITSELF


@dataclass(frozen=True, slots=True)
class SetMetadata(Arguments):
    """SETMETADATA. RFC 5464 section 4.3.

    mailbox: "" for the server. values: entry in lower case and value, which may hold any octets;
    None removes the entry. Of an entry that is named twice the last value counts.
    """

    mailbox: str
    values: tuple[tuple[str, bytes | None], ...]


_Options = dict[str, int | Depth]


def parse_get_metadata(cursor: Cursor, grammar: Grammar) -> GetMetadata:  # noqa: ARG001
    """Read the arguments of GETMETADATA.

    Options stand before the mailbox (RFC 5464 section 5) or behind it, as its examples have it;
    entries with or without parentheses.
    """
    cursor.sp()
    options: _Options = {}
    if cursor.peek(b"("):
        options = _options(cursor)
        cursor.sp()
    name = cursor.mailbox()
    cursor.sp()
    if not options and cursor.peek(b"(") and not (cursor.peek(b"(/") or cursor.peek(b'("')):
        options = _options(cursor)
        cursor.sp()
    entries = _entries(cursor)
    max_size, depth = options.get("MAXSIZE"), options.get("DEPTH", Depth.ITSELF)
    assert not isinstance(max_size, Depth)
    assert isinstance(depth, Depth)
    return GetMetadata(name, entries, max_size, depth)


def parse_set_metadata(cursor: Cursor, grammar: Grammar) -> SetMetadata:  # noqa: ARG001
    """Read the arguments of SETMETADATA. Raises ValueTooLarge for a value that is too long."""
    cursor.sp()
    name = cursor.mailbox()
    cursor.sp()

    def pair() -> tuple[str, bytes | None]:
        entry = parse_entry(cursor)
        cursor.sp()
        start = cursor.offset
        value = cursor.nstring8()
        if value is not None and len(value) > MAX_VALUE_OCTETS:
            raise ValueTooLarge("the value is too large", start)
        return entry, value

    return SetMetadata(name, tuple(dict(cursor.listed(pair, MAX_ENTRIES)).items()))


def parse_entry(cursor: Cursor) -> str:
    """Read the name of an entry, in lower case. RFC 5464 section 3.2."""
    start = cursor.offset
    octets = cursor.astring("the name of an entry is missing")
    if _ENTRY.fullmatch(octets) is None:
        raise BadSyntax("this is no name of an entry", start)
    if len(octets) > MAX_ENTRY_OCTETS:
        raise OverLimit("the name of the entry is too long", start)
    return octets.lower().decode("ascii")


def parse_entry_list(cursor: Cursor) -> tuple[str, ...]:
    """Read names of entries in parentheses, each once."""
    return tuple(dict.fromkeys(cursor.listed(lambda: parse_entry(cursor), MAX_ENTRIES)))


def metadata_values(name: str, values: Iterable[tuple[str, bytes | None]], *, utf8: bool) -> bytes:
    """METADATA with values, at least one; NIL for None. RFC 5464 section 4.4.1.

    name: "" for the server.
    """
    pairs = parenthesised(
        astring(entry.encode("ascii")) + b" " + _spell_value(value, utf8=utf8)
        for entry, value in values
    )
    return b"* METADATA " + mailbox(name, utf8=utf8) + b" " + pairs + b"\r\n"


def metadata_changed(name: str, entries: Iterable[str], *, utf8: bool) -> bytes:
    """METADATA with the names of what changed, at least one. RFC 5464 section 4.4.2."""
    names = b" ".join(astring(entry.encode("ascii")) for entry in entries)
    return b"* METADATA " + mailbox(name, utf8=utf8) + b" " + names + b"\r\n"


def long_entries_code(octets: int) -> Code:
    """LONGENTRIES: the size of the largest value that MAXSIZE left out."""
    return Code(b"METADATA LONGENTRIES %d" % octets)


def max_size_code(octets: int) -> Code:
    """MAXSIZE: the largest value that would be taken."""
    return Code(b"METADATA MAXSIZE %d" % octets)


def _entries(cursor: Cursor) -> tuple[str, ...]:
    if cursor.peek(b"("):
        return parse_entry_list(cursor)
    entries = [parse_entry(cursor)]
    while cursor.skip(b" "):
        if len(entries) == MAX_ENTRIES:
            raise OverLimit("too many entries", cursor.offset)
        entries.append(parse_entry(cursor))
    return tuple(dict.fromkeys(entries))


def _options(cursor: Cursor) -> _Options:
    options: _Options = {}

    def option() -> None:
        start = cursor.offset
        name = cursor.label("an option is missing")
        if name not in ("MAXSIZE", "DEPTH") or name in options:
            raise BadSyntax("there is no such option, or it was said before", start)
        cursor.sp()
        options[name] = cursor.number() if name == "MAXSIZE" else _depth(cursor)

    cursor.listed(option, MAX_OPTIONS)
    return options


def _depth(cursor: Cursor) -> Depth:
    start = cursor.offset
    try:
        return Depth(cursor.word("a depth is missing"))
    except ValueError:
        raise BadSyntax("a depth is 0, 1 or infinity", start) from None


def _spell_value(value: bytes | None, *, utf8: bool) -> bytes:
    if value is not None and b"\0" in value:
        return literal(value, binary=True)
    return nstring(value, utf8=utf8)


METADATA = Extension(
    name="metadata",
    rfc=5464,
    capabilities=("METADATA",),
    enables=("METADATA",),
    parsers={"GETMETADATA": parse_get_metadata, "SETMETADATA": parse_set_metadata},
    states=dict.fromkeys(("GETMETADATA", "SETMETADATA"), AFTER_LOGIN),
)
