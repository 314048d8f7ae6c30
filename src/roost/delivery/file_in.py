"""Files one message for all its recipients, in one transaction: all of them or none."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import ClassVar, NamedTuple

import msgspec

from roost.base.errors import ServiceError
from roost.base.ids import AccountId, BlobId, MailboxRef
from roost.proto.mime.prefix import join_prefix
from roost.proto.mime.render import Scanned, render_with_prefix, scan_blob
from roost.store import blob_rows, mailboxes, quota
from roost.store.emails import Columns, columns_of
from roost.store.engine import ReadTx, Store, Together, WriteTx
from roost.store.filing import Filed, Filing, file_messages
from roost.store.sql_lists import chunks
from roost.store.stowed import MAX_ROW_OCTETS, Stowed, file_name

Also = Callable[[WriteTx], Awaitable[None]]

MAX_INLINE_OCTETS = 16 << 10


@dataclass(eq=False)
class AccountGone(ServiceError):
    """The account is being removed."""

    code: ClassVar[str] = "recipient_unknown"

    def __str__(self) -> str:
        return "no such recipient"


class Copy(msgspec.Struct, frozen=True):
    """One account's copy of a message.

    mailbox: its name, made when missing. prefix: whole fields that go before the octets.
    quota_octets: what the account may hold.
    """

    account: AccountId
    mailbox: str
    prefix: bytes
    quota_octets: int = quota.UNLIMITED


async def file_in(
    store: Store,
    stowed: Stowed | BlobId,
    size: int,
    copies: Sequence[Copy],
    now: datetime,
    also: Also | None = None,
) -> list[Filed]:
    """File a message into a mailbox of each copy's account; returns once that is on disk.

    stowed: its octets, `size` of them, as they came in or as a blob that is kept already.
    also: what is written in the same transaction.
    Raises QuotaExceeded, StoreFull, StoreFailed, and then nobody has the message.
    """
    rendered = await _render(store, stowed, size, copies)
    delivery = _Delivery(stowed, list(zip(copies, rendered, strict=True)), now, also)
    octets = min(size, MAX_ROW_OCTETS) + sum(_weight(columns) for _, columns in rendered)
    return await store.write(Together(_file_all, delivery), octets=octets)


class _Delivery(NamedTuple):
    """One message and where it goes: each copy with its prefix as it is stored, and columns."""

    stowed: Stowed | BlobId
    copies: list[tuple[Copy, tuple[bytes, Columns]]]
    now: datetime
    also: Also | None


async def _file_all(tx: WriteTx, deliveries: Sequence[_Delivery]) -> list[list[Filed]]:
    """File several messages, all or none; returns where the copies of each went."""
    mailboxes = await _mailboxes_of(tx, deliveries)
    filings = [
        Filing(
            mailboxes[copy.account, copy.mailbox],
            delivery.stowed,
            columns,
            received=delivery.now,
            saved=delivery.now,
            prefix=prefix,
            quota_octets=copy.quota_octets,
            delivered=True,
        )
        for delivery in deliveries
        for copy, (prefix, columns) in delivery.copies
    ]
    filed = iter(await file_messages(tx, filings))
    for delivery in deliveries:
        if delivery.also is not None:
            await delivery.also(tx)
    return [list(islice(filed, len(delivery.copies))) for delivery in deliveries]


async def _mailboxes_of(
    tx: WriteTx, deliveries: Sequence[_Delivery]
) -> dict[tuple[AccountId, str], MailboxRef]:
    """The mailbox of each copy, made when missing. Raises AccountGone."""
    wanted = {
        (copy.account, copy.mailbox): delivery.now
        for delivery in deliveries
        for copy, _ in delivery.copies
    }
    found: dict[tuple[AccountId, str], MailboxRef] = {}
    for some in chunks(list(wanted)):
        for (account, name), number in (await mailboxes.ids_of(tx, some)).items():
            found[account, name] = MailboxRef(account, number)
    for (account, name), now in wanted.items():
        if (account, name) not in found:
            found[account, name] = await _make_mailbox(tx, account, name, now)
    return found


async def _make_mailbox(tx: WriteTx, account: AccountId, name: str, now: datetime) -> MailboxRef:
    if await mailboxes.id_of(tx, account, "INBOX") is None:
        raise AccountGone
    return (await mailboxes.create(tx, account, name, now))[-1].ref


async def scan(store: Store, stowed: Stowed | BlobId, size: int) -> Scanned:
    """The structure of a message; a reader thread scans what is not small.

    A message made to be slow costs some milliseconds per 10 KiB, which nobody else should wait.
    """
    if isinstance(stowed, Stowed) and stowed.octets is not None and size <= MAX_INLINE_OCTETS:
        return scan_blob(stowed.octets)

    async def work(tx: ReadTx) -> Scanned:
        return scan_blob(await _octets_of(tx, stowed, size))

    return await store.scan(work)


async def _render(
    store: Store, stowed: Stowed | BlobId, size: int, copies: Sequence[Copy]
) -> list[tuple[bytes, Columns]]:
    """Prefix and columns of each copy; on the loop only for one copy of a small message."""
    small = isinstance(stowed, Stowed) and size <= MAX_INLINE_OCTETS
    if small and len(copies) == 1:
        return [_rendered(await scan(store, stowed, size), copies[0])]

    async def work(tx: ReadTx) -> list[tuple[bytes, Columns]]:
        scanned = scan_blob(await _octets_of(tx, stowed, size))
        return [_rendered(scanned, copy) for copy in copies]

    return await store.scan(work)


def _rendered(scanned: Scanned, copy: Copy) -> tuple[bytes, Columns]:
    prefix = join_prefix(copy.prefix, scanned.octets[:1024])
    return prefix, columns_of(render_with_prefix(prefix, scanned))


async def _octets_of(tx: ReadTx, stowed: Stowed | BlobId, size: int) -> bytes:
    """All octets of a message. Inside a scan: they may lie in a file."""
    if not isinstance(stowed, Stowed):
        return await blob_rows.octets(tx, stowed, 0, size)
    if stowed.octets is not None:
        return stowed.octets
    assert stowed.blob is not None, "octets that are not in memory are in a file"
    return tx.blobs.read(file_name(stowed.blob), 0, size)


def _weight(columns: Columns) -> int:
    """About how much a row weighs while it waits to be written."""
    return len(columns.parts) + len(columns.envelope) + len(columns.bodystructure)
