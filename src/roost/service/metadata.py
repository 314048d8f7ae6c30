"""Notes on mailboxes and on the server, within bounds. RFC 5464.

On the mailboxes of others there is only `/shared`; what is below `/private` is the owner's.
`acting` is the account that asks, `owner` the one whose mailbox is meant.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from roost.base.errors import ServiceError
from roost.base.ids import AccountId, MailboxRef, ModSeq
from roost.service import mailboxes
from roost.service.rights import NotPermitted, Right
from roost.store import metadata
from roost.store.engine import ReadTx, Store, WriteTx
from roost.store.metadata import MAX_ENTRIES, MAX_OCTETS

PRIVATE = "/private/"
ON_MESSAGES = frozenset((Right.READ, Right.SEEN, Right.WRITE, Right.INSERT, Right.POST))


@dataclass(eq=False)
class TooManyNotes(ServiceError):
    """The account has as many entries as it may have."""

    code: ClassVar[str] = "too_many_notes"

    def __str__(self) -> str:
        return f"an account may have {MAX_ENTRIES} notes: remove some first"


@dataclass(eq=False)
class NotesTooLarge(ServiceError):
    """The entries of the account would be too large together. left_octets: what may be added."""

    code: ClassVar[str] = "notes_too_large"
    left_octets: int

    def __str__(self) -> str:
        return f"the notes of an account may have {MAX_OCTETS} octets: remove some first"


@dataclass(eq=False)
class NoPrivateNotes(ServiceError):
    """A mailbox of somebody else has no private notes. RFC 5464 section 4.3, NOPRIVATE."""

    code: ClassVar[str] = "no_private_notes"

    def __str__(self) -> str:
        return "notes below /private are only for one's own mailboxes: put it below /shared"


async def target(store: Store, acting: AccountId, owner: AccountId, name: str) -> MailboxRef:
    """What notes are on: a mailbox, or for "" the server. Raises MailboxUnknown, NotPermitted."""
    if not name:
        return MailboxRef(acting, metadata.SERVER)
    wanted = mailboxes.known_name(name)
    return await store.read(lambda tx: _require(tx, acting, owner, wanted, may_write=False))


def is_visible(acting: AccountId, ref: MailboxRef, entry: str) -> bool:
    """Whether an entry on a mailbox is for `acting` to see."""
    return acting == ref.account or not entry.startswith(PRIVATE)


async def put(
    store: Store,
    acting: AccountId,
    owner: AccountId,
    name: str,
    noted: Mapping[str, bytes | None],
) -> ModSeq:
    """Set entries, remove those whose value is None; all of them or none.

    name: of the mailbox, "" for the server. Returns the modseq of the change. Raises
    MailboxUnknown, NotPermitted, NoPrivateNotes, TooManyNotes, NotesTooLarge.
    """
    wanted = mailboxes.known_name(name) if name else ""

    async def work(tx: WriteTx) -> ModSeq:
        ref = MailboxRef(acting, metadata.SERVER)
        if wanted:
            ref = await _require(tx, acting, owner, wanted, may_write=True)
        if not all(is_visible(acting, ref, entry) for entry in noted):
            raise NoPrivateNotes
        before = await metadata.held(tx, ref.account)
        modseq = await metadata.put(tx, ref, noted)
        after = await metadata.held(tx, ref.account)
        # Who is above a bound may still take away.
        if after.entries > max(MAX_ENTRIES, before.entries):
            raise TooManyNotes
        if after.octets > max(MAX_OCTETS, before.octets):
            raise NotesTooLarge(max(MAX_OCTETS - before.octets, 0))
        return modseq

    return await store.write(work)


async def _require(
    tx: ReadTx, acting: AccountId, owner: AccountId, name: str, *, may_write: bool
) -> MailboxRef:
    """The mailbox, if `acting` may see its notes, or write them.

    RFC 5464 section 3.2.1 lets nobody do either without LOOKUP and one right on messages. Writing
    shared notes changes what others see, as flags do: it needs WRITE.
    """
    needed = (Right.LOOKUP, Right.WRITE) if may_write else (Right.LOOKUP,)
    found, may = await mailboxes.require_with_rights(tx, acting, owner, name, *needed)
    if not may & ON_MESSAGES:
        raise NotPermitted(Right.READ)
    return found.ref
