"""Sets of message sequence numbers and of unique identifiers.

RFC 9051 section 9, sequence-set and seq-range.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from roost.proto.imap.error import BadSyntax

MAX_NUMBER = 0xFFFF_FFFF

_SET = re.compile(rb"(?:[0-9]+|\*)(?::(?:[0-9]+|\*))?(?:,(?:[0-9]+|\*)(?::(?:[0-9]+|\*))?)*")

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """Which messages a command means, before it is known which exist.

    ranges: ascending, inclusive, apart from each other by at least one number.
    open_from: the lowest n of all `n:*`, MAX_NUMBER for `*` alone, None without a `*`.
    largest: the largest number that was written, 0 if there was only `*`.
    saved: the set was `$`, the result that the last SEARCH saved (RFC 9051 section 6.4.4.1); it
    names nothing by itself.
    """

    ranges: tuple[Range, ...] = ()
    open_from: int | None = None
    largest: int = 0
    saved: bool = False

    def uids(self, existing: "array[int]") -> list[Range]:
        """Where these UIDs stand in `existing`, an ascending array of the UIDs there are.

        Returns half-open index ranges, ascending, none empty. Costs one bisection per range, so
        that `1:*` is cheap whatever the size of the mailbox.
        """
        if not existing:
            return []
        found = (
            (bisect_left(existing, low), bisect_right(existing, high))
            for low, high in self.resolve(existing[-1])
        )
        return [(start, stop) for start, stop in found if start < stop]

    def numbers(self, count: int) -> list[Range]:
        """Half-open index ranges, number less one, of these sequence numbers of `count` messages.

        Numbers above `count` are left out; `exceeds` tells whether there are any.
        """
        if not count:
            return []
        found = ((low - 1, min(high, count)) for low, high in self.resolve(count))
        return [(start, stop) for start, stop in found if start < stop]

    def exceeds(self, count: int) -> bool:
        """Whether a sequence number is named that does not exist: BAD. RFC 9051 section 9."""
        return self.largest > count or (self.open_from is not None and not count)

    def resolve(self, largest_in_use: int) -> tuple[Range, ...]:
        """The inclusive ranges with `*` replaced by the largest number in use."""
        if self.open_from is None:
            return self.ranges
        # `n:*` with n above the largest means the largest; what lies between does not exist.
        return _merged([*self.ranges, (min(self.open_from, largest_in_use), largest_in_use)])

    def contains(self, number: int, largest_in_use: int) -> bool:
        """Whether the set names this number."""
        ranges = self.resolve(largest_in_use)
        at = bisect_right(ranges, (number, MAX_NUMBER))
        return at > 0 and ranges[at - 1][0] <= number <= ranges[at - 1][1]

    def spell(self) -> bytes:
        """The set as it is written in a command."""
        if self.saved:
            return b"$"
        parts = [_spell_range(low, high) for low, high in self.ranges]
        if self.open_from is not None:
            parts.append(b"*" if self.open_from == MAX_NUMBER else b"%d:*" % self.open_from)
        return b",".join(parts)


SAVED = SequenceSet(saved=True)


def parse(octets: bytes) -> SequenceSet:
    """Read a sequence-set, without `$`.

    Raises BadSyntax, its offset counted in `octets`, for anything else, for zero and for numbers
    of more than 32 bits.
    """
    if _SET.fullmatch(octets) is None:
        raise BadSyntax("this is no set of messages", 0)
    ranges: list[Range] = []
    open_from: int | None = None
    largest = at = 0
    for part in octets.split(b","):
        first, _, last = part.partition(b":")
        numbers = [_number(one, at) for one in (first, last) if one and one != b"*"]
        if numbers:
            largest = max(largest, *numbers)
        if b"*" in part:
            low = numbers[0] if numbers else MAX_NUMBER
            open_from = low if open_from is None else min(open_from, low)
        else:
            ranges.append((min(numbers), max(numbers)))
        at += len(part) + 1
    return SequenceSet(_merged(ranges), open_from, largest)


def of_numbers(numbers: Iterable[int]) -> SequenceSet:
    """The set of these ascending numbers."""
    ranges = tuple(ranges_of(numbers))
    return SequenceSet(ranges, largest=ranges[-1][1] if ranges else 0)


def ranges_of(numbers: Iterable[int]) -> Iterator[Range]:
    """The inclusive ranges of ascending numbers."""
    at = iter(numbers)
    low = high = next(at, 0)
    if not low:
        return
    for number in at:
        if number != high + 1:
            yield low, high
            low = number
        high = number
    yield low, high


def spell(numbers: Sequence[int]) -> bytes:
    """Ascending numbers as a compact set, b"" for none."""
    if len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return b"%d:%d" % (numbers[0], numbers[-1])
    return b",".join(_spell_range(low, high) for low, high in ranges_of(numbers))


def spell_in_order(numbers: Iterable[int]) -> bytes:
    """Numbers as a set that keeps their order, for COPYUID. RFC 4315 section 3."""
    return b",".join(_spell_range(low, high) for low, high in ranges_of(numbers))


def _number(digits: bytes, offset: int) -> int:
    number = int(digits) if len(digits) <= 10 else 0
    if not 0 < number <= MAX_NUMBER:
        raise BadSyntax("a message number is 1 to 4294967295", offset)
    return number


def _spell_range(low: int, high: int) -> bytes:
    return b"%d" % low if low == high else b"%d:%d" % (low, high)


def _merged(ranges: list[Range]) -> tuple[Range, ...]:
    """Sort ranges and join those that touch."""
    if len(ranges) < 2:
        return tuple(ranges)
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)
