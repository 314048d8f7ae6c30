"""ID. RFC 2971."""

from dataclasses import dataclass

from roost.proto.imap.command import Arguments
from roost.proto.imap.error import OverLimit
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.token import Cursor

MAX_FIELDS = 30  # RFC 2971 section 3.3, as the two below
MAX_NAME_OCTETS = 30
MAX_VALUE_OCTETS = 1024


@dataclass(frozen=True, slots=True)
class Id(Arguments):
    """ID. fields: name in lower case and value; none for NIL."""

    fields: tuple[tuple[str, str | None], ...] = ()


def parse_id(cursor: Cursor, grammar: Grammar) -> Id:  # noqa: ARG001
    """Read the argument of ID. Text that is not UTF-8 is read with replacement characters."""
    cursor.sp()
    if not cursor.peek(b"("):
        if cursor.nstring() is not None:
            cursor.fail("a list or NIL is missing")
        return Id()

    def field() -> tuple[str, str | None]:
        name = _bounded(cursor.string(), MAX_NAME_OCTETS, cursor).lower()
        cursor.sp()
        value = cursor.nstring()
        return name, None if value is None else _bounded(value, MAX_VALUE_OCTETS, cursor)

    return Id(tuple(cursor.listed(field, MAX_FIELDS, empty=True)))


def _bounded(octets: bytes, most: int, cursor: Cursor) -> str:
    if len(octets) > most:
        raise OverLimit("a field of ID is too long", cursor.offset)
    return octets.decode(errors="replace")


ID = Extension(name="id", rfc=2971, capabilities=("ID",), parsers={"ID": parse_id})
