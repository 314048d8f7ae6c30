"""MESSAGELIMIT and SAVELIMIT: no command deals with more messages than the limit. RFC 9738.

Where a command means more, it deals with the newest and its answer tells the lowest uid of these,
so that the client goes on below. COPY and APPEND, made whole or not at all, are refused. EXPUNGE,
CLOSE and STATUS have no limit (section 3.1).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from roost.proto.imap import response
from roost.proto.imap.core.search import And, InNumbers, InUids, SearchKey
from roost.proto.imap.ext.messagelimit import (
    UidAfter,
    UidBefore,
    message_limit_capability,
    message_limit_code,
    save_limit_capability,
)
from roost.proto.imap.ext.partial import PartialRange
from roost.proto.imap.response import Code
from roost.proto.imap.sequence import MAX_NUMBER, Range, SequenceSet, of_numbers
from roost.service import message_search
from roost.session.imap.conversation import QRESYNC, Conversation, Done, Refused
from roost.session.imap.ports import ImapLimits
from roost.session.imap.targets import PAGE_MESSAGES, count, pages, spans_of
from roost.session.imap.view import View
from roost.store.flags import DELETED
from roost.store.search_rows import AllOf, Condition, HasFlags, UidIn
from roost.store.sql_lists import Span
from roost.store.sql_lists import spans_of as spans_of_numbers

TOO_MANY = "these are more messages than a command deals with"


class Newest(NamedTuple):
    """The messages a command deals with, as index ranges.

    code: what to answer where that are not all it meant; None where they are.
    """

    ranges: Sequence[Range]
    code: Code | None = None

    def pages(self, size: int = PAGE_MESSAGES) -> Iterator[list[Range]]:
        """At most `size` messages a page, the newest page first where older ones are left.

        RFC 9738 section 3.1 asks for that order.
        """
        found = pages(self.ranges, size)
        return found if self.code is None else reversed(list(found))


def capabilities(limits: ImapLimits) -> Iterator[tuple[str, str]]:
    """Name, and name with number, of what CAPABILITY lists.

    SAVELIMIT says nothing where COPY and APPEND have the limit of all others. Section 3.
    """
    every, saving = limits.message_limit, limits.save_limit
    if every:
        yield "MESSAGELIMIT", message_limit_capability(every)
    if saving and not 0 < every <= saving:
        yield "SAVELIMIT", save_limit_capability(saving)


def newest(talk: Conversation, ranges: Sequence[Range]) -> Newest:
    """As many of these messages, from the newest on, as a command may deal with."""
    return _newest(talk.selected, ranges, talk.port.limits.message_limit)


def check_copy(talk: Conversation, ranges: Sequence[Range]) -> None:
    """Refuse to copy too many messages. Section 3.1."""
    kept = _newest(talk.selected, ranges, _save_limit(talk.port.limits))
    if kept.code is not None:
        raise Refused(TOO_MANY, kept.code)


def check_append(talk: Conversation, messages: int) -> None:
    """Refuse an APPEND of so many messages. Section 3.1."""
    limit = _save_limit(talk.port.limits)
    if 0 < limit < messages:
        raise Refused(TOO_MANY, message_limit_code(limit))


def check_page(talk: Conversation, page: PartialRange | None) -> None:
    """Refuse a page of a FETCH for its size, however many messages there are. Section 3.1."""
    limit = talk.port.limits.message_limit
    if page is not None and 0 < limit <= abs(page.last - page.first):
        raise Refused(TOO_MANY, message_limit_code(limit))


def within(talk: Conversation, key: SearchKey, wanted: Condition) -> tuple[Condition, Code | None]:
    """What to look for so that no more messages than the limit are looked at, and what to answer.

    wanted: what the key means.
    """
    kept = _looked_at(talk, key)
    if kept.code is None:
        return wanted, None
    return AllOf((UidIn(tuple(spans_of(talk.selected, kept.ranges))), wanted)), kept.code


def check_sort(talk: Conversation, key: SearchKey) -> None:
    """Refuse to sort too many messages: the order of some tells nothing. Section 3.3."""
    if _looked_at(talk, key).code is not None:
        raise Refused(TOO_MANY, message_limit_code(talk.port.limits.message_limit))


def check_mailboxes(talk: Conversation, messages: int) -> None:
    """Refuse to look through mailboxes with so many messages together, or to make threads of them.

    No uid could tell where to go on. Section 3.3.
    """
    limit = talk.port.limits.message_limit
    if 0 < limit < messages:
        raise Refused(TOO_MANY, message_limit_code(limit))


async def deleted(talk: Conversation, spans: Sequence[Span]) -> tuple[Sequence[Span], Code | None]:
    r"""The uids that UID EXPUNGE looks at: the limit counts those with `\Deleted`. Section 3.1."""
    view, port, limit = talk.selected, talk.port, talk.port.limits.message_limit
    if not limit:
        return spans, None
    wanted = AllOf((UidIn(tuple(spans)), HasFlags(DELETED)))
    uids = await message_search.find(
        port.store, port.search, talk.user.account, view.ref, wanted, view.last_uid
    )
    if len(uids) <= limit:
        return spans_of_numbers(uids), None
    return spans_of_numbers(uids[-limit:]), message_limit_code(limit, uids[-limit])


def finish(talk: Conversation, outcome: Done | Refused, code: Code | None) -> Done:
    """The outcome of a command with the code that tells of the limit, None where it was kept.

    The code stands in an untagged NO where the tagged answer has another one. Section 3.1. Raises
    an outcome that is Refused.
    """
    said = isinstance(outcome, Refused) or outcome.code is not None
    if isinstance(outcome, Done):
        said |= outcome.removed and QRESYNC in talk.enabled  # which is told HIGHESTMODSEQ
    if code is not None and said:
        talk.send(response.untagged_no("the older messages are left", code))
    if isinstance(outcome, Refused):
        raise outcome
    return outcome if code is None or said else replace(outcome, code=code)


def _newest(view: View, ranges: Sequence[Range], limit: int) -> Newest:
    over = count(ranges) - limit
    if not limit or over <= 0:
        return Newest(ranges)
    kept: list[Range] = []
    for start, stop in ranges:
        skipped = min(over, stop - start)
        over -= skipped
        if start + skipped < stop:
            kept.append((start + skipped, stop))
    return Newest(kept, message_limit_code(limit, view.uids[kept[0][0]]))


def _save_limit(limits: ImapLimits) -> int:
    return min((limit for limit in (limits.message_limit, limits.save_limit) if limit), default=0)


def _looked_at(talk: Conversation, key: SearchKey) -> Newest:
    """The newest of the messages that each set among keys that all must hold names."""
    if not talk.port.limits.message_limit:
        return Newest(())
    ranges: Sequence[Range] = [(0, len(talk.selected.uids))]
    for one in _all_needed(key):
        if (find := _FINDERS.get(type(one))) is not None:
            ranges = list(_common(ranges, find(talk.selected, one)))
    return newest(talk, ranges)


def _all_needed(key: SearchKey) -> Iterator[SearchKey]:
    if isinstance(key, And):
        for one in key.keys:
            yield from _all_needed(one)
    else:
        yield key


def _common(one: Sequence[Range], other: Sequence[Range]) -> Iterator[Range]:
    """What two lists of ascending ranges have in common."""
    left, right = iter(one), iter(other)
    mine, theirs = next(left, None), next(right, None)
    while mine is not None and theirs is not None:
        start, stop = max(mine[0], theirs[0]), min(mine[1], theirs[1])
        if start < stop:
            yield start, stop
        if mine[1] < theirs[1]:
            mine = next(left, None)
        else:
            theirs = next(right, None)


def _numbers(view: View, key: InNumbers) -> Sequence[Range]:
    return _saved(view) if key.messages.saved else key.messages.numbers(len(view.uids))


def _uids(view: View, key: InUids) -> Sequence[Range]:
    return _saved(view) if key.uids.saved else key.uids.uids(view.uids)


def _saved(view: View) -> Sequence[Range]:
    return of_numbers(view.saved).uids(view.uids)


def _span(key: UidAfter | UidBefore) -> SequenceSet:
    low, high = (key.uid + 1, MAX_NUMBER) if isinstance(key, UidAfter) else (1, key.uid - 1)
    return SequenceSet(((low, high),)) if low <= high else SequenceSet()


def _after_or_before(_view: View, key: UidAfter | UidBefore) -> Condition:
    return UidIn(_span(key).ranges)


_FINDERS: Mapping[type, Callable[[View, Any], Sequence[Range]]] = MappingProxyType(
    {
        InNumbers: _numbers,
        InUids: _uids,
        UidAfter: lambda view, key: _span(key).uids(view.uids),
        UidBefore: lambda view, key: _span(key).uids(view.uids),
    }
)
SEARCH_KEYS: Mapping[type, Callable[[View, Any], Condition]] = MappingProxyType(
    {UidAfter: _after_or_before, UidBefore: _after_or_before}
)
