"""What a client asked to be notified of, and how far it was told. RFC 5465."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from roost.base.ids import MailboxRef
from roost.ports.bus import Type
from roost.proto.imap.core.fetch import FetchItem
from roost.proto.imap.ext.mailbox_filter import OF_SELECTED, FilterKind
from roost.proto.imap.ext.notify import EventGroup, EventKind
from roost.session.imap.covering import Known, Specifier, specifier_of

_HEARD = frozenset({Type.EMAIL, Type.MAILBOX, Type.SUBSCRIPTION, Type.METADATA})


class TooMuch(Exception):
    """More happened than is told, or is known any more. RFC 5465 section 5.8."""


class Group(NamedTuple):
    """Mailboxes and the events to tell of them, none for NONE."""

    mailboxes: Specifier
    kinds: frozenset[EventKind]


@dataclass(slots=True)
class Watch:
    """One NOTIFY, until the next; the default is NOTIFY NONE.

    groups: of all mailboxes but the selected one, in the order of the command. told: the modseq up
    to which they were told of. left: mailboxes that were selected since then, each with the modseq
    up to which it was told. selected: the events of the selected mailbox. is_delayed: whether
    EXPUNGE waits for a command that allows it. items: to FETCH of each message that comes in.
    """

    groups: tuple[Group, ...] = ()
    told: int = 0
    left: dict[MailboxRef, int] = field(default_factory=dict)
    selected: frozenset[EventKind] = frozenset()
    is_delayed: bool = False
    items: tuple[FetchItem, ...] = ()

    def events_of(self, name: str, known: Known) -> frozenset[EventKind]:
        """What is to be told of a mailbox that is not selected.

        All groups that mean it count (section 6); but one with NONE keeps it from those behind.
        """
        found: set[EventKind] = set()
        for group in self.groups:
            if group.mailboxes.covers(name, known):
                if not group.kinds:
                    break
                found |= group.kinds
        return frozenset(found)

    def wants(self, kinds: Collection[EventKind]) -> bool:
        """Whether one of these events is to be told of any mailbox but the selected one."""
        return any(not group.kinds.isdisjoint(kinds) for group in self.groups)

    def asks_for(self, kind: FilterKind) -> bool:
        """Whether mailboxes are specified in this way."""
        return any(group.mailboxes.kind is kind for group in self.groups)

    def hears(self, types: Collection[Type]) -> bool:
        """Whether a change of these types may concern mailboxes that are not selected."""
        return bool(self.groups) and not _HEARD.isdisjoint(types)


def watch_of(groups: Sequence[EventGroup], told: int) -> Watch:
    """What NOTIFY SET asks for from now on. told: the modseq of now."""
    watch = Watch(
        tuple(
            Group(specifier_of(group.mailboxes), _kinds(group))
            for group in groups
            if group.mailboxes.kind not in OF_SELECTED
        ),
        told,
    )
    for group in groups:
        if group.mailboxes.kind in OF_SELECTED:
            watch.selected = _kinds(group)
            watch.is_delayed = group.mailboxes.kind is FilterKind.SELECTED_DELAYED
            items = (item for event in group.events for item in event.items)
            watch.items = tuple(dict.fromkeys(items))
    return watch


def _kinds(group: EventGroup) -> frozenset[EventKind]:
    return frozenset(event.kind for event in group.events if event.kind is not None)
