"""Uids of a mailbox, handed out in ascending order and never twice. RFC 9051 section 2.3.1.1."""

from dataclasses import dataclass
from typing import ClassVar

from roost.base.errors import ServiceError
from roost.base.ids import MailboxRef, Uid
from roost.store.engine import WriteTx


@dataclass(eq=False)
class MailboxGone(ServiceError):
    """The mailbox does not exist, or no longer."""

    code: ClassVar[str] = "mailbox_gone"
    mailbox: MailboxRef

    def __str__(self) -> str:
        return "there is no such mailbox"


async def take_uids(tx: WriteTx, mailbox: MailboxRef, count: int) -> Uid:
    """The first of `count` uids in a row. Raises MailboxGone."""
    first: int | None = await tx.value(
        "UPDATE mailbox SET uid_next = uid_next + $1 WHERE account_id = $2 AND id = $3"
        " AND removed IS NULL RETURNING uid_next - $1",
        count,
        *mailbox,
    )
    if first is None:
        raise MailboxGone(mailbox)
    return Uid(first)
