"""Notes on mailboxes and on the server, within bounds. RFC 5464.

`/private` and `/shared` are kept alike: a mailbox is read by its owner only. `acting` is the
account that asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from roost.base.errors import ServiceError
from roost.base.ids import AccountId, MailboxRef, ModSeq
from roost.service import mailboxes
from roost.service.rights import Right
from roost.store import metadata
from roost.store.engine import Store, WriteTx
from roost.store.metadata import MAX_ENTRIES, MAX_OCTETS


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


async def target(store: Store, acting: AccountId, name: str) -> MailboxRef:
    """What notes are on: a mailbox, or for "" the server. Raises MailboxUnknown, NotPermitted."""
    if not name:
        return MailboxRef(acting, metadata.SERVER)
    return (await mailboxes.status(store, acting, acting, name)).ref


async def put(
    store: Store, acting: AccountId, name: str, noted: Mapping[str, bytes | None]
) -> ModSeq:
    """Set entries, remove those whose value is None; all of them or none.

    name: of the mailbox, "" for the server. Returns the modseq of the change. Raises
    MailboxUnknown, NotPermitted, TooManyNotes, NotesTooLarge.
    """
    wanted = mailboxes.known_name(name) if name else ""

    async def work(tx: WriteTx) -> ModSeq:
        ref = MailboxRef(acting, metadata.SERVER)
        if wanted:
            ref = (await mailboxes.require(tx, acting, acting, wanted, Right.READ)).ref
        before = await metadata.held(tx, acting)
        modseq = await metadata.put(tx, ref, noted)
        after = await metadata.held(tx, acting)
        # Who is above a bound may still take away.
        if after.entries > max(MAX_ENTRIES, before.entries):
            raise TooManyNotes
        if after.octets > max(MAX_OCTETS, before.octets):
            raise NotesTooLarge(max(MAX_OCTETS - before.octets, 0))
        return modseq

    return await store.write(work)
