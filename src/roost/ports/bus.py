"""Hints that something changed. Design: a lost, doubled or reordered hint is harmless."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from roost.base.ids import AccountId, MailboxId


class Type(Enum):
    """What kind of record changed; JMAP's data types (RFC 8621 section 1.5) and our own."""

    EMAIL = "Email"
    EMAIL_DELIVERY = "EmailDelivery"
    THREAD = "Thread"
    MAILBOX = "Mailbox"
    SUBSCRIPTION = "Subscription"
    SUBMISSION = "EmailSubmission"
    IDENTITY = "Identity"
    SETTINGS = "Settings"
    METADATA = "Metadata"
    URL_KEY = "UrlKey"
    ACL = "Acl"
    QUEUE = "Queue"


@dataclass(frozen=True, slots=True)
class Hint:
    """Something of `account` changed. Listeners read the store above their own mark.

    mailboxes: those with changed messages, so that sessions on others need not look.
    modseq: the highest modification sequence of the changes, 0 where they have none.
    """

    account: AccountId
    types: frozenset[Type]
    mailboxes: frozenset[MailboxId]
    modseq: int


class EventBus(Protocol):
    """Carries hints to whoever listens."""

    def publish(self, hint: Hint) -> None:
        """Tell every listener of the account; never blocks, never raises."""
        ...

    def listen(self, account: AccountId | None, hear: Callable[[Hint], None]) -> Callable[[], None]:
        """Call `hear` for each hint of `account` (None: of all). Returns what stops it."""
        ...
