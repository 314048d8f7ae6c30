"""Rows of mailboxes.

Its making, its properties and its counts have a modseq each, so that JMAP can say what changed
(RFC 8621 section 2.2). A removed mailbox keeps its row, with `removed` set. Rules about who may do
what are the service's; these functions expect that they hold.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime
from enum import StrEnum

from roost.base.ids import AccountId, MailboxId, MailboxRef, ModSeq, Uid
from roost.ports.bus import Type
from roost.store import acl, changes, namings, numbers
from roost.store.engine import MAX_INLINE_ROWS, ReadTx, Row, WriteTx
from roost.store.mailbox_names import below, lineage, parent_of
from roost.store.sql_lists import listed
from roost.store.times import micros, moment_of

NO_MODSEQ = ModSeq(0)
LAST_MAILBOX = MailboxId(2**63 - 1)


class Role(StrEnum):
    """What a mailbox is for. RFC 8621 section 2, RFC 6154, RFC 8457."""

    INBOX = "inbox"
    ARCHIVE = "archive"
    DRAFTS = "drafts"
    IMPORTANT = "important"
    JUNK = "junk"
    SENT = "sent"
    TRASH = "trash"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox. schema/0001.sql says what each number counts.

    account_id: who owns it. name: the whole path. removed: the modseq at which it was deleted.
    """

    account_id: AccountId
    id: MailboxId
    parent_id: MailboxId | None
    name: str
    role: Role | None
    sort_order: int
    uid_validity: int
    uid_next: Uid
    recent_uid: Uid
    created: datetime
    created_modseq: ModSeq
    properties_modseq: ModSeq
    counts_modseq: ModSeq
    highest_modseq: ModSeq
    floor_modseq: ModSeq
    removed: ModSeq | None
    messages: int = 0
    unseen: int = 0
    deleted: int = 0
    octets: int = 0
    deleted_octets: int = 0
    emails: int = 0
    unread: int = 0
    threads: int = 0
    unread_threads: int = 0
    arrived_modseq: ModSeq = NO_MODSEQ

    @property
    def ref(self) -> MailboxRef:
        return MailboxRef(self.account_id, self.id)


_FIELDS = tuple(field.name for field in fields(Mailbox))
_COLUMNS = ", ".join(_FIELDS)
_MARKS = ", ".join(f"${number}" for number in range(1, len(_FIELDS) + 1))
_SELECT = f"SELECT {_COLUMNS} FROM mailbox"  # noqa: S608 - the fields of Mailbox
_INSERT = f"INSERT INTO mailbox ({_COLUMNS}) VALUES ({_MARKS})"  # noqa: S608 - as above
_ROLE, _CREATED = _FIELDS.index("role"), _FIELDS.index("created")


async def page(tx: ReadTx, account: AccountId, after: str, limit: int) -> list[Mailbox]:
    """Up to `limit` mailboxes in order of name, those after `after` ("" to begin)."""
    rows = await tx.rows(
        f"{_SELECT} WHERE account_id = $1 AND name > $2 AND removed IS NULL ORDER BY name LIMIT $3",
        account,
        after,
        limit,
    )
    return [_mailbox_of(row) for row in rows]


async def list_all(tx: ReadTx, account: AccountId) -> list[Mailbox]:
    """Every mailbox in order of name; in a scan or a write, since there may be thousands."""
    found: list[Mailbox] = []
    while True:
        after = found[-1].name if found else ""
        more = await page(tx, account, after, MAX_INLINE_ROWS)
        found += more
        if len(more) < MAX_INLINE_ROWS:
            return found


async def by_name(tx: ReadTx, account: AccountId, name: str) -> Mailbox | None:
    """The mailbox with this name, which has the form of `parse_name`."""
    row = await tx.row(
        f"{_SELECT} WHERE account_id = $1 AND name = $2 AND removed IS NULL",
        account,
        name,
    )
    return _mailbox_of(row) if row else None


async def id_of(tx: ReadTx, account: AccountId, name: str) -> MailboxId | None:
    """The number of the mailbox with this name: a third of the work of `by_name`."""
    number: MailboxId | None = await tx.value(
        "SELECT id FROM mailbox WHERE account_id = $1 AND name = $2 AND removed IS NULL",
        account,
        name,
    )
    return number


async def ids_of(
    tx: ReadTx, wanted: Sequence[tuple[AccountId, str]]
) -> dict[tuple[AccountId, str], MailboxId]:
    """The numbers of the mailboxes with these names that there are; 1 to MOST names."""
    places, accounts = listed(1, [account for account, _ in wanted])
    first = len(accounts) + 1
    names = list(dict.fromkeys(name for _, name in wanted))
    named = ", ".join(f"${n}" for n in range(first, first + len(names)))
    rows = await tx.rows(
        "SELECT account_id, name, id FROM mailbox"  # noqa: S608
        f" WHERE account_id IN ({places}) AND name IN ({named}) AND removed IS NULL",
        *accounts,
        *names,
    )
    return {(row[0], row[1]): row[2] for row in rows}


async def by_id(tx: ReadTx, ref: MailboxRef) -> Mailbox | None:
    """The mailbox with this number, None when it was removed."""
    row = await tx.row(
        f"{_SELECT} WHERE account_id = $1 AND id = $2 AND removed IS NULL",
        ref.account,
        ref.id,
    )
    return _mailbox_of(row) if row else None


async def highest_modseq(tx: ReadTx, ref: MailboxRef) -> ModSeq | None:
    """The modseq of the last change to its messages, None when it was removed."""
    found: int | None = await tx.value(
        "SELECT highest_modseq FROM mailbox WHERE account_id = $1 AND id = $2 AND removed IS NULL",
        *ref,
    )
    return None if found is None else ModSeq(found)


async def changed_since(
    tx: ReadTx,
    account: AccountId,
    modseq: int,
    beyond: MailboxId = LAST_MAILBOX,
    limit: int = MAX_INLINE_ROWS,
) -> list[Mailbox]:
    """Mailboxes whose messages, notes or name changed after `modseq`, new ones as well.

    In order of their highest modseq, at most `limit`. beyond: of those that changed at `modseq`
    itself, the ones with a higher number too; to go on, both numbers of the last mailbox.
    """
    rows = await tx.rows(
        f"{_SELECT} WHERE account_id = $1 AND (highest_modseq, id) > ($2, $3)"
        " AND removed IS NULL ORDER BY highest_modseq, id LIMIT $4",
        account,
        modseq,
        beyond,
        limit,
    )
    return [_mailbox_of(row) for row in rows]


async def by_role(tx: ReadTx, account: AccountId, role: Role) -> Mailbox | None:
    """The mailbox with this role, which at most one has."""
    row = await tx.row(
        f"{_SELECT} WHERE account_id = $1 AND role = $2 AND removed IS NULL",
        account,
        role.value,
    )
    return _mailbox_of(row) if row else None


async def has_children(tx: ReadTx, account: AccountId, name: str) -> bool:
    """Whether a mailbox lies below this name."""
    found = await tx.value(
        "SELECT 1 FROM mailbox WHERE account_id = $1 AND name >= $2 AND name < $3"
        " AND removed IS NULL LIMIT 1",
        account,
        *below(name),
    )
    return found is not None


async def count(tx: ReadTx, account: AccountId) -> int:
    """How many mailboxes the account has."""
    number: int = await tx.value(
        "SELECT count(*) FROM mailbox WHERE account_id = $1 AND removed IS NULL", account
    )
    return number


async def create(
    tx: WriteTx,
    account: AccountId,
    name: str,
    now: datetime,
    *,
    role: Role | None = None,
    sort_order: int = 0,
    old_name: str | None = None,
) -> list[Mailbox]:
    """Create a mailbox that is not there, and those above it that are not; the new ones, top first.

    name: in the form of `parse_name`. role: for the last one; nobody has it yet. old_name: of the
    mailbox whose messages it takes over, so that sessions are told of a renaming.
    Each has the rights of the one above it (RFC 4314 section 4). UIDVALIDITY never had the same
    value before in the account (RFC 9051 section 2.3.1.1).
    """
    parent: MailboxId | None = None
    missing: list[str] = []
    for level in lineage(name):
        found = None if missing else await by_name(tx, account, level)
        if found is None:
            missing.append(level)
        else:
            parent = found.id
    first, uid_validity = await _reserve_ids(tx, account, len(missing))
    modseq = await numbers.reserve_modseqs(tx, account, len(missing))
    created: list[Mailbox] = []
    for step, level in enumerate(missing):
        mailbox = _fresh(account, MailboxId(first + step), level, ModSeq(modseq + step), now)
        mailbox = replace(mailbox, parent_id=parent, uid_validity=uid_validity + step)
        if level == name:
            mailbox = replace(mailbox, role=role, sort_order=sort_order)
        await tx.execute(_INSERT, *_row_of(mailbox))
        await namings.record(
            tx, account, mailbox.created_modseq, old_name if level == name else None, level
        )
        if parent is not None:
            await acl.inherit(tx, account, parent, mailbox.id)
        created.append(mailbox)
        parent = mailbox.id
    await _announce(tx, account, modseq + len(missing) - 1)
    return created


async def ensure(tx: WriteTx, account: AccountId, name: str, now: datetime) -> Mailbox:
    """The mailbox with this name, created when it is not there."""
    return await by_name(tx, account, name) or (await create(tx, account, name, now))[-1]


async def rename(tx: WriteTx, mailbox: Mailbox, name: str, now: datetime) -> list[Mailbox]:
    """Give a mailbox another name, which nobody has; those below it move along.

    Those above the new name are created. Returns every mailbox that was created or renamed, each
    with a modseq of its own.
    """
    account = mailbox.account_id
    above = parent_of(name)
    created: list[Mailbox] = []
    parent: Mailbox | None = None
    if above is not None:
        parent = await by_name(tx, account, above)
        if parent is None:
            created = await create(tx, account, above, now)
            parent = created[-1]
    moved = [replace(mailbox, parent_id=parent.id if parent else None)]
    moved += await _all_below(tx, account, mailbox.name)
    first = await numbers.reserve_modseqs(tx, account, len(moved))
    renamed = [
        replace(
            one,
            name=name + one.name[len(mailbox.name) :],
            properties_modseq=ModSeq(first + step),
            highest_modseq=ModSeq(first + step),
        )
        for step, one in enumerate(moved)
    ]
    await tx.execute_many(
        # Its name has another UIDVALIDITY now, of which sessions hear as of messages that change.
        "UPDATE mailbox SET name = $1, parent_id = $2, properties_modseq = $3, highest_modseq = $3"
        " WHERE account_id = $4 AND id = $5",
        [(one.name, one.parent_id, one.properties_modseq, account, one.id) for one in renamed],
    )
    await namings.record(tx, account, first, mailbox.name, name)
    await _announce(tx, account, first + len(moved) - 1)
    return created + renamed


async def delete(tx: WriteTx, mailbox: Mailbox) -> ModSeq:
    """Mark a mailbox without children as removed; its name and role are free at once.

    `expunging.empty_some` removes its messages, `unemptied` finds it until that is done.
    """
    modseq = await numbers.reserve_modseqs(tx, mailbox.account_id, 1)
    await tx.execute(
        "UPDATE mailbox SET removed = $1, properties_modseq = $1, role = NULL"
        " WHERE account_id = $2 AND id = $3",
        modseq,
        mailbox.account_id,
        mailbox.id,
    )
    await namings.record(tx, mailbox.account_id, modseq, mailbox.name, None)
    # A mailbox that gets the name later does not inherit its notes, nor who may read it by a URL,
    # nor its rights: RFC 5464 section 4.1, RFC 4467 section 2.2, RFC 4314 section 4.
    for table in ("metadata", "url_key", "acl"):
        await tx.execute(
            f"DELETE FROM {table} WHERE account_id = $1 AND mailbox_id = $2",  # noqa: S608
            mailbox.account_id,
            mailbox.id,
        )
    await _announce(tx, mailbox.account_id, modseq, mailbox.id)
    return modseq


async def unemptied(tx: ReadTx, limit: int) -> list[MailboxRef]:
    """Removed mailboxes of any account that still hold messages. Walks the table: in a scan."""
    rows = await tx.rows(
        "SELECT account_id, id FROM mailbox WHERE removed IS NOT NULL AND messages > 0 LIMIT $1",
        limit,
    )
    return [MailboxRef(*row) for row in rows]


async def set_role(tx: WriteTx, mailbox: Mailbox, role: Role | None) -> ModSeq:
    """Give a mailbox a role that no other has, or none."""
    return await _set_properties(tx, replace(mailbox, role=role))


async def set_sort_order(tx: WriteTx, mailbox: Mailbox, sort_order: int) -> ModSeq:
    """Set the place among the mailboxes of the same level. RFC 8621 section 2."""
    return await _set_properties(tx, replace(mailbox, sort_order=sort_order))


async def _set_properties(tx: WriteTx, mailbox: Mailbox) -> ModSeq:
    modseq = await numbers.reserve_modseqs(tx, mailbox.account_id, 1)
    await tx.execute(
        "UPDATE mailbox SET role = $1, sort_order = $2, properties_modseq = $3"
        " WHERE account_id = $4 AND id = $5",
        mailbox.role,
        mailbox.sort_order,
        modseq,
        mailbox.account_id,
        mailbox.id,
    )
    await _announce(tx, mailbox.account_id, modseq)
    return modseq


async def _all_below(tx: ReadTx, account: AccountId, name: str) -> Sequence[Mailbox]:
    rows = await tx.rows(
        f"{_SELECT} WHERE account_id = $1 AND name >= $2 AND name < $3"
        " AND removed IS NULL ORDER BY name",
        account,
        *below(name),
    )
    return [_mailbox_of(row) for row in rows]


async def _reserve_ids(tx: WriteTx, account: AccountId, wanted: int) -> tuple[int, int]:
    """The first of so many mailbox numbers, and of as many UIDVALIDITY values."""
    row = await tx.row(
        "UPDATE account_counter SET next_mailbox = next_mailbox + $1,"
        " next_uid_validity = next_uid_validity + $1 WHERE account_id = $2"
        " RETURNING next_mailbox - $1, next_uid_validity - $1",
        wanted,
        account,
    )
    assert row is not None, "an account has its counters from the start"
    return row[0], row[1]


def _fresh(
    account: AccountId, number: MailboxId, name: str, modseq: ModSeq, now: datetime
) -> Mailbox:
    """A new, empty mailbox. Nothing was ever expunged, so its history is complete from 0."""
    return Mailbox(
        account_id=account,
        id=number,
        parent_id=None,
        name=name,
        role=None,
        sort_order=0,
        uid_validity=0,
        uid_next=Uid(1),
        recent_uid=Uid(1),
        created=now,
        created_modseq=modseq,
        properties_modseq=modseq,
        counts_modseq=modseq,
        highest_modseq=modseq,
        floor_modseq=ModSeq(0),
        removed=None,
    )


async def _announce(
    tx: WriteTx, account: AccountId, modseq: int, mailbox: MailboxId | None = None
) -> None:
    await changes.record(tx, account, (Type.MAILBOX,), modseq)
    tx.changed(account, Type.MAILBOX, mailbox, modseq)


def _row_of(mailbox: Mailbox) -> list[int | str | None]:
    row = list(astuple(mailbox))
    row[_CREATED] = micros(mailbox.created)
    return row


def _mailbox_of(row: Row) -> Mailbox:
    values = list(row)
    values[_ROLE] = Role(row[_ROLE]) if row[_ROLE] else None
    values[_CREATED] = moment_of(row[_CREATED])
    return Mailbox(*values)
