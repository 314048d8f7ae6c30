"""NOTIFY: tell at once what happens in these mailboxes. RFC 5465."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from roost.proto.imap.command import Arguments
from roost.proto.imap.core.fetch import FetchItem, parse_items
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.ext.mailbox_filter import (
    OF_SELECTED,
    FilterKind,
    MailboxFilter,
    parse_filter,
)
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.response import Code
from roost.proto.imap.state import AFTER_LOGIN
from roost.proto.imap.token import Cursor

MAX_GROUPS = 50
MAX_EVENTS = 20

NOTIFICATION_OVERFLOW: Final = Code(b"NOTIFICATIONOVERFLOW")
NO_ACCESS: Final = "NoAccess"  # attribute for `data.mailbox_list`; RFC 5465 section 3.1


class EventKind(Enum):
    """What can happen. RFC 5465 section 5."""

    MESSAGE_NEW = "MessageNew"
    MESSAGE_EXPUNGE = "MessageExpunge"
    FLAG_CHANGE = "FlagChange"
    ANNOTATION_CHANGE = "AnnotationChange"
    MAILBOX_NAME = "MailboxName"
    SUBSCRIPTION_CHANGE = "SubscriptionChange"
    MAILBOX_METADATA_CHANGE = "MailboxMetadataChange"
    SERVER_METADATA_CHANGE = "ServerMetadataChange"


MESSAGE_EVENTS = frozenset(
    {
        EventKind.MESSAGE_NEW,
        EventKind.MESSAGE_EXPUNGE,
        EventKind.FLAG_CHANGE,
        EventKind.ANNOTATION_CHANGE,
    }
)


@dataclass(frozen=True, slots=True)
class NotifyEvent:
    """One event. kind: None for a name that is not known, to be refused with [BADEVENT].

    items: to FETCH of a new message, for MESSAGE_NEW of the selected mailbox only.
    """

    kind: EventKind | None
    items: tuple[FetchItem, ...] = ()


@dataclass(frozen=True, slots=True)
class EventGroup:
    """Mailboxes and what to tell of them; no events for NONE."""

    mailboxes: MailboxFilter
    events: tuple[NotifyEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Notify(Arguments):
    """NOTIFY. groups: None for NOTIFY NONE; an earlier group goes before a later one.

    status: STATUS of all mailboxes but the selected one is wanted now. RFC 5465 section 3.1.
    """

    groups: tuple[EventGroup, ...] | None
    status: bool = False


_EVENTS = {kind.value.upper(): kind for kind in EventKind}
_WANT_BOTH = frozenset({EventKind.MESSAGE_NEW, EventKind.MESSAGE_EXPUNGE})


def parse_notify(cursor: Cursor, grammar: Grammar) -> Notify:
    """Read the arguments of NOTIFY.

    Events may stand without parentheses, as some examples of the RFC have them.
    """
    cursor.sp()
    start = cursor.offset
    what = cursor.word("SET or NONE is missing")
    if what == "NONE":
        return Notify(None)
    if what != "SET":
        raise BadSyntax("SET or NONE is missing", start)
    cursor.sp()
    status = cursor.next_word() == "STATUS"
    if status:
        cursor.word()
        cursor.sp()
    return Notify(_groups(cursor, grammar), status)


def bad_event_code(supported: Iterable[EventKind]) -> Code:
    """BADEVENT with all events that would do. RFC 5465 section 3.1."""
    return Code(b"BADEVENT (" + " ".join(kind.value for kind in supported).encode("ascii") + b")")


def _groups(cursor: Cursor, grammar: Grammar) -> tuple[EventGroup, ...]:
    groups: list[EventGroup] = []
    while not groups or cursor.skip(b" "):
        if len(groups) == MAX_GROUPS:
            raise OverLimit("too many groups of events", cursor.offset)
        start = cursor.offset
        group = _group(cursor, grammar)
        earlier = {one.mailboxes.kind for one in groups}
        if group.mailboxes.kind in OF_SELECTED and earlier & OF_SELECTED:
            raise BadSyntax("the selected mailbox was named before", start)
        groups.append(group)
    return tuple(groups)


def _group(cursor: Cursor, grammar: Grammar) -> EventGroup:
    cursor.expect(b"(", "an opening parenthesis is missing")
    refused = () if grammar.has("MULTISEARCH") else (FilterKind.SUBTREE_ONE,)  # RFC 7377
    mailboxes = parse_filter(cursor, refused)
    cursor.sp()
    start = cursor.offset
    events: list[NotifyEvent] = []
    if cursor.next_word() == "NONE":
        cursor.word()
    elif cursor.peek(b"("):
        events = cursor.listed(lambda: _event(cursor, grammar, mailboxes), MAX_EVENTS)
    else:
        events = _bare_events(cursor, grammar, mailboxes)
    cursor.expect(b")", "a closing parenthesis is missing")
    _check(mailboxes, {event.kind for event in events}, start)
    return EventGroup(mailboxes, tuple(events))


def _bare_events(cursor: Cursor, grammar: Grammar, mailboxes: MailboxFilter) -> list[NotifyEvent]:
    events = [_event(cursor, grammar, mailboxes)]
    while cursor.skip(b" "):
        if len(events) == MAX_EVENTS:
            raise OverLimit("too many events", cursor.offset)
        events.append(_event(cursor, grammar, mailboxes))
    return events


def _event(cursor: Cursor, grammar: Grammar, mailboxes: MailboxFilter) -> NotifyEvent:
    kind = _EVENTS.get(cursor.word("an event is missing"))
    if kind is not EventKind.MESSAGE_NEW or not cursor.peek(b" ("):
        return NotifyEvent(kind)
    if mailboxes.kind not in OF_SELECTED:
        cursor.fail("FETCH items are for the selected mailbox only")
    cursor.sp()
    return NotifyEvent(kind, parse_items(cursor, grammar))


def _check(mailboxes: MailboxFilter, kinds: set[EventKind | None], start: int) -> None:
    """What must stand together, and what must not. RFC 5465 sections 5 and 8."""
    if kinds & MESSAGE_EVENTS and not kinds >= _WANT_BOTH:
        raise BadSyntax("MessageNew and MessageExpunge must be there both", start)
    if mailboxes.kind in OF_SELECTED and kinds - MESSAGE_EVENTS - {None}:
        raise BadSyntax("of the selected mailbox only messages are told", start)


NOTIFY = Extension(
    name="notify",
    rfc=5465,
    capabilities=("NOTIFY",),
    parsers={"NOTIFY": parse_notify},
    states={"NOTIFY": AFTER_LOGIN},
)
