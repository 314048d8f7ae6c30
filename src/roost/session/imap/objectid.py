"""OBJECTID: what mailboxes, messages and threads are called for good. RFC 8474."""

from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType
from typing import Any

from roost.base.ids import (
    EMAIL,
    MAILBOX,
    THREAD,
    EmailId,
    MailboxRef,
    ThreadId,
    parse_wire_id,
    wire_id,
)
from roost.proto.imap.ext.objectid import (
    HasEmailId,
    HasThreadId,
    ObjectIdItem,
    mailbox_id_code,
    mailbox_id_value,
)
from roost.proto.imap.response import Code
from roost.session.imap.column_item import ColumnItem, ItemMaker
from roost.session.imap.conversation import Conversation
from roost.session.imap.view import View
from roost.store.search_rows import AnyOf, Condition, InThread, IsEmail

_NOTHING = AnyOf(())


def mailbox_id(mailbox: MailboxRef) -> bytes:
    """The value of MAILBOXID in STATUS. RFC 8474 section 4.3."""
    return mailbox_id_value(wire_id(MAILBOX, *mailbox))


def mailbox_code(mailbox: MailboxRef) -> Code:
    """MAILBOXID, for CREATE and SELECT. RFC 8474 sections 4.1 and 4.2."""
    return mailbox_id_code(wire_id(MAILBOX, *mailbox))


def _email_item(talk: Conversation) -> ColumnItem:
    return ColumnItem(b"EMAILID (%b)", ("email",), _speller(talk, EMAIL))


def _thread_item(talk: Conversation) -> ColumnItem:
    return ColumnItem(b"THREADID (%b)", ("thread_id",), _speller(talk, THREAD))


def _speller(talk: Conversation, kind: str) -> Callable[[int], bytes]:
    account = talk.selected.ref.account
    return lambda number: wire_id(kind, account, number).encode("ascii")


def _has_email_id(view: View, key: HasEmailId) -> Condition:
    number = _number(view, EMAIL, key.id)
    return _NOTHING if number is None else IsEmail(EmailId(number))


def _has_thread_id(view: View, key: HasThreadId) -> Condition:
    number = _number(view, THREAD, key.id)
    return _NOTHING if number is None else InThread(ThreadId(number))


def _number(view: View, kind: str, text: str) -> int | None:
    """What is so called in the account of the mailbox; None for nothing. RFC 8474 section 6."""
    try:
        account, number = parse_wire_id(kind, text)
    except ValueError:
        return None
    return number if account == view.ref.account and number < 1 << 32 else None


FETCH_ITEMS: Mapping[Hashable, ItemMaker] = MappingProxyType(
    {ObjectIdItem.EMAIL: _email_item, ObjectIdItem.THREAD: _thread_item}
)
SEARCH_KEYS: Mapping[type, Callable[[View, Any], Condition]] = MappingProxyType(
    {HasEmailId: _has_email_id, HasThreadId: _has_thread_id}
)
