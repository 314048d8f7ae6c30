"""Emails: the rows rendered from a message's octets, and the octets themselves.

An email is addressed by account and id and stays readable for 24 hours after its last placement
went, for sessions that still show it, running requests and undo.
"""

from collections.abc import Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from roost.base.ids import AccountId, BlobId, EmailId
from roost.proto.mime.render import RENDER_VERSION, Rendered
from roost.proto.mime.text import fold_text
from roost.store import blob_rows
from roost.store.engine import ReadTx, Row, Value, WriteTx
from roost.store.row_lists import insert_rows
from roost.store.sql_lists import listed

EMAIL_SHIFT = 32


class Columns(NamedTuple):
    """What is rendered from the octets of a message, ready for its row.

    size, header_size: octets of prefix and blob together. sent: microseconds UTC; sent_day: the day
    the Date field spells, as `date.toordinal` counts (RFC 9051 section 6.4.4). addresses: JSON, a
    list of [name, address] for each of from, sender, reply_to, to, cc and bcc that is there.
    envelope, body, bodystructure: 7-bit wire bytes. base_subject: folded. reference_ids: one space
    between, one more before those of In-Reply-To that are not in References.
    """

    size: int
    render_version: int
    header_size: int
    sent: int | None
    sent_day: int | None
    has_attachment: int
    message_id: str | None
    subject: str
    base_subject: str
    sort_from: str
    sort_to: str
    sort_cc: str
    display_from: str
    display_to: str
    list_id: str | None
    preview: str
    envelope: bytes
    body: bytes
    bodystructure: bytes
    addresses: str
    parts: bytes
    reference_ids: str


def columns_of(rendered: Rendered) -> Columns:
    """The columns of a rendered message."""
    sort = rendered.sort
    return Columns(
        size=rendered.size,
        render_version=RENDER_VERSION,
        header_size=rendered.header_size,
        sent=rendered.sent_at,
        sent_day=rendered.sent_day,
        has_attachment=int(rendered.has_attachment),
        message_id=rendered.message_id,
        subject=rendered.subject,
        base_subject=fold_text(rendered.base_subject),
        sort_from=sort.from_,
        sort_to=sort.to,
        sort_cc=sort.cc,
        display_from=sort.display_from,
        display_to=sort.display_to,
        list_id=rendered.list_id,
        preview=rendered.preview,
        envelope=rendered.envelope,
        body=rendered.body,
        bodystructure=rendered.bodystructure,
        addresses=_address_json(rendered),
        parts=rendered.parts,
        reference_ids=_spell_references(rendered),
    )


def _address_json(rendered: Rendered) -> str:
    fields = {
        "from": rendered.from_,
        "sender": rendered.sender,
        "reply_to": rendered.reply_to,
        "to": rendered.to,
        "cc": rendered.cc,
        "bcc": rendered.bcc,
    }
    return msgspec.json.encode({name: found for name, found in fields.items() if found}).decode()


def _spell_references(rendered: Rendered) -> str:
    ids, count = rendered.references, rendered.in_references
    text = " ".join(ids[:count])
    return text if count == len(ids) else f"{text}  {' '.join(ids[count:])}"


_FIXED = ("key", "blob_id", "thread_id", "received", "prefix")
_INSERTED = ", ".join((*_FIXED, *Columns._fields))
_UPDATE = (
    "UPDATE email SET "  # noqa: S608
    + ", ".join(f"{name} = ${n}" for n, name in enumerate(Columns._fields, 1))
    + f" WHERE key = ${len(Columns._fields) + 1}"
)

# What a caller may ask for by name, beside the fields of Columns.
READABLE = MappingProxyType(
    {name: f"e.{name}" for name in (*Columns._fields, "blob_id", "thread_id", "received", "prefix")}
)


class Place(NamedTuple):
    """Where the octets of an email are: a prefix, then a blob."""

    prefix: bytes
    blob: BlobId
    size: int


def email_key(account: AccountId, email: EmailId) -> int:
    """The key of an email's row."""
    return (account << EMAIL_SHIFT) + email


async def insert_emails(tx: WriteTx, rows: Sequence[Sequence[Value]]) -> None:
    """Insert rows of key, blob, thread, received, prefix and the fields of Columns."""
    await insert_rows(tx, f"email ({_INSERTED})", rows)


async def update_rendered(
    tx: WriteTx, account: AccountId, email: EmailId, columns: Columns
) -> None:
    """Replace what was rendered by an older version; sizes and ids stay what they are."""
    await tx.execute(_UPDATE, *columns, email_key(account, email))


async def outdated(
    tx: ReadTx, account: AccountId, version: int, after: EmailId, limit: int
) -> list[EmailId]:
    """Emails after `after` rendered by a version before `version`; at most `limit`, ascending.

    Walks the account's rows: call it in a scan.
    """
    rows = await tx.rows(
        "SELECT key FROM email WHERE key > $1 AND key < $2 AND render_version < $3"
        " ORDER BY key LIMIT $4",
        email_key(account, after),
        (account + 1) << EMAIL_SHIFT,
        version,
        limit,
    )
    return [EmailId(row[0] - (account << EMAIL_SHIFT)) for row in rows]


async def rendered(
    tx: ReadTx, account: AccountId, emails: Sequence[EmailId], columns: Sequence[str]
) -> dict[EmailId, Row]:
    """The asked columns (names of READABLE) of these emails, at most 500; absent when unknown."""
    if not emails:
        return {}
    places, keys = listed(1, [email_key(account, email) for email in emails])
    chosen = ", ".join(READABLE[name] for name in columns)
    rows = await tx.rows(
        f"SELECT e.key, {chosen} FROM email e WHERE e.key IN ({places})",  # noqa: S608
        *keys,
    )
    first = account << EMAIL_SHIFT
    return {EmailId(row[0] - first): row[1:] for row in rows}


async def place_of(tx: ReadTx, account: AccountId, email: EmailId) -> Place | None:
    """Where the octets of an email are; None when there is no such email (any more)."""
    row = await tx.row(
        "SELECT prefix, blob_id, size FROM email WHERE key = $1", email_key(account, email)
    )
    return Place(*row) if row else None


async def octets(
    tx: ReadTx, account: AccountId, email: EmailId, offset: int = 0, count: int | None = None
) -> bytes | None:
    """Up to `count` octets of a message from `offset`, all of them by default.

    None when there is no such email (any more). A large message lies in a file: call it in a scan.
    """
    place = await place_of(tx, account, email)
    return None if place is None else await octets_at(tx, place, offset, count)


async def octets_at(tx: ReadTx, place: Place, offset: int = 0, count: int | None = None) -> bytes:
    """Up to `count` octets from `offset` of what lies at `place`."""
    end = place.size if count is None else min(place.size, offset + count)
    if end <= offset:
        return b""
    prefix_size = len(place.prefix)
    head = place.prefix[offset:end]
    start = max(offset, prefix_size) - prefix_size
    wanted = end - prefix_size - start
    if wanted <= 0:
        return head
    tail = await blob_rows.octets(tx, place.blob, start, wanted)
    return head + tail if head else tail
