"""PARTIAL: results of SEARCH, SORT and FETCH by the page. RFC 9394, RFC 5267 section 4.4."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from roost.proto.imap.error import BadSyntax
from roost.proto.imap.extension import Extension
from roost.proto.imap.sequence import MAX_NUMBER, spell_in_order
from roost.proto.imap.token import Cursor

_RANGE = re.compile(rb"(-?)([0-9]{1,10}):(-?)([0-9]{1,10})(?![0-9])")


@dataclass(frozen=True, slots=True)
class PartialRange:
    """Which of the results: 1 is the first, -1 the last; both ends included, in any order.

    Both ends count from the same side. The same class is the RETURN option and the FETCH modifier.
    """

    first: int
    last: int

    def of(self, count: int) -> slice:
        """Where the page lies among so many results; empty when it lies beyond them."""
        low, high = sorted((abs(self.first), abs(self.last)))
        if self.first > 0:
            return slice(min(low - 1, count), min(high, count))
        return slice(max(count - high, 0), max(count - low + 1, 0))

    def spell(self) -> bytes:
        """The range as the client wrote it, but for leading zeros."""
        return b"%d:%d" % (self.first, self.last)


def parse_partial(cursor: Cursor) -> PartialRange:
    """Read what follows PARTIAL."""
    cursor.sp()
    start = cursor.offset
    found = cursor.match(_RANGE, "a range such as 1:100 or -1:-100 is missing")
    first, last = int(found[2]), int(found[4])
    if found[1] != found[3] or not (0 < first <= MAX_NUMBER and 0 < last <= MAX_NUMBER):
        raise BadSyntax("a range such as 1:100 or -1:-100 is missing", start)
    return PartialRange(-first, -last) if found[1] else PartialRange(first, last)


def partial_item(asked: PartialRange, numbers: Sequence[int]) -> bytes:
    """PARTIAL of an ESEARCH response. numbers: of this page, in order; NIL for none."""
    return b"PARTIAL (%b %b)" % (asked.spell(), spell_in_order(numbers) if numbers else b"NIL")


PARTIAL = Extension(
    name="partial",
    rfc=9394,
    capabilities=("PARTIAL",),
    uid_fetch_modifiers={"PARTIAL": parse_partial},
    search_returns={"PARTIAL": parse_partial},
)
