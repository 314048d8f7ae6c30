"""Reading the messages of a mailbox: pages for IMAP, and what SELECT needs.

Inline reads are pages of at most MAX_INLINE_ROWS by uid; what walks a whole mailbox belongs in a
scan and says so.
"""

from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import starmap
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from roost.base.ids import AccountId, EmailId, MailboxRef, ModSeq, Uid
from roost.store.email_state import parse_mailboxes
from roost.store.emails import READABLE
from roost.store.engine import MAX_INLINE_ROWS, ReadTx, Row
from roost.store.sql_lists import chunks, listed

ALL_UIDS = Uid((1 << 32) - 1)
SMALL_OCTETS = 8 << 10
_numbers = msgspec.json.Decoder(list[int])


class Placed(NamedTuple):
    """A message in a mailbox. received, saved: microseconds UTC, INTERNALDATE and SAVEDATE."""

    uid: Uid
    email: EmailId
    flags: int
    keywords: str
    modseq: ModSeq
    size: int
    received: int
    saved: int


class Selected(NamedTuple):
    """What selecting a mailbox asks of its messages.

    uids: an array('I'), ascending. first_unseen: the lowest uid without \\Seen, None when all have
    it. keywords: every keyword in use, sorted.
    """

    uids: "array[int]"
    first_unseen: Uid | None
    keywords: tuple[str, ...]


_PLACED = "uid, email_id, flags, keywords, modseq, size, received, saved"
# Octets behind the prefix, of what is small and lies in a row whole; NULL otherwise.
_OF_BLOB = MappingProxyType(
    {
        "small_header": f"CASE WHEN e.header_size <= {SMALL_OCTETS}"
        " AND e.header_size >= length(e.prefix)"
        " THEN substr(b.octets, 1, e.header_size - length(e.prefix)) END",
        "small_octets": f"CASE WHEN e.size <= {SMALL_OCTETS} THEN b.octets END",
    }
)
_OF_PLACEMENT = MappingProxyType(
    {
        "uid": "p.uid",
        "email": "p.email_id",
        "flags": "p.flags",
        "keywords": "p.keywords",
        "modseq": "p.modseq",
        "size": "p.size",
        "received": "p.received",
        "saved": "p.saved",
    }
)


async def page(
    tx: ReadTx, mailbox: MailboxRef, first: int, last: int, limit: int = MAX_INLINE_ROWS
) -> list[Placed]:
    """Messages with first <= uid <= last, ascending, at most `limit`."""
    rows = await tx.rows(
        f"SELECT {_PLACED} FROM placement WHERE account_id = $1 AND mailbox_id = $2"  # noqa: S608
        " AND uid BETWEEN $3 AND $4 ORDER BY uid LIMIT $5",
        *mailbox,
        first,
        last,
        limit,
    )
    return list(starmap(Placed, rows))


async def by_uids(tx: ReadTx, mailbox: MailboxRef, uids: Sequence[int]) -> list[Placed]:
    """Messages with these uids, ascending; at most 500 are asked for, absent ones are left out."""
    if not uids:
        return []
    if list(uids) == list(range(uids[0], uids[0] + len(uids))):  # as most are: one range
        return await page(tx, mailbox, uids[0], uids[-1])
    places, wanted = listed(3, uids)
    rows = await tx.rows(
        f"SELECT {_PLACED} FROM placement WHERE account_id = $1 AND mailbox_id = $2"  # noqa: S608
        f" AND uid IN ({places}) ORDER BY uid",
        *mailbox,
        *wanted,
    )
    return list(starmap(Placed, rows))


async def columns_page(
    tx: ReadTx,
    mailbox: MailboxRef,
    columns: Sequence[str],
    first: int,
    last: int,
    limit: int = MAX_INLINE_ROWS,
) -> list[Row]:
    """The asked columns of messages with first <= uid <= last, ascending, at most `limit`.

    columns: fields of Placed and names of emails.READABLE; in a scan also `small_header` and
    `small_octets`, what follows the prefix in the header and in the message, None unless header or
    message have at most SMALL_OCTETS and lie in a row. Rows hold them in the order asked.
    """
    return await tx.rows(
        _columns_sql(tuple(columns)) + " AND p.uid BETWEEN $3 AND $4 ORDER BY p.uid LIMIT $5",
        *mailbox,
        first,
        last,
        limit,
    )


async def columns_by_uids(
    tx: ReadTx, mailbox: MailboxRef, columns: Sequence[str], uids: Sequence[int]
) -> list[Row]:
    """As `columns_page`, for at most 500 given uids; absent ones are left out."""
    if not uids:
        return []
    places, wanted = listed(3, uids)
    return await tx.rows(
        _columns_sql(tuple(columns)) + f" AND p.uid IN ({places}) ORDER BY p.uid",
        *mailbox,
        *wanted,
    )


@lru_cache(maxsize=256)
def _columns_sql(columns: tuple[str, ...]) -> str:
    """The start of a statement; other rows are joined only where they are needed."""
    spelled = _OF_PLACEMENT | _OF_BLOB
    chosen = ", ".join(spelled.get(name) or READABLE[name] for name in columns)
    tables = "placement p"
    if any(name not in _OF_PLACEMENT for name in columns):
        tables += " JOIN email e ON e.key = p.account_id * 4294967296 + p.email_id"
    if any(name in _OF_BLOB for name in columns):
        tables += " LEFT JOIN blob b ON b.id = e.blob_id AND b.state = 1 AND b.place = 0"
    return f"SELECT {chosen} FROM {tables} WHERE p.account_id = $1 AND p.mailbox_id = $2"  # noqa: S608


async def changed_since(
    tx: ReadTx, mailbox: MailboxRef, modseq: int, limit: int = MAX_INLINE_ROWS
) -> list[Placed]:
    """Messages changed or new after `modseq`, in order of modseq, at most `limit`.

    Go on from the last one's modseq: no two messages of a mailbox share one. RFC 7162 section 3.1.
    """
    rows = await tx.rows(
        f"SELECT {_PLACED} FROM placement WHERE account_id = $1 AND mailbox_id = $2"  # noqa: S608
        " AND modseq > $3 ORDER BY modseq LIMIT $4",
        *mailbox,
        modseq,
        limit,
    )
    return list(starmap(Placed, rows))


async def uids_changed_since(
    tx: ReadTx, mailbox: MailboxRef, modseq: int, limit: int = MAX_INLINE_ROWS
) -> "array[int]":
    """Uids of messages changed or new after `modseq`, ascending; at most `limit`, by modseq."""
    rows = await tx.rows(
        "SELECT uid FROM placement WHERE account_id = $1 AND mailbox_id = $2 AND modseq > $3"
        " ORDER BY modseq LIMIT $4",
        *mailbox,
        modseq,
        limit,
    )
    return array("I", sorted(row[0] for row in rows))


async def highest_modseq(tx: ReadTx, mailbox: MailboxRef, uids: Sequence[int]) -> ModSeq:
    """The highest modseq of these messages, 0 where none is there; many of them in a scan."""
    highest = 0
    for some in chunks(uids):
        places, wanted = listed(3, some)
        found = await tx.value(
            "SELECT max(modseq) FROM placement WHERE account_id = $1"  # noqa: S608
            f" AND mailbox_id = $2 AND uid IN ({places})",
            *mailbox,
            *wanted,
        )
        highest = max(highest, found or 0)
    return ModSeq(highest)


async def uids_after(
    tx: ReadTx, mailbox: MailboxRef, after: int, limit: int = MAX_INLINE_ROWS
) -> "array[int]":
    """Uids above `after`, ascending, at most `limit`."""
    rows = await tx.rows(
        "SELECT uid FROM placement WHERE account_id = $1 AND mailbox_id = $2 AND uid > $3"
        " ORDER BY uid LIMIT $4",
        *mailbox,
        after,
        limit,
    )
    return array("I", [row[0] for row in rows])


async def select(tx: ReadTx, mailbox: MailboxRef) -> Selected:
    """What SELECT needs of all messages; inside a scan unless the mailbox is small."""
    unseen = await tx.value(
        "SELECT uid FROM placement WHERE account_id = $1 AND mailbox_id = $2 AND flags & 1 = 0"
        " ORDER BY uid LIMIT 1",
        *mailbox,
    )
    return Selected(await _all_uids(tx, mailbox), unseen, await keywords(tx, mailbox))


async def _all_uids(tx: ReadTx, mailbox: MailboxRef) -> "array[int]":
    """All uids, ascending; without a look at each message where none has ever left."""
    row = await tx.row(
        "SELECT messages,"
        " (SELECT min(uid) FROM placement WHERE account_id = $1 AND mailbox_id = $2),"
        " (SELECT max(uid) FROM placement WHERE account_id = $1 AND mailbox_id = $2)"
        " FROM mailbox WHERE account_id = $1 AND id = $2",
        *mailbox,
    )
    if row is None or row[1] is None:
        return array("I")
    count, first, last = row
    if last - first + 1 == count:
        return array("I", range(first, last + 1))
    # One text takes a third of the time of a row for each.
    text = await tx.value(
        "SELECT string_agg(CAST(uid AS TEXT), ',') FROM placement"
        " WHERE account_id = $1 AND mailbox_id = $2",
        *mailbox,
    )
    return array("I", sorted(_numbers.decode(f"[{text}]")))


async def keywords(tx: ReadTx, mailbox: MailboxRef) -> tuple[str, ...]:
    """Every keyword in use, sorted. Walks the mailbox: inside a scan unless it is small."""
    rows = await tx.rows(
        "SELECT DISTINCT keywords FROM placement WHERE account_id = $1 AND mailbox_id = $2"
        " AND keywords <> ''",
        *mailbox,
    )
    return tuple(sorted({word for row in rows for word in row[0].split(" ")}))


async def uids_where(
    tx: ReadTx, mailbox: MailboxRef, *, having: int = 0, lacking: int = 0
) -> "array[int]":
    """Uids of messages with all flag bits of `having` and none of `lacking`. Inside a scan."""
    rows = await tx.rows(
        "SELECT uid FROM placement WHERE account_id = $1 AND mailbox_id = $2"
        " AND flags & $3 = $4 ORDER BY uid",
        *mailbox,
        having | lacking,
        having,
    )
    return array("I", [row[0] for row in rows])


async def mailboxes_of(
    tx: ReadTx, account: AccountId, emails: Iterable[EmailId]
) -> dict[EmailId, frozenset[int]]:
    """The mailboxes in which JMAP shows each of these emails, at most 500."""
    places, wanted = listed(2, list(emails))
    rows = await tx.rows(
        "SELECT email_id, mailboxes FROM email_state"  # noqa: S608
        f" WHERE account_id = $1 AND email_id IN ({places})",
        account,
        *wanted,
    )
    return {row[0]: parse_mailboxes(row[1]) for row in rows}
