"""COPY and MOVE between accounts: new emails that share the blobs. RFC 8474 section 5.1."""

from array import array
from collections.abc import Iterator, Sequence
from datetime import datetime

from roost.base.ids import BlobId, MailboxRef, Uid
from roost.store import emails, expunging, placements, quota
from roost.store.copying import Copied, Moved
from roost.store.emails import Columns
from roost.store.engine import Row, WriteTx
from roost.store.filing import Filed, Filing, file_messages
from roost.store.flags import Flags
from roost.store.placements import Placed
from roost.store.sql_lists import Span, spans_of
from roost.store.times import moment_of

_COLUMNS = ("blob_id", "prefix", *Columns._fields)


async def copy_across(
    tx: WriteTx,
    source: MailboxRef,
    spans: Sequence[Span],
    target: MailboxRef,
    *,
    now: datetime,
    quota_octets: int = quota.UNLIMITED,
) -> Copied | None:
    """Copy the messages in these ranges to a mailbox of another account, all or none.

    As `copying.copy`, but each message costs as much as filing it does.
    """
    sources, filed = array("I"), list[Filed]()
    for low, high in spans:
        while page := await placements.page(tx, source, low, high):
            filings = [
                _filing(placed, row, target, now, quota_octets)
                for placed, row in await _with_rows(tx, source, page)
            ]
            filed += await file_messages(tx, filings)
            sources.extend(placed.uid for placed in page)
            low = page[-1].uid + 1  # noqa: PLW2901 - the rest of the range
    return Copied(sources, filed[0].uid, filed[-1].modseq) if filed else None


async def move_across(
    tx: WriteTx,
    source: MailboxRef,
    uids: Sequence[int],
    target: MailboxRef,
    *,
    now: datetime,
    quota_octets: int = quota.UNLIMITED,
) -> list[Moved]:
    """Move these messages, at most 500, to a mailbox of another account; ascending.

    As `copying.move_some`, but they become new emails.
    """
    copied = await copy_across(
        tx, source, spans_of(uids), target, now=now, quota_octets=quota_octets
    )
    if copied is None:
        return []
    gone = await expunging.remove(tx, source, copied.sources, now=now)
    return [Moved(one.uid, Uid(copied.first + n), one.modseq) for n, one in enumerate(gone)]


async def _with_rows(
    tx: WriteTx, source: MailboxRef, page: Sequence[Placed]
) -> Iterator[tuple[Placed, Row]]:
    wanted = list(dict.fromkeys(placed.email for placed in page))
    rows = await emails.rendered(tx, source.account, wanted, _COLUMNS)
    return ((placed, rows[placed.email]) for placed in page)


def _filing(
    placed: Placed, row: Row, target: MailboxRef, now: datetime, quota_octets: int
) -> Filing:
    return Filing(
        mailbox=target,
        blob=BlobId(row[0]),
        columns=Columns(*row[2:]),
        received=moment_of(placed.received),
        saved=now,
        prefix=row[1],
        flags=Flags(placed.flags, placed.keywords),
        quota_octets=quota_octets,
    )
