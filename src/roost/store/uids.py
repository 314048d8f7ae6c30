"""Uids of a mailbox, handed out in ascending order and never twice. RFC 9051 section 2.3.1.1."""

from dataclasses import dataclass
from typing import ClassVar

from roost.base.errors import ServiceError
from roost.base.ids import MailboxRef, ModSeq, Uid
from roost.store.engine import WriteTx


@dataclass(eq=False)
class MailboxGone(ServiceError):
    """The mailbox does not exist, or no longer."""

    code: ClassVar[str] = "mailbox_gone"
    mailbox: MailboxRef

    def __str__(self) -> str:
        return "there is no such mailbox"


async def take_uids(tx: WriteTx, mailbox: MailboxRef, count: int, arrived: ModSeq) -> Uid:
    """The first of `count` uids in a row. arrived: the modseq of the last message that gets one.

    Raises MailboxGone.
    """
    first: int | None = await tx.value(
        "UPDATE mailbox SET uid_next = uid_next + $1, arrived_modseq = $2"
        " WHERE account_id = $3 AND id = $4 AND removed IS NULL RETURNING uid_next - $1",
        count,
        arrived,
        *mailbox,
    )
    if first is None:
        raise MailboxGone(mailbox)
    return Uid(first)
