"""Mend rows that follow from other rows. What is mended takes new modseqs, so clients see it."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from roost.base.ids import AccountId, BlobId, ModSeq
from roost.ports.bus import Type
from roost.store import blob_use, email_state, numbers
from roost.store.check_rows import (
    LIST_AS_IT_SHOULD_BE,
    THREAD_COUNTS_AS_THEY_SHOULD_BE,
    THREAD_SIZES,
    Kind,
    wrong_states,
)
from roost.store.engine import Store, WriteTx
from roost.store.flags import DELETED, SEEN
from roost.store.sql_lists import chunks

_DERIVED = frozenset((Kind.STATE, Kind.LIST, Kind.THREAD_COUNT, Kind.THREAD, Kind.COUNTER))


async def repair(store: Store, account: AccountId, kinds: AbstractSet[Kind]) -> None:
    """Mend the derived rows of an account in which rows of these kinds are wrong, in one work."""

    async def work(tx: WriteTx) -> None:
        if Kind.QUOTA in kinds:
            await _mend_quota(tx, account)
        if kinds & _DERIVED:
            await _mend_derived(tx, account)

    await store.write(work)


async def doom_unused(store: Store, blobs: Sequence[BlobId], now: datetime) -> None:
    """Give blobs to the clean-up if still nothing refers to them."""

    async def work(tx: WriteTx) -> None:
        for some in chunks(blobs):
            await blob_use.release(tx, some, now)

    await store.write(work)


async def _mend_quota(tx: WriteTx, account: AccountId) -> None:
    await tx.execute(
        "UPDATE account_counter SET"
        " used_octets = (SELECT COALESCE(SUM(size), 0) FROM placement WHERE account_id = $1),"
        " used_messages = (SELECT COUNT(*) FROM placement WHERE account_id = $1)"
        " WHERE account_id = $1",
        account,
    )


async def _mend_derived(tx: WriteTx, account: AccountId) -> None:
    """Build everything that is derived anew, from the placements upwards."""
    wrong = await wrong_states(tx, account)
    mailboxes = await tx.rows("SELECT id FROM mailbox WHERE account_id = $1 ORDER BY id", account)
    first = await numbers.reserve_modseqs(tx, account, len(wrong) + len(mailboxes))
    await tx.execute_many(
        "UPDATE email_state SET visible = $1, flags = $2, keywords = $3, mailboxes = $4,"
        " modseq = $5 WHERE account_id = $6 AND email_id = $7",
        [
            (
                right.visible,
                right.flags,
                right.keywords,
                ",".join(map(str, sorted(right.mailboxes))),
                modseq,
                account,
                email,
            )
            for modseq, (email, _, (right, _)) in enumerate(wrong, first)
        ],
    )
    await _mend_ends(tx, account)
    await _mend_lists(tx, account)
    await _mend_threads(tx, account)
    await _mend_counters(tx, account, first + len(wrong))
    last = await numbers.reserve_modseqs(tx, account, 1)
    types = (Type.EMAIL, Type.THREAD, Type.MAILBOX)
    await email_state.tell(tx, [email_state.Told(account, types, last)])


async def _mend_ends(tx: WriteTx, account: AccountId) -> None:
    """When emails were destroyed and died: as near as it is known."""
    await tx.execute(
        "UPDATE email_state SET destroyed_modseq = CASE WHEN visible > 0 THEN NULL"
        " ELSE COALESCE(destroyed_modseq, modseq) END, died = CASE WHEN EXISTS (SELECT 1"
        " FROM placement p WHERE p.account_id = email_state.account_id"
        " AND p.email_id = email_state.email_id) THEN NULL ELSE COALESCE(died, received) END"
        " WHERE account_id = $1 AND purged IS NULL",
        account,
    )


async def _mend_lists(tx: WriteTx, account: AccountId) -> None:
    await tx.execute("DELETE FROM list_entry WHERE account_id = $1", account)
    await tx.execute(
        "INSERT INTO list_entry (account_id, mailbox_id, received, email_id, thread_id, flags)"  # noqa: S608
        f" SELECT $1, l.* FROM ({LIST_AS_IT_SHOULD_BE}) l",
        account,
    )
    await tx.execute("DELETE FROM thread_mailbox WHERE account_id = $1", account)
    await tx.execute(
        "INSERT INTO thread_mailbox (account_id, mailbox_id, thread_id, emails, unread)"  # noqa: S608
        f" SELECT $1, c.* FROM ({THREAD_COUNTS_AS_THEY_SHOULD_BE}) c",
        account,
    )


async def _mend_threads(tx: WriteTx, account: AccountId) -> None:
    wrong = await tx.rows(
        f"SELECT t.id, c.emails FROM thread t JOIN ({THREAD_SIZES}) c ON c.thread_id = t.id"  # noqa: S608
        " WHERE t.account_id = $1 AND (t.emails <> c.emails"
        " OR (c.emails = 0) <> (t.destroyed_modseq IS NOT NULL))",
        account,
    )
    first = await numbers.reserve_modseqs(tx, account, len(wrong))
    await tx.execute_many(
        "UPDATE thread SET emails = $1, modseq = $2, destroyed_modseq = CASE WHEN $1 > 0"
        " THEN NULL ELSE $2 END WHERE account_id = $3 AND id = $4",
        [
            (emails, ModSeq(modseq), account, thread)
            for modseq, (thread, emails) in enumerate(wrong, first)
        ],
    )


async def _mend_counters(tx: WriteTx, account: AccountId, first: int) -> None:
    mailboxes = await tx.rows("SELECT id FROM mailbox WHERE account_id = $1 ORDER BY id", account)
    for modseq, (mailbox,) in enumerate(mailboxes, first):
        placed = await tx.row(
            "SELECT COUNT(*), COALESCE(SUM(CASE WHEN flags & $1 = 0 THEN 1 ELSE 0 END), 0),"
            " COALESCE(SUM(CASE WHEN flags & $2 <> 0 THEN 1 ELSE 0 END), 0),"
            " COALESCE(SUM(size), 0),"
            " COALESCE(SUM(CASE WHEN flags & $2 <> 0 THEN size ELSE 0 END), 0)"
            " FROM placement WHERE account_id = $3 AND mailbox_id = $4",
            SEEN,
            DELETED,
            account,
            mailbox,
        )
        shown = await tx.row(
            "SELECT COALESCE(SUM(emails), 0), COALESCE(SUM(unread), 0), COUNT(*),"
            " COALESCE(SUM(CASE WHEN unread > 0 THEN 1 ELSE 0 END), 0)"
            " FROM thread_mailbox WHERE account_id = $1 AND mailbox_id = $2",
            account,
            mailbox,
        )
        assert placed is not None, "an aggregate has a row"
        assert shown is not None, "an aggregate has a row"
        await tx.execute(
            "UPDATE mailbox SET messages = $1, unseen = $2, deleted = $3, octets = $4,"
            " deleted_octets = $5, emails = $6, unread = $7, threads = $8, unread_threads = $9,"
            " counts_modseq = $10 WHERE account_id = $11 AND id = $12",
            *placed,
            *shown,
            modseq,
            account,
            mailbox,
        )
