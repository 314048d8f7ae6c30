r"""Messages of a mailbox: their flags, copies, moves and removal.

`acting` is the account that asks; rights are checked here. Works are of at most MESSAGES_PER_WORK
messages, but for a copy, which is made whole or not at all. Uids that are not there are passed
over.
"""

from array import array
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from roost.base.errors import ServiceError
from roost.base.ids import AccountId, MailboxRef, Uid
from roost.ports.clock import Clock
from roost.service import mailboxes, rights
from roost.service.rights import Right
from roost.store import copying, expunging, flagging, placements, quota, vanished
from roost.store.copying import Moved
from roost.store.engine import MAX_INLINE_ROWS, Store, StoreFailed, StoreFull, WriteTx
from roost.store.expunging import Gone
from roost.store.flagging import Flagged, How
from roost.store.flags import DELETED, SEEN, Flags
from roost.store.mailbox_names import parse_name
from roost.store.mailboxes import Mailbox
from roost.store.placements import ALL_UIDS, Placed
from roost.store.sql_lists import Span, chunks

MESSAGES_PER_WORK = 500


@dataclass(eq=False)
class MessagesGone(ServiceError):
    """Some of the messages that all are needed have been removed. RFC 5530 EXPUNGEISSUED."""

    code: ClassVar[str] = "messages_gone"

    def __str__(self) -> str:
        return "some of the messages are no longer there: look again which there are"


@dataclass(eq=False)
class SameMailbox(ServiceError):
    """A message cannot move to where it is."""

    code: ClassVar[str] = "same_mailbox"

    def __str__(self) -> str:
        return "the messages are in this mailbox already: choose another"


@dataclass(frozen=True, slots=True)
class Copies:
    """What a copy made. sources: uids, ascending; first: of their copies, which follow in order."""

    uid_validity: int
    sources: "array[int]"
    first: Uid


async def set_flags(
    store: Store,
    clock: Clock,
    acting: AccountId,
    mailbox: MailboxRef,
    uids: Sequence[int],
    how: How,
    flags: Flags,
    *,
    unchanged_since: int | None = None,
) -> Flagged:
    """Change flags of at most MESSAGES_PER_WORK messages. RFC 9051 section 6.4.6.

    unchanged_since: but for those whose modseq is higher (RFC 7162 section 3.1.3). Raises
    MailboxUnknown, NotPermitted.
    """
    for right in _rights_for(how, flags):
        rights.require(acting, mailbox, right)
    now = clock.now()

    async def work(tx: WriteTx) -> Flagged:
        return await flagging.set_flags(
            tx, mailbox, uids, how, flags, now=now, unchanged_since=unchanged_since
        )

    return await store.write(work)


async def mark_seen(
    store: Store, clock: Clock, acting: AccountId, mailbox: MailboxRef, uids: Sequence[int]
) -> None:
    r"""Set `\Seen` because messages were read; nothing where that is not allowed.

    A disk that is full or failing keeps nobody from reading. RFC 4314 section 4.
    """
    if Right.SEEN not in rights.rights_of(acting, mailbox):
        return
    for some in chunks(uids, MESSAGES_PER_WORK):
        try:
            await set_flags(store, clock, acting, mailbox, some, How.ADD, Flags(SEEN))
        except (StoreFull, StoreFailed):
            return


async def flags_of(
    store: Store, acting: AccountId, mailbox: MailboxRef, uids: Sequence[int]
) -> list[Placed]:
    """At most MESSAGES_PER_WORK messages as they are now, ascending."""
    rights.require(acting, mailbox, Right.READ)
    return await store.read(lambda tx: placements.by_uids(tx, mailbox, uids))


async def changed_since(
    store: Store, acting: AccountId, mailbox: MailboxRef, modseq: int
) -> "array[int]":
    """The uids of all messages with a higher modseq, ascending. RFC 7162 section 3.1.4.1."""
    rights.require(acting, mailbox, Right.READ)
    few = await store.read(lambda tx: placements.uids_changed_since(tx, mailbox, modseq))
    if len(few) < MAX_INLINE_ROWS:
        return few
    return await store.scan(
        lambda tx: placements.uids_changed_since(tx, mailbox, modseq, limit=ALL_UIDS)
    )


async def expunged_since(
    store: Store, acting: AccountId, mailbox: MailboxRef, modseq: int
) -> "array[int] | None":
    """The uids of all messages that left after `modseq`, ascending. RFC 7162 section 3.2.6.

    None where that is not known any more.
    """
    rights.require(acting, mailbox, Right.READ)
    few = await store.read(lambda tx: vanished.uids_since(tx, mailbox, modseq))
    if few is None or len(few) < MAX_INLINE_ROWS:
        return few
    return await store.scan(lambda tx: vanished.uids_since(tx, mailbox, modseq, limit=ALL_UIDS))


async def highest_modseq(
    store: Store, acting: AccountId, mailbox: MailboxRef, uids: Sequence[int]
) -> int:
    """The highest modseq of those of these messages that are there, 0 where none is."""
    rights.require(acting, mailbox, Right.READ)
    where = store.read if len(uids) <= MESSAGES_PER_WORK else store.scan
    return await where(lambda tx: placements.highest_modseq(tx, mailbox, uids))


async def copy(
    store: Store,
    clock: Clock,
    acting: AccountId,
    source: MailboxRef,
    spans: Sequence[Span],
    name: str,
    *,
    default_quota: int,
    expected: int = 0,
) -> Copies | None:
    """Copy the messages in these ranges of uids to the mailbox `name` of `acting`, all or none.

    expected: how many there must be. Returns None when there is none. Raises MailboxNameInvalid,
    MailboxUnknown, NotPermitted, QuotaExceeded, MessagesGone. RFC 9051 section 6.4.7.
    """
    rights.require(acting, source, Right.READ)
    wanted, now = parse_name(name), clock.now()

    async def work(tx: WriteTx) -> Copies | None:
        target = await mailboxes.require(tx, acting, acting, wanted, Right.INSERT)
        if not spans:
            return None
        limit = await quota.limit_of(tx, acting, default_quota)
        copied = await copying.copy(tx, source, spans, target.ref, now=now, quota_octets=limit)
        if (0 if copied is None else len(copied.sources)) < expected:
            raise MessagesGone
        if copied is None:
            return None
        return Copies(target.uid_validity, copied.sources, copied.first)

    return await store.write(work)


async def find_target(store: Store, acting: AccountId, source: MailboxRef, name: str) -> Mailbox:
    """The mailbox of `acting` that messages of `source` may move to.

    Raises MailboxNameInvalid, MailboxUnknown, NotPermitted, SameMailbox.
    """
    for right in (Right.READ, Right.DELETE_MESSAGES, Right.EXPUNGE):
        rights.require(acting, source, right)
    wanted = parse_name(name)
    target = await store.read(
        lambda tx: mailboxes.require(tx, acting, acting, wanted, Right.INSERT)
    )
    if target.ref == source:
        raise SameMailbox
    return target


async def move_some(
    store: Store, clock: Clock, source: MailboxRef, uids: Sequence[int], target: Mailbox
) -> list[Moved]:
    """Move at most MESSAGES_PER_WORK messages to a target of `find_target`. RFC 9051 section 6.4.8.

    Raises MailboxGone.
    """
    now = clock.now()
    return await store.write(lambda tx: copying.move_some(tx, source, uids, target.ref, now=now))


async def expunge(
    store: Store,
    clock: Clock,
    acting: AccountId,
    mailbox: MailboxRef,
    spans: Sequence[Span] | None = None,
) -> AsyncIterator[list[Gone]]:
    r"""Remove the messages with `\Deleted`, work by work. RFC 9051 section 6.4.3.

    spans: only those in these ranges of uids, ascending; None for all. Raises MailboxUnknown,
    NotPermitted.
    """
    rights.require(acting, mailbox, Right.EXPUNGE)
    now = clock.now()

    async def work(tx: WriteTx) -> list[Gone]:
        return await expunging.expunge(tx, mailbox, spans, now=now, limit=MESSAGES_PER_WORK)

    while True:
        gone = await store.write(work)
        yield gone
        if len(gone) < MESSAGES_PER_WORK:
            return
        spans = _above(spans, gone[-1].uid)


def _above(spans: Sequence[Span] | None, uid: int) -> list[Span]:
    """The part of the ranges above a uid."""
    whole = spans if spans is not None else [(1, ALL_UIDS)]
    return [(max(low, uid + 1), high) for low, high in whole if high > uid]


def _rights_for(how: How, flags: Flags) -> list[Right]:
    """What is needed to set or clear these flags. RFC 4314 section 4."""
    if how is How.REPLACE:
        return [Right.SEEN, Right.DELETE_MESSAGES, Right.WRITE]
    needed = []
    if flags.bits & SEEN:
        needed.append(Right.SEEN)
    if flags.bits & DELETED:
        needed.append(Right.DELETE_MESSAGES)
    if flags.bits & ~(SEEN | DELETED) or flags.keywords:
        needed.append(Right.WRITE)
    return needed
