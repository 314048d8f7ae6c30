"""Which messages of the selected mailbox a command means. RFC 9051 sections 2.3.1 and 9."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from roost.proto.imap.sequence import Range, SequenceSet, of_numbers
from roost.session.imap.conversation import Refused
from roost.session.imap.view import View
from roost.store.engine import MAX_INLINE_ROWS
from roost.store.sql_lists import Span

PAGE_MESSAGES = MAX_INLINE_ROWS


def named(view: View, messages: SequenceSet, *, by_uid: bool) -> list[Range]:
    """Where the messages of a set stand in `view.uids`: half-open index ranges, ascending.

    by_uid: whether the set names unique identifiers, of which those that do not exist are passed
    over. Refused (BAD) for a sequence number that does not exist.
    """
    if messages.saved:
        return of_numbers(view.saved).uids(view.uids)
    if by_uid:
        return messages.uids(view.uids)
    if messages.exceeds(len(view.uids)):
        raise Refused("there is no message with this number", bad=True)
    return messages.numbers(len(view.uids))


def pages(ranges: Iterable[Range], size: int = PAGE_MESSAGES) -> Iterator[list[Range]]:
    """The ranges cut and gathered so that each list has at most `size` messages."""
    page: list[Range] = []
    room = size
    for first, stop in ranges:
        start = first
        while stop - start >= room:
            page.append((start, start + room))
            yield page
            start += room
            page, room = [], size
        if start < stop:
            page.append((start, stop))
            room -= stop - start
    if page:
        yield page


def count(ranges: Iterable[Range]) -> int:
    """How many messages these are."""
    return sum(stop - start for start, stop in ranges)


def uids_of(view: View, ranges: Iterable[Range]) -> "array[int]":
    """The uids of these messages, ascending."""
    uids = array("I")
    for start, stop in ranges:
        uids += view.uids[start:stop]
    return uids


def spans_of(view: View, ranges: Iterable[Range]) -> list[Span]:
    """The uids of these messages as inclusive ranges, as few as there are index ranges.

    A range may name uids that no message of the view has: uids only grow, so none is in use.
    """
    return [(view.uids[start], view.uids[stop - 1]) for start, stop in ranges]


def numbers_among(view: View, uids: Iterable[int]) -> list[int]:
    """The sequence numbers of messages by their ascending uids; without those the view lacks."""
    return [number for uid in uids if (number := view.number_of(uid)) is not None]


def numbers_of(view: View, page: Sequence[Range], found: Sequence[int]) -> Iterable[int]:
    """The sequence numbers of those of a page that were found, by their ascending uids."""
    if len(found) == count(page):
        return chain.from_iterable(range(start + 1, stop + 1) for start, stop in page)
    # Rows are of messages the view knows, since uids above the last it told are never asked for.
    return [view.number_of(uid) or 0 for uid in found]
