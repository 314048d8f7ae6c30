"""LIST of names that others made, deleted, renamed, subscribed. RFC 5465 sections 5.4 and 5.5.

Names are told in the order in which they changed, each as it stood behind its change, so that who
follows them from a renamed mailbox to those below it ends with the names there are.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeVar

from roost.base.ids import AccountId
from roost.proto.imap import data
from roost.proto.imap.ext.notify import EventKind
from roost.session.imap.conversation import Conversation
from roost.session.imap.covering import Known
from roost.session.imap.list import attributes_of_name
from roost.session.imap.watch import TooMuch, Watch
from roost.store import mailboxes, namings, subscriptions
from roost.store.engine import MAX_INLINE_ROWS, ReadTx
from roost.store.mailbox_names import parent_of
from roost.store.namings import Naming

AT_ONCE = 100  # then others get their turn
MAX_PENDING = min(namings.MAX_KEPT, subscriptions.MAX_ENDED)


class _Event(NamedTuple):
    """Something that a line may tell of a name.

    old_name: what it was before, if it was renamed. exists: whether it was there then, None for
    now. again: whether a line that was told of it before will do.
    """

    kind: EventKind
    name: str
    old_name: str | None = None
    exists: bool | None = None
    again: bool = False


class _Changed(Protocol):
    @property
    def modseq(self) -> int: ...


C = TypeVar("C", bound=_Changed)


async def tell(talk: Conversation, watch: Watch, latest: int, inboxes: Collection[str]) -> None:
    """Tell what became of names. latest: the modseq up to which it is told of. Raises TooMuch."""
    events: list[_Event] = []
    account = talk.user.account
    if watch.wants((EventKind.MAILBOX_NAME,)):
        found = await _others(
            talk, watch.told, latest, lambda tx, after: namings.since(tx, account, after)
        )
        events += (event for one in found for event in _events_of(one))
    if watch.wants((EventKind.SUBSCRIPTION_CHANGE,)):
        changed = await _others(
            talk,
            watch.told,
            latest,
            lambda tx, after: subscriptions.changed_since(tx, account, account, after),
        )
        kind = EventKind.SUBSCRIPTION_CHANGE
        events += (_Event(kind, one.name, again=True) for one in changed)
    speller = _Speller(account, watch, inboxes, talk.utf8)
    for start in range(0, len(events), AT_ONCE):
        some = events[start : start + AT_ONCE]
        talk.send(await talk.port.store.read(lambda tx, some=some: speller.lines(tx, some)))  # type: ignore[misc]
        await talk.room()
        await asyncio.sleep(0)


def _events_of(one: Naming) -> Iterator[_Event]:
    """Of a mailbox that is made or deleted the one above it is told, too. Section 5.4."""
    name = one.new_name or one.old_name
    assert name is not None, "a change of names is of one at least"
    kind = EventKind.MAILBOX_NAME
    if one.new_name is not None and one.old_name is not None:
        yield _Event(kind, name, one.old_name, exists=True)
        return
    yield _Event(kind, name, exists=one.new_name is not None)
    above = parent_of(name)
    if above is not None:
        yield _Event(kind, above, exists=True, again=True)


async def _others(
    talk: Conversation,
    told: int,
    latest: int,
    read: Callable[[ReadTx, int], Awaitable[list[C]]],
) -> list[C]:
    """What others changed since it was told last."""
    found: list[C] = []
    after = told
    while True:
        page = await talk.port.store.read(lambda tx, after=after: read(tx, after))  # type: ignore[misc]
        found += [one for one in page if one.modseq <= latest]
        if len(page) < MAX_INLINE_ROWS:
            break
        if len(found) >= MAX_PENDING:
            raise TooMuch
        after = page[-1].modseq
    own, account = talk.own, talk.user.account
    return [one for one in found if own is None or not own.has(account, one.modseq)]


@dataclass(slots=True)
class _Speller:
    """Spells what is wanted. told: the names that have a line, and whether they were there."""

    account: AccountId
    watch: Watch
    inboxes: Collection[str]
    utf8: bool
    told: dict[str, bool] = field(default_factory=dict)

    async def lines(self, tx: ReadTx, events: Sequence[_Event]) -> bytes:
        """The lines of these events, AT_ONCE at most."""
        names = {one.name for one in events} | {one.old_name for one in events if one.old_name}
        subscribed = await subscriptions.those_subscribed(
            tx, self.account, self.account, sorted(names)
        )
        lines = [
            await self._line(tx, event, subscribed)
            for event in events
            if self._is_wanted(event, subscribed)
        ]
        return b"".join(lines)

    def _is_wanted(self, event: _Event, subscribed: Collection[str]) -> bool:
        # Whatever was subscribed until now counts as subscribed once more.
        ended = event.kind is EventKind.SUBSCRIPTION_CHANGE
        known = Known({event.name} if ended else subscribed, self.inboxes)
        names = (event.name, event.old_name) if event.old_name else (event.name,)
        return any(event.kind in self.watch.events_of(name, known) for name in names)

    async def _line(self, tx: ReadTx, event: _Event, subscribed: Collection[str]) -> bytes:
        name = event.name
        mailbox = await mailboxes.by_name(tx, self.account, name)
        exists = mailbox is not None if event.exists is None else event.exists
        if event.again and self.told.get(name) is exists:
            return b""
        self.told[name] = exists
        if event.old_name is not None:
            self.told.pop(event.old_name, None)
        attributes = attributes_of_name(
            mailbox,
            exists=exists,
            has_children=await mailboxes.has_children(tx, self.account, name),
            is_subscribed=name in subscribed,
        )
        return data.mailbox_list(attributes, name, utf8=self.utf8, old_name=event.old_name)
