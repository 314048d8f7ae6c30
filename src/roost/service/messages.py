r"""Messages of a mailbox: their flags, copies, moves and removal.

`acting` is the account that asks; rights are checked here. Works are of at most MESSAGES_PER_WORK
messages, but for a copy, which is made whole or not at all. Uids that are not there are passed
over.
"""

from array import array
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple

from roost.base.errors import ServiceError
from roost.base.ids import AccountId, MailboxRef, Uid
from roost.ports.clock import Clock
from roost.service import mailboxes, rights
from roost.service.mailbox_errors import MailboxUnknown
from roost.service.rights import NotPermitted, Right, Rights
from roost.store import (
    copying,
    copying_across,
    expunging,
    flagging,
    placements,
    quota,
    vanished,
)
from roost.store.copying import Moved
from roost.store.engine import MAX_INLINE_ROWS, ReadTx, Store, StoreFailed, StoreFull, WriteTx
from roost.store.expunging import Gone
from roost.store.flagging import Flagged, How
from roost.store.flags import DELETED, EVERY_FLAG, NO_FLAGS, SEEN, Changeable, Flags
from roost.store.mailbox_names import parse_name
from roost.store.mailboxes import Mailbox
from roost.store.placements import ALL_UIDS, Placed
from roost.store.sql_lists import Span, chunks

MESSAGES_PER_WORK = 500
# RFC 6851 section 4.2: what STORE, COPY and EXPUNGE need together.
_TO_MOVE = (Right.READ, Right.DELETE_MESSAGES, Right.EXPUNGE)


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


class OwnedName(NamedTuple):
    """A mailbox by its name among those of an account, there or not."""

    owner: AccountId
    name: str


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

    Flags that the account may not change stay as they are. unchanged_since: but for those whose
    modseq is higher (RFC 7162 section 3.1.3). Raises MailboxUnknown, NotPermitted where it may
    change none of them.
    """
    now = clock.now()

    async def work(tx: WriteTx) -> Flagged:
        may = await rights.rights_of(tx, acting, mailbox)
        changeable = rights.changeable_flags(may)
        _refuse_flags(may, changeable, how, flags)
        return await flagging.set_flags(
            tx,
            mailbox,
            uids,
            how,
            flags,
            now=now,
            unchanged_since=unchanged_since,
            changeable=changeable,
        )

    return await store.write(work)


async def mark_seen(
    store: Store, clock: Clock, acting: AccountId, mailbox: MailboxRef, uids: Sequence[int]
) -> None:
    r"""Set `\Seen` because messages were read; nothing where that is not allowed.

    A disk that is full or failing keeps nobody from reading. RFC 4314 section 4.
    """
    for some in chunks(uids, MESSAGES_PER_WORK):
        try:
            await set_flags(store, clock, acting, mailbox, some, How.ADD, Flags(SEEN))
        except (StoreFull, StoreFailed, NotPermitted, MailboxUnknown):
            return


async def flags_of(
    store: Store, acting: AccountId, mailbox: MailboxRef, uids: Sequence[int]
) -> list[Placed]:
    """At most MESSAGES_PER_WORK messages as they are now, ascending."""
    await rights.check(store, acting, mailbox, Right.READ)
    return await store.read(lambda tx: placements.by_uids(tx, mailbox, uids))


async def changed_since(
    store: Store, acting: AccountId, mailbox: MailboxRef, modseq: int
) -> "array[int]":
    """The uids of all messages with a higher modseq, ascending. RFC 7162 section 3.1.4.1."""
    await rights.check(store, acting, mailbox, Right.READ)
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
    await rights.check(store, acting, mailbox, Right.READ)
    few = await store.read(lambda tx: vanished.uids_since(tx, mailbox, modseq))
    if few is None or len(few) < MAX_INLINE_ROWS:
        return few
    return await store.scan(lambda tx: vanished.uids_since(tx, mailbox, modseq, limit=ALL_UIDS))


async def highest_modseq(
    store: Store, acting: AccountId, mailbox: MailboxRef, uids: Sequence[int]
) -> int:
    """The highest modseq of those of these messages that are there, 0 where none is."""
    await rights.check(store, acting, mailbox, Right.READ)
    where = store.read if len(uids) <= MESSAGES_PER_WORK else store.scan
    return await where(lambda tx: placements.highest_modseq(tx, mailbox, uids))


async def copy(
    store: Store,
    clock: Clock,
    acting: AccountId,
    source: MailboxRef,
    spans: Sequence[Span],
    target_name: OwnedName,
    *,
    default_quota: int,
    expected: int = 0,
) -> Copies | None:
    """Copy the messages in these ranges of uids to the mailbox of this name, all or none.

    Flags that `acting` may not set there are left behind (RFC 4314 section 4). expected: how many
    there must be. Returns None when there is none. Raises MailboxNameInvalid, MailboxUnknown,
    NotPermitted, QuotaExceeded, MessagesGone. RFC 9051 section 6.4.7.
    """
    owner, wanted, now = target_name.owner, parse_name(target_name.name), clock.now()

    async def work(tx: WriteTx) -> Copies | None:
        await rights.require(tx, acting, source, Right.READ)
        target, may = await mailboxes.require_with_rights(tx, acting, owner, wanted, Right.INSERT)
        if not spans:
            return None
        limit = await quota.limit_of(tx, owner, default_quota)
        across = source.account != owner
        make = copying_across.copy_across if across else copying.copy
        copied = await make(tx, source, spans, target.ref, now=now, quota_octets=limit)
        if (0 if copied is None else len(copied.sources)) < expected:
            raise MessagesGone
        if copied is None:
            return None
        await _drop_flags(tx, target.ref, may, copied.first, len(copied.sources), now)
        return Copies(target.uid_validity, copied.sources, copied.first)

    return await store.write(work)


async def find_target(
    store: Store, acting: AccountId, source: MailboxRef, target_name: OwnedName
) -> Mailbox:
    """The mailbox of this name, if it is one that messages of `source` may move to.

    Raises MailboxNameInvalid, MailboxUnknown, NotPermitted, SameMailbox.
    """
    wanted = parse_name(target_name.name)

    async def work(tx: ReadTx) -> Mailbox:
        await rights.require(tx, acting, source, *_TO_MOVE)
        return await mailboxes.require(tx, acting, target_name.owner, wanted, Right.INSERT)

    target = await store.read(work)
    if target.ref == source:
        raise SameMailbox
    return target


async def move_some(
    store: Store,
    clock: Clock,
    acting: AccountId,
    source: MailboxRef,
    uids: Sequence[int],
    target: Mailbox,
    *,
    default_quota: int,
) -> list[Moved]:
    """Move at most MESSAGES_PER_WORK messages to a target of `find_target`. RFC 9051 section 6.4.8.

    Flags as `copy`. Raises MailboxGone, MailboxUnknown, NotPermitted, and QuotaExceeded where the
    target is of another account.
    """
    now = clock.now()

    async def work(tx: WriteTx) -> list[Moved]:
        await rights.require(tx, acting, source, *_TO_MOVE)
        may = await rights.require(tx, acting, target.ref, Right.INSERT)
        if source.account == target.account_id:
            moved = await copying.move_some(tx, source, uids, target.ref, now=now)
        else:
            limit = await quota.limit_of(tx, target.account_id, default_quota)
            moved = await copying_across.move_across(
                tx, source, uids, target.ref, now=now, quota_octets=limit
            )
        if moved:
            await _drop_flags(tx, target.ref, may, moved[0].target, len(moved), now)
        return moved

    return await store.write(work)


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
    now = clock.now()

    async def work(tx: WriteTx) -> list[Gone]:
        await rights.require(tx, acting, mailbox, Right.EXPUNGE)
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


def _refuse_flags(may: Rights, changeable: Changeable, how: How, flags: Flags) -> None:
    """Raise unless some of these flags may be changed; who replaces them names all there are.

    RFC 4314 section 4: a STORE does not fail as long as it may change one of them.
    """
    named = EVERY_FLAG if how is How.REPLACE else flags
    if any(named) and not (
        named.bits & changeable.bits or (named.keywords and changeable.keywords)
    ):
        needed = Right.WRITE if named.keywords or named.bits & ~(SEEN | DELETED) else Right.SEEN
        if not named.keywords and named.bits == DELETED:
            needed = Right.DELETE_MESSAGES
        rights.refuse_without(may, needed)


async def _drop_flags(
    tx: WriteTx, target: MailboxRef, may: Rights, first: Uid, messages: int, now: datetime
) -> None:
    """Take from copies that were just made what `may` does not let anybody set there."""
    allowed = rights.changeable_flags(may)
    if allowed == EVERY_FLAG:
        return
    dropped = Changeable(EVERY_FLAG.bits & ~allowed.bits, keywords=not allowed.keywords)
    for some in chunks(range(first, first + messages), MESSAGES_PER_WORK):
        await flagging.set_flags(
            tx, target, some, How.REPLACE, NO_FLAGS, now=now, changeable=dropped
        )
