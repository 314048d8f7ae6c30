"""NOTIFY. RFC 5465."""

import pytest

from roost.proto.imap.core import CORE
from roost.proto.imap.core.fetch import BodySection, FetchAttribute, SectionSpec, SectionText
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.ext.mailbox_filter import FilterKind, MailboxFilter
from roost.proto.imap.ext.multisearch import MULTISEARCH
from roost.proto.imap.ext.notify import (
    NOTIFICATION_OVERFLOW,
    NOTIFY,
    EventGroup,
    EventKind,
    Notify,
    NotifyEvent,
    bad_event_code,
)
from roost.proto.imap.extension import Grammar

GRAMMAR = Grammar((*CORE, NOTIFY))
NEW, EXPUNGE = NotifyEvent(EventKind.MESSAGE_NEW), NotifyEvent(EventKind.MESSAGE_EXPUNGE)
FLAG_CHANGE = NotifyEvent(EventKind.FLAG_CHANGE)
SELECTED = MailboxFilter(FilterKind.SELECTED)
PERSONAL = MailboxFilter(FilterKind.PERSONAL)
HEADER = BodySection(
    SectionSpec((), SectionText.HEADER_FIELDS, (b"from", b"to", b"subject")),
    True,
    None,
    b"BODY[HEADER.FIELDS (from to subject)]",
)


def parse(text: bytes) -> object:
    return GRAMMAR.parse((b"a NOTIFY " + text,)).args


@pytest.mark.parametrize(
    ("text", "args"),
    [
        (b"NONE", Notify(None)),
        (b"set (mailboxes INBOX (Messagenew messageExpunge)) (personal (SubscriptionChange))",
         Notify((
             EventGroup(MailboxFilter(FilterKind.MAILBOXES, ("INBOX",)), (NEW, EXPUNGE)),
             EventGroup(PERSONAL, (NotifyEvent(EventKind.SUBSCRIPTION_CHANGE),)),
         ))),
        (b"set (selected (Messagenew (uid flags) messageExpunge)) (personal (MessageNew FlagChange MessageExpunge))",
         Notify((
             EventGroup(SELECTED, (
                 NotifyEvent(EventKind.MESSAGE_NEW, (FetchAttribute.UID, FetchAttribute.FLAGS)), EXPUNGE)),
             EventGroup(PERSONAL, (NEW, FLAG_CHANGE, EXPUNGE)),
         ))),
        (b"set status (selected MessageNew (uid body.peek[header.fields (from to subject)]) MessageExpunge)"
         b" (subtree Lists MessageNew MessageExpunge)",
         Notify((
             EventGroup(SELECTED, (NotifyEvent(EventKind.MESSAGE_NEW, (FetchAttribute.UID, HEADER)), EXPUNGE)),
             EventGroup(MailboxFilter(FilterKind.SUBTREE, ("Lists",)), (NEW, EXPUNGE)),
         ), status=True)),
        (b"SET (SELECTED-DELAYED NONE) (subtree (a b a) (MailboxName ServerMetadataChange))",
         Notify((
             EventGroup(MailboxFilter(FilterKind.SELECTED_DELAYED)),
             EventGroup(MailboxFilter(FilterKind.SUBTREE, ("a", "b")), (
                 NotifyEvent(EventKind.MAILBOX_NAME), NotifyEvent(EventKind.SERVER_METADATA_CHANGE))),
         ))),
        (b"SET (inboxes (FrobChange))",
         Notify((EventGroup(MailboxFilter(FilterKind.INBOXES), (NotifyEvent(None),)),))),
        (b"SET (subscribed (MessageNew MessageExpunge AnnotationChange))",
         Notify((EventGroup(MailboxFilter(FilterKind.SUBSCRIBED), (
             NEW, EXPUNGE, NotifyEvent(EventKind.ANNOTATION_CHANGE))),))),
    ],
    ids=["none", "named and personal", "selected with items", "without parentheses", "none of selected",
         "event that is not known", "annotations"],
)  # fmt: skip
def test_reads(text: bytes, args: Notify) -> None:
    assert parse(text) == args


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"", 9),
        (b"ALL", 9),
        (b"NONE x", 13),
        (b"SET", 12),
        (b"SET STATUS", 19),
        (b"SET ()", 14),
        (b"SET (everything NONE)", 14),
        (b"SET (subtree-one a NONE)", 14),
        (b"SET (personal)", 22),
        (b"SET (personal ())", 24),
        (b"SET (personal NONE", 27),
        (b"SET (subtree (MailboxName))", 35),
        (b"SET (personal (MessageNew))", 23),
        (b"SET (personal (MessageExpunge))", 23),
        (b"SET (personal (FlagChange))", 23),
        (b"SET (personal (MessageNew FlagChange))", 23),
        (b"SET (personal (MessageNew (UID) MessageExpunge))", 34),
        (b"SET (selected (MessageNew (FOO) MessageExpunge))", 36),
        (b"SET (selected (MessageNew MessageExpunge MailboxName))", 23),
        (b"SET (selected NONE) (selected-delayed NONE)", 29),
        (b"SET (selected NONE)  (personal NONE)", 29),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset


@pytest.mark.parametrize(
    "text",
    [
        b"SET" + b" (personal NONE)" * 51,
        b"SET (personal (" + b" ".join([b"MailboxName"] * 21) + b"))",
        b"SET (personal " + b" ".join([b"MailboxName"] * 21) + b")",
        b"SET (mailboxes (" + b" ".join([b"a"] * 1001) + b") NONE)",
    ],
    ids=["groups", "events", "events without parentheses", "mailboxes"],
)
def test_has_bounds(text: bytes) -> None:
    with pytest.raises(OverLimit):
        parse(text)


def test_takes_subtree_one_with_multisearch() -> None:
    """RFC 7377 section 3 adds it to the grammar."""
    grammar = Grammar((*CORE, NOTIFY, MULTISEARCH))
    args = grammar.parse((b"a NOTIFY SET (subtree-one a NONE)",)).args
    assert args == Notify((EventGroup(MailboxFilter(FilterKind.SUBTREE_ONE, ("a",))),))


def test_spells() -> None:
    supported = (EventKind.MESSAGE_NEW, EventKind.MESSAGE_EXPUNGE, EventKind.FLAG_CHANGE)
    assert bad_event_code(supported) == b"BADEVENT (MessageNew MessageExpunge FlagChange)"
    assert NOTIFICATION_OVERFLOW == b"NOTIFICATIONOVERFLOW"
