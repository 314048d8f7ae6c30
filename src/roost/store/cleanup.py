"""What goes with time: dead emails, old history, old logins, all that was removed, doomed blobs.

Every step is a work of at most 500 rows, so that mail goes on; each may end at any moment and goes
on the next time.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from roost.base.ids import BlobId, MailboxRef
from roost.ports.clock import Clock
from roost.store import account_removal, blob_rows, blob_use, login_attempts, mailboxes
from roost.store.emails import EMAIL_SHIFT
from roost.store.engine import MAX_INLINE_ROWS, ReadTx, Store, WriteTx
from roost.store.expunging import empty_some
from roost.store.sql_lists import listed
from roost.store.times import micros

DEAD_READABLE = timedelta(hours=24)
HISTORY_KEPT = timedelta(days=90)
LOGIN_ATTEMPTS_KEPT = timedelta(days=30)

_STEP = MAX_INLINE_ROWS
_THREAD_REFS_JOB = "thread_refs"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How many rows went, of each kind."""

    messages_of_removed_mailboxes: int
    emails: int
    expunged: int
    email_states: int
    thread_refs: int
    accounts: int
    login_attempts: int
    blobs: int


async def clean_up(store: Store, clock: Clock) -> Cleaned:
    """Take away all that may go now."""
    now = clock.now()
    return Cleaned(
        messages_of_removed_mailboxes=await _empty_removed_mailboxes(store, now),
        accounts=await account_removal.remove_accounts(store, now - DEAD_READABLE, now),
        emails=await _in_steps(store, partial(purge_emails, before=now - DEAD_READABLE, now=now)),
        expunged=await _in_steps(store, partial(_forget_expunged, before=now - HISTORY_KEPT)),
        email_states=await _in_steps(store, partial(_forget_emails, before=now - HISTORY_KEPT)),
        thread_refs=await store.write(_forget_thread_refs),
        login_attempts=await _in_steps(
            store, partial(login_attempts.forget, before=now - LOGIN_ATTEMPTS_KEPT)
        ),
        blobs=await _remove_blobs(store, now),
    )


async def _in_steps(store: Store, step: Callable[[WriteTx], Awaitable[int]]) -> int:
    total = 0
    while True:
        done = await store.write(step)
        total += done
        if done < _STEP:
            return total


async def _empty_removed_mailboxes(store: Store, now: datetime) -> int:
    total = 0
    while removed := await store.scan(partial(mailboxes.unemptied, limit=_STEP)):
        for mailbox in removed:
            step = partial(empty_some, mailbox=mailbox, limit=_STEP, now=now)
            total += await _in_steps(store, step)
    return total


async def _remove_blobs(store: Store, now: datetime) -> int:
    total = 0
    while True:
        done = await blob_rows.clean_up(store, now, _STEP)
        total += done
        if done < _STEP:
            return total


async def purge_emails(tx: WriteTx, *, before: datetime, now: datetime) -> int:
    """Delete the rows of up to 500 emails that died before `before`; how many."""
    rows = await tx.rows(
        "SELECT account_id, email_id FROM email_state WHERE died IS NOT NULL AND died < $1"
        " ORDER BY died LIMIT $2",
        micros(before),
        _STEP,
    )
    if not rows:
        return 0
    places, keys = listed(1, [(account << EMAIL_SHIFT) + email for account, email in rows])
    freed = await tx.rows(f"DELETE FROM email WHERE key IN ({places}) RETURNING blob_id", *keys)  # noqa: S608
    await tx.execute_many(
        "UPDATE email_state SET purged = died, died = NULL WHERE account_id = $1 AND email_id = $2",
        rows,
    )
    await blob_use.release(tx, [BlobId(blob) for blob in {row[0] for row in freed}], now)
    return len(rows)


async def _forget_expunged(tx: WriteTx, *, before: datetime) -> int:
    """Delete the oldest rows of history, and say from where on it is complete."""
    rows = await tx.rows(
        "SELECT account_id, mailbox_id, modseq FROM expunged WHERE happened < $1"
        " ORDER BY happened LIMIT $2",
        micros(before),
        _STEP,
    )
    floors: dict[MailboxRef, int] = {}
    for account, mailbox, modseq in rows:
        ref = MailboxRef(account, mailbox)
        floors[ref] = max(floors.get(ref, 0), modseq)
    await tx.execute_many(
        "DELETE FROM expunged WHERE account_id = $1 AND mailbox_id = $2 AND modseq = $3", rows
    )
    await tx.execute_many(
        "UPDATE mailbox SET floor_modseq = $1 WHERE account_id = $2 AND id = $3"
        " AND floor_modseq < $1",
        [(floor, *ref) for ref, floor in floors.items()],
    )
    return len(rows)


async def _forget_emails(tx: WriteTx, *, before: datetime) -> int:
    """Delete what is left of emails that died long ago, and threads that go with them."""
    rows = await tx.rows(
        "SELECT account_id, email_id, modseq, thread_id FROM email_state"
        " WHERE purged IS NOT NULL AND purged < $1 ORDER BY purged LIMIT $2",
        micros(before),
        _STEP,
    )
    floors: dict[int, int] = {}
    for account, _, modseq, _ in rows:
        floors[account] = max(floors.get(account, 0), modseq)
    await tx.execute_many(
        "DELETE FROM email_state WHERE account_id = $1 AND email_id = $2",
        [row[:2] for row in rows],
    )
    await tx.execute_many(
        "DELETE FROM thread WHERE account_id = $1 AND id = $2 AND NOT EXISTS (SELECT 1"
        " FROM email_state s WHERE s.account_id = $1 AND s.thread_id = $2)",
        {(row[0], row[3]) for row in rows},
    )
    await tx.execute_many(
        "INSERT INTO history_floor AS h (account_id, modseq) VALUES ($1, $2)"
        " ON CONFLICT (account_id) DO UPDATE SET modseq = excluded.modseq"
        " WHERE h.modseq < excluded.modseq",
        list(floors.items()),
    )
    return len(rows)


async def _forget_thread_refs(tx: WriteTx) -> int:
    """Walk on through thread_ref by a step, and delete what leads to a thread that is gone."""
    progress = await tx.value("SELECT progress FROM job WHERE name = $1", _THREAD_REFS_JOB)
    account, ref, subject = map(int, progress.split()) if progress else (0, 0, 0)
    rows = await tx.rows(
        "SELECT r.account_id, r.ref, r.subject, t.id FROM thread_ref r LEFT JOIN thread t"
        " ON t.account_id = r.account_id AND t.id = r.thread_id"
        " WHERE (r.account_id, r.ref, r.subject) > ($1, $2, $3)"
        " ORDER BY r.account_id, r.ref, r.subject LIMIT $4",
        account,
        ref,
        subject,
        _STEP,
    )
    gone = [row[:3] for row in rows if row[3] is None]
    await tx.execute_many(
        "DELETE FROM thread_ref WHERE account_id = $1 AND ref = $2 AND subject = $3", gone
    )
    reached = "{} {} {}".format(*rows[-1]) if len(rows) == _STEP else ""
    await tx.execute(
        "INSERT INTO job AS j (name, progress) VALUES ($1, $2)"
        " ON CONFLICT (name) DO UPDATE SET progress = excluded.progress",
        _THREAD_REFS_JOB,
        reached,
    )
    return len(gone)


async def history_floor(tx: ReadTx, account: int) -> int:
    """The modseq from which on the changes of emails and threads are all known (RFC 8620 5.2)."""
    return int(
        await tx.value("SELECT modseq FROM history_floor WHERE account_id = $1", account) or 0
    )
