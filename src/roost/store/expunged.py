"""What left a mailbox, and from where on that is known."""

from typing import NamedTuple

from roost.base.ids import EmailId, MailboxRef, ModSeq, Uid
from roost.store.engine import MAX_INLINE_ROWS, ReadTx


class Expunged(NamedTuple):
    """A message that left."""

    uid: Uid
    modseq: ModSeq
    email: EmailId


async def since(
    tx: ReadTx, mailbox: MailboxRef, modseq: int, limit: int = MAX_INLINE_ROWS
) -> list[Expunged]:
    """What left after `modseq`, in order of modseq, at most `limit`. RFC 7162 section 3.2.5.1.

    Complete only if `modseq` is at least `floor`.
    """
    rows = await tx.rows(
        "SELECT uid, modseq, email_id FROM expunged WHERE account_id = $1 AND mailbox_id = $2"
        " AND modseq > $3 ORDER BY modseq LIMIT $4",
        *mailbox,
        modseq,
        limit,
    )
    return [Expunged(*row) for row in rows]


async def floor(tx: ReadTx, mailbox: MailboxRef) -> ModSeq | None:
    """The modseq from which on all that left is known; None when there is no such mailbox."""
    found: int | None = await tx.value(
        "SELECT floor_modseq FROM mailbox WHERE account_id = $1 AND id = $2", *mailbox
    )
    return None if found is None else ModSeq(found)
