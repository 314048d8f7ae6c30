"""PARTIAL of UID FETCH: only a page of the messages that were named. RFC 9394 section 3.3."""

from roost.proto.imap.core.fetch import Fetch
from roost.proto.imap.ext.partial import PartialRange
from roost.proto.imap.sequence import Range
from roost.session.imap.targets import count

__all__ = ["asked_by", "page_of"]


def asked_by(args: Fetch) -> PartialRange | None:
    """PARTIAL of a FETCH, None where it has none."""
    return next((one for one in args.modifiers if isinstance(one, PartialRange)), None)


def page_of(asked: PartialRange | None, ranges: list[Range]) -> list[Range]:
    """The part of these index ranges that PARTIAL asks for; all of them without it."""
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
