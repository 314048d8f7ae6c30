"""QRESYNC: a client that comes back learns what changed and what left. RFC 7162 section 3.2.

What left is known as long as `expunged` keeps it; before that every uid that is not there any more
counts as gone (section 3.2.6).
"""

from collections.abc import Iterable, Iterator, Sequence

from roost.proto.imap.core.fetch import Fetch
from roost.proto.imap.core.select import Select
from roost.proto.imap.ext.qresync import (
    MatchData,
    QresyncParameter,
    VanishedModifier,
    vanished_is_legal,
    vanished_ranges,
)
from roost.proto.imap.ext.uidonly import UIDREQUIRED
from roost.proto.imap.sequence import Range, of_numbers, ranges_of
from roost.service import messages
from roost.session.imap import condstore
from roost.session.imap.conversation import QRESYNC, UIDONLY, Conversation, Refused
from roost.session.imap.news import changed_flags
from roost.session.imap.targets import pages, uids_of
from roost.session.imap.view import View


def asked(talk: Conversation, args: Select) -> QresyncParameter | None:
    """QRESYNC of a SELECT, None where it has none.

    Raises Refused (BAD) unless the client enabled it. RFC 7162 section 3.2.5, RFC 9586.
    """
    found = next((one for one in args.parameters if isinstance(one, QresyncParameter)), None)
    if found is None:
        return None
    _require_enabled(talk)
    if found.match is not None and UIDONLY in talk.enabled:
        raise Refused("sequence numbers are switched off", UIDREQUIRED, bad=True)
    return found


def wants_vanished(talk: Conversation, args: Fetch) -> bool:
    """Whether a UID FETCH has VANISHED. Raises Refused (BAD) where it may not have it."""
    if VanishedModifier() not in args.modifiers:
        return False
    _require_enabled(talk)
    if not vanished_is_legal(args):
        raise Refused("VANISHED needs CHANGEDSINCE", bad=True)
    return True


async def resynchronise(talk: Conversation, known: QresyncParameter) -> None:
    """Tell a client that selected a mailbox what happened to the messages it knows."""
    view = talk.selected
    if known.uid_validity != view.uid_validity:
        return
    ranges: Sequence[Range] = ((1, view.last_uid),) if view.last_uid else ()
    if known.uids is not None:
        ranges = known.uids.ranges
    await _tell_earlier(talk, _unknown(view, ranges, known.match), known.modseq)
    places = [
        (start, stop)
        for low, high in ranges
        if (start := view.place_of(low)) < (stop := view.place_of(high + 1))
    ]
    await _tell_flags(talk, await condstore.those_changed(talk, places, known.modseq))


async def tell_vanished(talk: Conversation, args: Fetch, since: int) -> None:
    """Tell which of the uids that a UID FETCH names were expunged after `since`.

    `*` stands for the highest uid there ever was, as what is gone may lie above all that is there.
    """
    view, named = talk.selected, args.messages
    if named.saved:
        named = of_numbers(view.saved)
    await _tell_earlier(talk, named.resolve(view.last_uid) if view.last_uid else (), since)


def _require_enabled(talk: Conversation) -> None:
    if QRESYNC not in talk.enabled:
        raise Refused("enable QRESYNC first", bad=True)


def _unknown(view: View, ranges: Sequence[Range], match: MatchData | None) -> list[Range]:
    """Without what the client proves to know. RFC 7162 section 3.2.5.2."""
    first = match.known_up_to(view.uids) + 1 if match is not None else 1
    return [(max(low, first), high) for low, high in ranges if high >= first]


async def _tell_earlier(talk: Conversation, ranges: Sequence[Range], since: int) -> None:
    """VANISHED (EARLIER). What the client still counts with leaves by way of `updates`."""
    if not ranges:
        return
    view = talk.selected
    gone = await messages.expunged_since(talk.port.store, talk.user.account, view.ref, since)
    missing = _gaps(view) if gone is None else _left(view, gone)
    talk.send(vanished_ranges(common(missing, ranges), earlier=True))
    await talk.room()


def _left(view: View, gone: Iterable[int]) -> Iterator[Range]:
    """uids ascending."""
    return ranges_of(uid for uid in gone if uid <= view.last_uid and not view.number_of(uid))


def _gaps(view: View) -> Iterator[Range]:
    """All uids up to the highest that no message of the view has."""
    free = 1
    for uid in view.uids:
        if free < uid:
            yield free, uid - 1
        free = uid + 1
    if free <= view.last_uid:
        yield free, view.last_uid


def common(some: Iterable[Range], others: Sequence[Range]) -> Iterator[Range]:
    """What lies in ranges of both; all ascending, inclusive and apart."""
    at = 0
    for low, high in some:
        while at < len(others) and others[at][1] < low:
            at += 1
        for other_low, other_high in others[at:]:
            if other_low > high:
                break
            yield max(low, other_low), min(high, other_high)


async def _tell_flags(talk: Conversation, ranges: Sequence[Range]) -> None:
    view = talk.selected
    for page in pages(ranges):
        uids = uids_of(view, page)
        found = await messages.flags_of(talk.port.store, talk.user.account, view.ref, uids)
        for placed in found:
            number = view.number_of(placed.uid)
            if number is not None:
                talk.send(changed_flags(talk, view, number, placed))
        await talk.room()
