"""PARTIAL of UID FETCH: only a page of the messages that were named. RFC 9394 section 3.3."""

from roost.proto.imap.core.fetch import Fetch
from roost.proto.imap.ext.partial import PartialRange
from roost.proto.imap.sequence import Range
from roost.session.imap.targets import count

__all__ = ["page_of"]


def page_of(args: Fetch, ranges: list[Range]) -> list[Range]:
    """The part of these index ranges that PARTIAL asks for; all of them without it."""
    asked = next((one for one in args.modifiers if isinstance(one, PartialRange)), None)
    if asked is None:
        return ranges
    page = asked.of(count(ranges))
    kept: list[Range] = []
    passed = 0
    for start, stop in ranges:
        low = max(start, start + page.start - passed)
        high = min(stop, start + page.stop - passed)
        if low < high:
            kept.append((low, high))
        passed += stop - start
    return kept
