"""QRESYNC: a client learns at once what happened while it was away. RFC 7162 section 3.2.

It stands beside CONDSTORE in a grammar. That ENABLE QRESYNC came first is the session's to check.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from roost.proto.imap.core.fetch import Fetch
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext.condstore import ChangedSince
from roost.proto.imap.extension import Extension, without_value
from roost.proto.imap.sequence import Range, SequenceSet, ranges_of
from roost.proto.imap.token import Cursor

RANGES_PER_LINE: Final = 1000


@dataclass(frozen=True, slots=True)
class MatchData:
    """Which UID stood at which number when the client saw them last. RFC 7162 section 3.2.5.2.

    Both sets have equally many members, without `*`; the n-th number belongs to the n-th UID.
    """

    numbers: SequenceSet
    uids: SequenceSet

    def known_up_to(self, uids: Sequence[int]) -> int:
        """The highest UID that stands at its number still, 0 if none does.

        uids: of the mailbox as it is now, ascending. Up to it nothing was expunged.
        """
        known = 0
        for number, uid in zip(_members(self.numbers), _members(self.uids), strict=True):
            if number > len(uids) or uids[number - 1] != uid:
                break
            known = uid
        return known


@dataclass(frozen=True, slots=True)
class QresyncParameter:
    """QRESYNC of SELECT and EXAMINE: what the client knows. RFC 7162 section 3.2.5.

    uids: None for all UIDs up to the highest of today; without `*`.
    """

    uid_validity: int
    modseq: int
    uids: SequenceSet | None = None
    match: MatchData | None = None


@dataclass(frozen=True, slots=True)
class VanishedModifier:
    """VANISHED of UID FETCH: tell what was expunged as well. RFC 7162 section 3.2.6."""


def parse_qresync(cursor: Cursor) -> QresyncParameter:
    """Read what follows QRESYNC of SELECT."""
    cursor.sp()
    cursor.expect(b"(", "an opening parenthesis is missing")
    uid_validity = cursor.nz_number()
    cursor.sp()
    modseq = cursor.number64(smallest=1)
    uids: SequenceSet | None = None
    match: MatchData | None = None
    if cursor.peek(b" ") and not cursor.peek(b" ("):
        cursor.sp()
        uids = _known_set(cursor)
    if cursor.skip(b" "):
        match = _match_data(cursor)
    cursor.expect(b")", "a closing parenthesis is missing")
    return QresyncParameter(uid_validity, modseq, uids, match)


def vanished_is_legal(fetch: Fetch) -> bool:
    """Whether VANISHED has the CHANGEDSINCE it wants; otherwise the answer is BAD.

    True as well where there is no VANISHED. RFC 7162 section 3.2.6.
    """
    if VanishedModifier() not in fetch.modifiers:
        return True
    return any(isinstance(one, ChangedSince) for one in fetch.modifiers)


def vanished(uids: Sequence[int], *, earlier: bool) -> bytes:
    """VANISHED for these ascending UIDs, in lines of bounded length; b"" for none.

    earlier: it answers SELECT or UID FETCH, so that no number shifts. RFC 7162 section 3.2.10.
    """
    return vanished_ranges(ranges_of(uids) if uids else (), earlier=earlier)


def vanished_ranges(ranges: Iterable[Range], *, earlier: bool) -> bytes:
    """As `vanished`, for inclusive ranges, ascending and apart from each other."""
    head = b"* VANISHED (EARLIER) " if earlier else b"* VANISHED "
    left = iter(ranges)
    lines: list[bytes] = []
    while page := list(islice(left, RANGES_PER_LINE)):
        spelled = SequenceSet(tuple(page)).spell()
        lines.append(head + spelled + b"\r\n")
    return b"".join(lines)


def _match_data(cursor: Cursor) -> MatchData:
    cursor.expect(b"(", "an opening parenthesis is missing")
    start = cursor.offset
    numbers = _known_set(cursor)
    cursor.sp()
    uids = _known_set(cursor)
    cursor.expect(b")", "a closing parenthesis is missing")
    if _size(numbers) != _size(uids):
        raise BadSyntax("there are not as many numbers as UIDs", start)
    return MatchData(numbers, uids)


def _known_set(cursor: Cursor) -> SequenceSet:
    start = cursor.offset
    found = cursor.sequence_set()
    if found.saved or found.open_from is not None:
        raise BadSyntax("this set has numbers only", start)
    return found


def _size(numbers: SequenceSet) -> int:
    return sum(high - low + 1 for low, high in numbers.ranges)


def _members(numbers: SequenceSet) -> Iterator[int]:
    ranges: tuple[Range, ...] = numbers.ranges
    return (number for low, high in ranges for number in range(low, high + 1))


QRESYNC = Extension(
    name="qresync",
    rfc=7162,
    capabilities=("QRESYNC",),
    enables=("QRESYNC",),
    select_parameters={"QRESYNC": parse_qresync},
    uid_fetch_modifiers={"VANISHED": without_value(VanishedModifier())},
)
