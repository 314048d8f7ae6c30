"""Which messages left a mailbox, as sessions ask for it. RFC 7162 section 3.2.10."""

from array import array
from collections.abc import Sequence

from roost.base.ids import EmailId, MailboxRef, Uid
from roost.store import expunged
from roost.store.engine import MAX_INLINE_ROWS, ReadTx
from roost.store.sql_lists import listed


async def uids_since(
    tx: ReadTx, mailbox: MailboxRef, modseq: int, limit: int = MAX_INLINE_ROWS
) -> "array[int] | None":
    """Uids of what left after `modseq`, ascending; at most `limit`, by modseq.

    None below `expunged.floor`, where not all is known, and when there is no such mailbox.
    """
    known_from = await expunged.floor(tx, mailbox)
    if known_from is None or modseq < known_from:
        return None
    rows = await tx.rows(
        "SELECT uid FROM expunged WHERE account_id = $1 AND mailbox_id = $2 AND modseq > $3"
        " ORDER BY modseq LIMIT $4",
        *mailbox,
        modseq,
        limit,
    )
    return array("I", sorted(row[0] for row in rows))


async def emails_of(
    tx: ReadTx, mailbox: MailboxRef, modseq: int, uids: Sequence[int]
) -> dict[Uid, EmailId]:
    """The emails of those of these uids, at most 500, that left after `modseq`."""
    if not uids:
        return {}
    places, wanted = listed(4, uids)
    rows = await tx.rows(
        "SELECT uid, email_id FROM expunged WHERE account_id = $1 AND mailbox_id = $2"  # noqa: S608
        f" AND modseq > $3 AND uid IN ({places})",
        *mailbox,
        modseq,
        *wanted,
    )
    return dict(rows)
