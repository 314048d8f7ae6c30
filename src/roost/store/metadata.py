"""Rows of metadata: notes of clients on a mailbox or on the server. RFC 5464.

What was removed stays as a row without a value, so that sessions can be told of it; of those the
oldest go when there are too many.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from roost.base.ids import AccountId, MailboxId, MailboxRef, ModSeq
from roost.ports.bus import Type
from roost.store import numbers
from roost.store.engine import ReadTx, WriteTx

# Stands for the server as each account sees it.
SERVER = MailboxId(0)
# Of an account, all mailboxes together; octets of names and values.
MAX_ENTRIES = 1_000
MAX_OCTETS = 1_000_000
MAX_REMOVED = 1_000


class Held(NamedTuple):
    """What an account holds: entries with a value, and octets of their names and values."""

    entries: int
    octets: int


class Noted(NamedTuple):
    """An entry that changed. mailbox: its name, "" for the server. removed: it has no value now."""

    mailbox: str
    entry: str
    modseq: ModSeq
    removed: bool


async def values(tx: ReadTx, ref: MailboxRef, entries: Sequence[str]) -> dict[str, bytes | None]:
    """The values of these entries, None for those that have none; in the order given."""
    found: dict[str, bytes | None] = {}
    for entry in entries:
        found[entry] = await tx.value(
            "SELECT value FROM metadata WHERE account_id = $1 AND mailbox_id = $2 AND entry = $3",
            *ref,
            entry,
        )
    return found


async def values_below(tx: ReadTx, ref: MailboxRef, entry: str) -> dict[str, bytes]:
    """The values of an entry and of all below it, in order of name; in a scan."""
    rows = await tx.rows(
        "SELECT entry, value FROM metadata WHERE account_id = $1 AND mailbox_id = $2"
        " AND value IS NOT NULL AND (entry = $3 OR entry >= $4 AND entry < $5) ORDER BY entry",
        *ref,
        entry,
        entry + "/",
        entry + "0",  # what follows the slash
    )
    return {row[0]: row[1] for row in rows}


async def held(tx: ReadTx, account: AccountId, mailbox: MailboxId | None = None) -> Held:
    """What the account holds altogether, or of one mailbox. Walks rows, which have a bound."""
    row = await tx.row(
        "SELECT COUNT(*), COALESCE(SUM(LENGTH(entry) + LENGTH(value)), 0) FROM metadata"
        " WHERE account_id = $1 AND mailbox_id = COALESCE($2, mailbox_id) AND value IS NOT NULL",
        account,
        mailbox,
    )
    assert row is not None, "an aggregate has one row"
    return Held(row[0], row[1])


async def put(tx: WriteTx, ref: MailboxRef, noted: Mapping[str, bytes | None]) -> ModSeq:
    """Set values, or remove those that are None; the modseq of the change."""
    modseq = await numbers.reserve_modseqs(tx, ref.account, 1)
    await tx.execute_many(
        "INSERT INTO metadata (account_id, mailbox_id, entry, value, modseq)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, mailbox_id, entry)"
        " DO UPDATE SET value = excluded.value, modseq = excluded.modseq",
        [(*ref, entry, value, modseq) for entry, value in noted.items()],
    )
    # RFC 7162 section 3.2: a mailbox whose notes change has another HIGHESTMODSEQ.
    await tx.execute(
        "UPDATE mailbox SET highest_modseq = $1 WHERE account_id = $2 AND id = $3", modseq, *ref
    )
    await _forget_old(tx, ref.account)
    tx.changed(ref.account, Type.METADATA)
    return modseq


async def copy(tx: WriteTx, source: MailboxRef, target: MailboxRef) -> None:
    """Give a new mailbox the notes of another of the account, unless they would be too many."""
    before, more = await held(tx, source.account), await held(tx, source.account, source.id)
    if not more.entries or before.entries + more.entries > MAX_ENTRIES:
        return
    if before.octets + more.octets > MAX_OCTETS:
        return
    modseq = await numbers.reserve_modseqs(tx, source.account, 1)
    await tx.execute(
        "INSERT INTO metadata (account_id, mailbox_id, entry, value, modseq)"
        " SELECT account_id, $1, entry, value, $2 FROM metadata"
        " WHERE account_id = $3 AND mailbox_id = $4 AND value IS NOT NULL",
        target.id,
        modseq,
        *source,
    )
    tx.changed(source.account, Type.METADATA)


async def highest(tx: ReadTx, account: AccountId) -> ModSeq:
    """The modseq of the last change, 0 where there was none."""
    found: int | None = await tx.value(
        "SELECT MAX(modseq) FROM metadata WHERE account_id = $1", account
    )
    return ModSeq(found or 0)


async def changed_since(tx: ReadTx, account: AccountId, modseq: int) -> list[Noted]:
    """What was set or removed above a modseq, by mailbox and entry; in a scan."""
    rows = await tx.rows(
        "SELECT COALESCE(m.name, ''), n.entry, n.modseq, n.value IS NULL"
        " FROM metadata n LEFT JOIN mailbox m"
        " ON m.account_id = n.account_id AND m.id = n.mailbox_id"
        " WHERE n.account_id = $1 AND n.modseq > $2 ORDER BY n.mailbox_id, n.entry",
        account,
        modseq,
    )
    return [Noted(row[0], row[1], row[2], removed=bool(row[3])) for row in rows]


async def _forget_old(tx: WriteTx, account: AccountId) -> None:
    oldest = await tx.value(
        "SELECT modseq FROM metadata WHERE account_id = $1 AND value IS NULL"
        " ORDER BY modseq DESC LIMIT 1 OFFSET $2",
        account,
        MAX_REMOVED,
    )
    if oldest is not None:
        await tx.execute(
            "DELETE FROM metadata WHERE account_id = $1 AND value IS NULL AND modseq <= $2",
            account,
            oldest,
        )
