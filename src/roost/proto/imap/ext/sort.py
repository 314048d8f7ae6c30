"""SORT. RFC 5256; with RETURN as ESORT and CONTEXT=SORT add it: RFC 5267 section 3."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from roost.proto.imap.command import Arguments
from roost.proto.imap.core.search import (
    KeyParser,
    SearchKey,
    SearchReturn,
    parse_charset,
    parse_return,
)
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.sequence import spell_in_order
from roost.proto.imap.state import SELECTED
from roost.proto.imap.token import Cursor

MAX_CRITERIA = 20


class SortKey(Enum):
    """What is compared. RFC 5256 section 3; the last two: RFC 5957 section 4."""

    ARRIVAL = "ARRIVAL"
    CC = "CC"
    DATE = "DATE"
    FROM = "FROM"
    SIZE = "SIZE"
    SUBJECT = "SUBJECT"
    TO = "TO"
    DISPLAY_FROM = "DISPLAYFROM"
    DISPLAY_TO = "DISPLAYTO"


@dataclass(frozen=True, slots=True)
class SortCriterion:
    """One key; reverse: the highest first."""

    key: SortKey
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Sort(Arguments):
    """SORT. criteria: the first one counts most; whatever is equal stands in mailbox order.

    returns: None without RETURN, when the plain SORT response is the answer.
    """

    criteria: tuple[SortCriterion, ...]
    key: SearchKey
    returns: SearchReturn | None = None


_KEYS = {key.value: key for key in SortKey}
_DISPLAY = frozenset({SortKey.DISPLAY_FROM, SortKey.DISPLAY_TO})


def parse_sort(cursor: Cursor, grammar: Grammar) -> Sort:
    """Read the arguments of SORT. Raises as `core.search.parse_search`."""
    cursor.sp()
    returns = None
    if grammar.has("ESORT") or grammar.has("CONTEXT=SORT"):
        returns = parse_return(cursor, grammar)
    criteria = tuple(cursor.listed(lambda: _criterion(cursor, grammar), MAX_CRITERIA))
    cursor.sp()
    parse_charset(cursor)
    cursor.sp()
    return Sort(criteria, KeyParser(cursor, grammar).program(), returns)


def sort(numbers: Sequence[int], *, modseq: int | None = None) -> bytes:
    """SORT: the messages in their order, on one line. RFC 5256 section 4.

    modseq: the highest of those found, if MODSEQ was searched for (RFC 7162 section 3.1.6).
    """
    if not numbers:
        return b"* SORT\r\n"
    tail = "" if modseq is None else f" (MODSEQ {modseq})"
    return f"* SORT {' '.join(map(str, numbers))}{tail}\r\n".encode("ascii")


def sorted_all_item(numbers: Sequence[int]) -> bytes:
    """ALL of an ESEARCH response that keeps the order, not for none. RFC 5267 section 3.2."""
    return b"ALL " + spell_in_order(numbers)


def _criterion(cursor: Cursor, grammar: Grammar) -> SortCriterion:
    reverse = cursor.next_word() == "REVERSE"
    if reverse:
        cursor.word()
        cursor.sp()
    start = cursor.offset
    key = _KEYS.get(cursor.word("a sort key is missing"))
    if key is None or (key in _DISPLAY and not grammar.has("SORT=DISPLAY")):
        raise BadSyntax("there is no such sort key", start)
    return SortCriterion(key, reverse)


SORT = Extension(
    name="sort",
    rfc=5256,
    capabilities=("SORT",),
    parsers={"SORT": parse_sort, "UID SORT": parse_sort},
    states={"SORT": SELECTED},
)
