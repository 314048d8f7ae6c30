"""What JMAP and the pages list: emails of a mailbox newest first, of a thread, and what changed."""

from collections.abc import Sequence
from typing import NamedTuple

from roost.base.ids import AccountId, EmailId, MailboxRef, ModSeq, ThreadId
from roost.store.email_state import parse_mailboxes
from roost.store.engine import MAX_INLINE_ROWS, ReadTx, Row
from roost.store.sql_lists import listed


class Listed(NamedTuple):
    """A visible email in a mailbox. received: microseconds UTC; flags: merged, for filters."""

    received: int
    email: EmailId
    thread: ThreadId
    flags: int


class EmailState(NamedTuple):
    """An email as JMAP sees it; the numbers are explained at email_state in the schema."""

    email: EmailId
    thread: ThreadId
    created_modseq: ModSeq
    modseq: ModSeq
    destroyed_modseq: ModSeq | None
    flags: int
    keywords: str
    mailboxes: frozenset[int]
    received: int


_NEWEST = (1 << 63) - 1
_STATE = (
    "email_id, thread_id, created_modseq, modseq, destroyed_modseq, flags, keywords, mailboxes,"
    " received"
)


async def newest(
    tx: ReadTx,
    mailbox: MailboxRef,
    *,
    after: Listed | None = None,
    having: int = 0,
    lacking: int = 0,
    limit: int = MAX_INLINE_ROWS,
) -> list[Listed]:
    """Visible emails of a mailbox, newest first, by email id where received at once.

    after: the last one of the page before. having, lacking: flag bits that all must be set, or
    clear; with a filter that few pass this walks the list, and belongs in a scan.
    """
    received, email = (after.received, after.email) if after else (_NEWEST, 0)
    rows = await tx.rows(
        "SELECT received, email_id, thread_id, flags FROM list_entry WHERE account_id = $1"
        " AND mailbox_id = $2 AND received <= $3 AND NOT (received = $3 AND email_id <= $4)"
        " AND flags & $5 = $6 ORDER BY received DESC, email_id LIMIT $7",
        *mailbox,
        received,
        email,
        having | lacking,
        having,
        limit,
    )
    return [Listed(*row) for row in rows]


async def states(
    tx: ReadTx, account: AccountId, emails: Sequence[EmailId]
) -> dict[EmailId, EmailState]:
    """These emails, at most 500, as JMAP sees them; absent when unknown."""
    if not emails:
        return {}
    places, wanted = listed(2, emails)
    rows = await tx.rows(
        f"SELECT {_STATE} FROM email_state WHERE account_id = $1 AND email_id IN ({places})",  # noqa: S608
        account,
        *wanted,
    )
    return {row[0]: _state_of(row) for row in rows}


async def of_threads(
    tx: ReadTx, account: AccountId, threads: Sequence[ThreadId]
) -> dict[ThreadId, list[EmailId]]:
    """The visible emails of these threads, at most 500, oldest first. RFC 8621 section 3."""
    if not threads:
        return {}
    places, wanted = listed(2, threads)
    rows = await tx.rows(
        "SELECT thread_id, email_id FROM email_state WHERE account_id = $1"  # noqa: S608
        f" AND thread_id IN ({places}) AND visible > 0 ORDER BY received, email_id",
        account,
        *wanted,
    )
    found: dict[ThreadId, list[EmailId]] = {}
    for thread, email in rows:
        found.setdefault(thread, []).append(email)
    return found


async def changed_since(
    tx: ReadTx, account: AccountId, modseq: int, limit: int = MAX_INLINE_ROWS
) -> list[EmailState]:
    """Emails created, changed or destroyed after `modseq`, in that order, at most `limit`.

    Go on from the last one's modseq. Complete only if `modseq` is at least cleanup.history_floor.
    RFC 8620 section 5.2.
    """
    rows = await tx.rows(
        f"SELECT {_STATE} FROM email_state WHERE account_id = $1 AND modseq > $2"  # noqa: S608
        " ORDER BY modseq LIMIT $3",
        account,
        modseq,
        limit,
    )
    return [_state_of(row) for row in rows]


def _state_of(row: Row) -> EmailState:
    """From the columns of _STATE."""
    return EmailState._make((*row[:7], parse_mailboxes(row[7]), row[8]))
