"""CONTEXT=SEARCH and CONTEXT=SORT: results that are kept up to date. RFC 5267 section 4.

A grammar with one of them has PARTIAL as well, which both of them promise (section 4.4).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from roost.proto.imap.command import Arguments
from roost.proto.imap.core.fetch import FetchItem, parse_items
from roost.proto.imap.error import OverLimit
from roost.proto.imap.extension import Extension, Grammar, without_value
from roost.proto.imap.response import Code
from roost.proto.imap.sequence import spell_in_order
from roost.proto.imap.spelling import string
from roost.proto.imap.state import SELECTED
from roost.proto.imap.token import Cursor

MAX_TAGS = 100
MAX_TAG_OCTETS = 1000

# Where to put or take, counted from 1, or 0 for anywhere in mailbox order; and which messages.
Change = tuple[int, Sequence[int]]


@dataclass(frozen=True, slots=True)
class ContextReturn:
    """CONTEXT of RETURN: the same will be searched for again. RFC 5267 section 4.2."""


@dataclass(frozen=True, slots=True)
class UpdateReturn:
    """UPDATE of RETURN: tell how the result changes. RFC 5267 section 4.3.

    items: to FETCH of each message that comes in, where NOTIFY is known (RFC 5465 section 8).
    """

    items: tuple[FetchItem, ...] = ()


@dataclass(frozen=True, slots=True)
class CancelUpdate(Arguments):
    """CANCELUPDATE. tags: of the commands that asked for UPDATE. RFC 5267 section 4.3.5."""

    tags: tuple[bytes, ...]


def parse_update(cursor: Cursor, grammar: Grammar) -> UpdateReturn:
    """Read what follows UPDATE: nothing, or FETCH items in parentheses behind a space or none."""
    if not grammar.has("NOTIFY") or not (cursor.peek(b" (") or cursor.peek(b"(")):
        return UpdateReturn()
    cursor.skip(b" ")
    return UpdateReturn(parse_items(cursor, grammar))


def parse_cancel_update(cursor: Cursor, grammar: Grammar) -> CancelUpdate:  # noqa: ARG001
    """Read the arguments of CANCELUPDATE."""
    tags: list[bytes] = []
    while not tags or not cursor.at_end():
        cursor.sp()
        if len(tags) == MAX_TAGS:
            raise OverLimit("too many tags", cursor.offset)
        start = cursor.offset
        tags.append(cursor.string("a quoted tag is missing"))
        if len(tags[-1]) > MAX_TAG_OCTETS:
            raise OverLimit("the tag is too long", start)
    return CancelUpdate(tuple(dict.fromkeys(tags)))


def add_to_item(changes: Iterable[Change]) -> bytes:
    """ADDTO of an ESEARCH response, at least one change. RFC 5267 section 4.3.3."""
    return b"ADDTO " + _spell(changes)


def remove_from_item(changes: Iterable[Change]) -> bytes:
    """REMOVEFROM of an ESEARCH response, at least one change. RFC 5267 section 4.3.4."""
    return b"REMOVEFROM " + _spell(changes)


def no_update_code(tag: bytes) -> Code:
    """NOUPDATE for an untagged NO: this search is not kept up to date. RFC 5267 section 4.3.1."""
    return Code(b"NOUPDATE " + string(tag))


def _spell(changes: Iterable[Change]) -> bytes:
    pairs = (b"%d %b" % (position, spell_in_order(numbers)) for position, numbers in changes)
    return b"(" + b" ".join(pairs) + b")"


CONTEXT_SEARCH = Extension(
    name="context",
    rfc=5267,
    capabilities=("CONTEXT=SEARCH",),
    parsers={"CANCELUPDATE": parse_cancel_update},
    states={"CANCELUPDATE": SELECTED},
    search_returns={"CONTEXT": without_value(ContextReturn())},
    nested_search_returns={"UPDATE": parse_update},
)

# Stands beside SORT and CONTEXT_SEARCH, with whose grammar it works.
CONTEXT_SORT = Extension(name="context of sort", rfc=5267, capabilities=("CONTEXT=SORT",))
