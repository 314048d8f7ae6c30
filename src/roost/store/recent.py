"""\\Recent: which messages no session was told of before. RFC 3501 section 2.3.2.

A mailbox keeps the lowest uid that nobody claimed; whoever selects it to change it claims all from
there on that it is told of. IMAP4rev2 knows nothing of this.
"""

from roost.base.ids import MailboxRef, Uid
from roost.store.engine import ReadTx, WriteTx


async def first(tx: ReadTx, mailbox: MailboxRef) -> Uid:
    """The lowest uid that is \\Recent, there or not yet; 0 when there is no such mailbox."""
    return Uid(
        await tx.value("SELECT recent_uid FROM mailbox WHERE account_id = $1 AND id = $2", *mailbox)
        or 0
    )


async def claim(tx: WriteTx, mailbox: MailboxRef, end: int) -> Uid:
    """As `first`; and from now on none below the uid `end` is \\Recent."""
    unclaimed = await first(tx, mailbox)
    await tx.execute(
        "UPDATE mailbox SET recent_uid = $1 WHERE account_id = $2 AND id = $3 AND recent_uid < $1",
        end,
        *mailbox,
    )
    return unclaimed


async def count(tx: ReadTx, mailbox: MailboxRef, first: int) -> int:
    """How many messages are \\Recent, `first` being the mailbox's recent_uid. Inside a scan."""
    number: int = await tx.value(
        "SELECT count(*) FROM placement WHERE account_id = $1 AND mailbox_id = $2 AND uid >= $3",
        *mailbox,
        first,
    )
    return number
