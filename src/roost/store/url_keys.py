"""Rows of mailbox access keys: what URLs of a mailbox are authorised with. RFC 4467 section 2.2.

Each user has a key of its own for each mailbox. `user` is whose key it is, `ref` the mailbox with
its owner.
"""

from roost.base.ids import AccountId, MailboxId, MailboxRef, ModSeq
from roost.ports.bus import Type
from roost.store import numbers
from roost.store.engine import ReadTx, WriteTx


async def find(tx: ReadTx, user: AccountId, ref: MailboxRef) -> bytes | None:
    """The key, None where there is none."""
    key: bytes | None = await tx.value(
        "SELECT key FROM url_key WHERE account_id = $1 AND mailbox_id = $2 AND user_id = $3",
        *ref,
        user,
    )
    return key


async def give(tx: WriteTx, user: AccountId, ref: MailboxRef, key: bytes) -> bytes:
    """The key there is, which becomes `key` where there was none. Nobody is told of it."""
    await tx.execute(
        "INSERT INTO url_key AS k (account_id, mailbox_id, user_id, key, modseq)"
        " VALUES ($1, $2, $3, $4, 0) ON CONFLICT (account_id, mailbox_id, user_id)"
        " DO UPDATE SET key = excluded.key WHERE k.key IS NULL",
        *ref,
        user,
        key,
    )
    found = await find(tx, user, ref)
    assert found is not None, "it was there or was just put there"
    return found


async def reset(tx: WriteTx, user: AccountId, ref: MailboxRef, key: bytes) -> ModSeq:
    """Put a new key in place of any there is; the modseq of that."""
    modseq = await numbers.reserve_modseqs(tx, user, 1)
    await tx.execute(
        "INSERT INTO url_key (account_id, mailbox_id, user_id, key, modseq)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, mailbox_id, user_id)"
        " DO UPDATE SET key = excluded.key, modseq = excluded.modseq",
        *ref,
        user,
        key,
        modseq,
    )
    tx.changed(user, Type.URL_KEY, ref.id, modseq)
    return modseq


async def remove_all(tx: WriteTx, user: AccountId) -> None:
    """Remove all keys of a user, at once, since whoever asks wants them all to be worth nothing."""
    modseq = await numbers.reserve_modseqs(tx, user, 1)
    rows = await tx.rows(
        "UPDATE url_key SET key = NULL, modseq = $1 WHERE user_id = $2 AND key IS NOT NULL"
        " RETURNING mailbox_id",
        modseq,
        user,
    )
    for row in rows:
        tx.changed(user, Type.URL_KEY, MailboxId(row[0]), modseq)


async def last_reset(tx: ReadTx, user: AccountId, ref: MailboxRef) -> ModSeq:
    """The modseq at which the key was last reset or removed, 0 for never."""
    modseq: int | None = await tx.value(
        "SELECT modseq FROM url_key WHERE account_id = $1 AND mailbox_id = $2 AND user_id = $3",
        *ref,
        user,
    )
    return ModSeq(modseq or 0)
