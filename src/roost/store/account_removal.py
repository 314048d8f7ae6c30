"""The rows of an account that was marked for removal, taken away in works of at most 500."""

from datetime import datetime

from roost.base.ids import AccountId, BlobId, MailboxId, MailboxRef
from roost.store import blob_use
from roost.store.engine import MAX_INLINE_ROWS, ReadTx, Store, WriteTx
from roost.store.expunging import empty_some
from roost.store.times import micros

_STEP = MAX_INLINE_ROWS

# Each with the columns of its key behind the account, in the order in which they may go.
_TABLES = (
    ("list_entry", "mailbox_id, received, email_id"),
    ("thread_mailbox", "mailbox_id, thread_id"),
    ("thread_ref", "ref, subject"),
    ("thread", "id"),
    ("expunged", "mailbox_id, modseq"),
    ("email_state", "email_id"),
    ("history_floor", "account_id"),
    ("queue_item", "submission_id, number"),
    ("subscription", "owner_id, name"),
    ("metadata", "mailbox_id, entry"),
    ("url_key", "mailbox_id, user_id"),
    ("mailbox_naming", "modseq"),
    ("acl", "mailbox_id, user_id, negative"),
    ("mailbox", "id"),
    ("address", "domain_id, localpart"),
    ("credential", "id"),
    ("scram_salt", "hash"),
    ("login_attempt", "key"),
    ("tls_public_key", "fingerprint"),
    ("type_state", "type"),
    ("account_counter", "account_id"),
)

# What accounts that stay keep of one that goes: the column that names it, and the rest of the key.
_ELSEWHERE = (
    ("subscription", "owner_id", "account_id, name"),
    ("url_key", "user_id", "account_id, mailbox_id"),
    ("acl", "user_id", "account_id, mailbox_id, negative"),
)


async def remove_accounts(store: Store, marked_before: datetime, now: datetime) -> int:
    """Remove the accounts that were marked before a moment; how many."""

    async def marked(tx: ReadTx) -> list[AccountId]:
        rows = await tx.rows(
            "SELECT id FROM account WHERE deleted IS NOT NULL AND deleted < $1 LIMIT $2",
            micros(marked_before),
            _STEP,
        )
        return [AccountId(row[0]) for row in rows]

    accounts = await store.scan(marked)
    for account in accounts:
        while await store.write(lambda tx, account=account: _remove_some(tx, account, now)):  # type: ignore[misc]
            pass
    return len(accounts)


async def _remove_some(tx: WriteTx, account: AccountId, now: datetime) -> bool:
    """One step; whether there is another one to take."""
    if await _remove_messages(tx, account, now) or await _remove_emails(tx, account, now):
        return True
    if await _remove_submissions(tx, account, now):
        return True
    tables = [*_ELSEWHERE, *((table, "account_id", key) for table, key in _TABLES)]
    for table, column, key in tables:
        gone = await tx.execute(
            f"DELETE FROM {table} WHERE {column} = $1 AND ({key}) IN"  # noqa: S608
            f" (SELECT {key} FROM {table} WHERE {column} = $1 LIMIT $2)",
            account,
            _STEP,
        )
        if gone == _STEP:
            return True
    await tx.execute("DELETE FROM account WHERE id = $1", account)
    return False


async def _remove_messages(tx: WriteTx, account: AccountId, now: datetime) -> int:
    mailbox = await tx.value(
        "SELECT mailbox_id FROM placement WHERE account_id = $1 LIMIT 1", account
    )
    if mailbox is None:
        return 0
    ref = MailboxRef(account, MailboxId(mailbox))
    return await empty_some(tx, ref, limit=_STEP, now=now)


async def _remove_emails(tx: WriteTx, account: AccountId, now: datetime) -> int:
    rows = await tx.rows(
        "DELETE FROM email WHERE key IN (SELECT key FROM email WHERE key >= $1 * 4294967296"
        " AND key < ($1 + 1) * 4294967296 LIMIT $2) RETURNING blob_id",
        account,
        _STEP,
    )
    await blob_use.release(tx, [BlobId(blob) for blob in {row[0] for row in rows}], now)
    return len(rows)


async def _remove_submissions(tx: WriteTx, account: AccountId, now: datetime) -> int:
    rows = await tx.rows(
        "DELETE FROM submission WHERE account_id = $1 AND id IN (SELECT id FROM submission"
        " WHERE account_id = $1 LIMIT $2) RETURNING blob_id",
        account,
        _STEP,
    )
    await blob_use.release(tx, [BlobId(blob) for blob in {row[0] for row in rows}], now)
    return len(rows)
