"""The messages of a mailbox in an order, and what threads are made of. RFC 5256, RFC 5957.

What strings are ordered by is folded when a message is filed, so that SQL compares octets.
"""

from collections.abc import Sequence
from enum import Enum

from roost.base.ids import MailboxRef, Uid
from roost.store.engine import ReadTx, Row

# INTERNALDATE has seconds; within one the order of the mailbox counts (RFC 5256 section 2.2).
_ARRIVAL = "p.received / 1000000"
_SENT = "COALESCE(e.sent, p.received) / 1000000"


class Order(Enum):
    """What messages are ordered by, as SQL; RFC 5256 section 3, the last two RFC 5957 section 4."""

    ARRIVAL = _ARRIVAL
    CC = "e.sort_cc"
    DATE = _SENT
    FROM = "e.sort_from"
    SIZE = "p.size"
    SUBJECT = "e.base_subject"
    TO = "e.sort_to"
    DISPLAY_FROM = "e.display_from"
    DISPLAY_TO = "e.display_to"


async def in_order(
    tx: ReadTx, mailbox: MailboxRef, orders: Sequence[tuple[Order, bool]], first: int, last: int
) -> list[Uid]:
    """The uids from `first` to `last` in this order, then by uid; inside a scan.

    orders: each with whether it is the other way round.
    """
    tables = "placement p"
    if any("e." in order.value for order, _ in orders):
        tables += " JOIN email e ON e.key = p.account_id * 4294967296 + p.email_id"
    by = "".join(f"{order.value}{' DESC' if back else ''}, " for order, back in orders)
    rows = await tx.rows(
        f"SELECT p.uid FROM {tables} WHERE p.account_id = $1 AND p.mailbox_id = $2"  # noqa: S608
        f" AND p.uid BETWEEN $3 AND $4 ORDER BY {by}p.uid",
        *mailbox,
        first,
        last,
    )
    return [row[0] for row in rows]


async def thread_rows(tx: ReadTx, mailbox: MailboxRef, first: int, last: int) -> list[Row]:
    """What threads need of the messages with uids from `first` to `last`, by uid; inside a scan.

    Uid, place by sent date from 0, subject, base subject, Message-ID, references as stored: see
    `emails.Columns.reference_ids`.
    """
    return await tx.rows(
        f"SELECT p.uid, ROW_NUMBER() OVER (ORDER BY {_SENT}, p.uid) - 1, e.subject,"  # noqa: S608
        " e.base_subject, e.message_id, e.reference_ids FROM placement p"
        " JOIN email e ON e.key = p.account_id * 4294967296 + p.email_id"
        " WHERE p.account_id = $1 AND p.mailbox_id = $2 AND p.uid BETWEEN $3 AND $4 ORDER BY p.uid",
        *mailbox,
        first,
        last,
    )
