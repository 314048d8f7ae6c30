"""Rows of rights: what others may do with a mailbox, or with all of an account. RFC 4314 section 2.

An entry on a mailbox stands in place of the one on the whole account with the same identifier, also
where it grants nothing. Rights are letters in the order of `LETTERS`.
"""

from collections.abc import Sequence
from typing import NamedTuple

from roost.base.ids import AccountId, MailboxId, MailboxRef
from roost.ports.bus import Type
from roost.store.engine import MAX_INLINE_ROWS, ReadTx, Row, WriteTx

LETTERS = "lrswipkxtea"
# Stands for every mailbox of an account, there or to come.
WHOLE = MailboxId(0)
# Stands for every account of the server.
ANYONE = AccountId(0)


class Identifier(NamedTuple):
    """Whom an entry is about. negative: whether the rights are taken away from them."""

    user: AccountId
    negative: bool = False


class Entry(NamedTuple):
    """What an identifier has on a mailbox, or on the WHOLE account.

    send_as: whether it may send with the addresses of the account; of the WHOLE account only.
    revision: the last one that changed the row, 0 where a user did.
    """

    mailbox: MailboxId
    who: Identifier
    rights: str
    send_as: bool = False
    revision: int = 0


class Share(NamedTuple):
    """An entry with the account it is in; mailbox_name is "" for the whole account."""

    owner: AccountId
    entry: Entry
    mailbox_name: str


_COLUMNS = "mailbox_id, user_id, negative, rights, send_as, revision"
_SELECT = f"SELECT {_COLUMNS} FROM acl"  # noqa: S608 - the columns above


async def applying(tx: ReadTx, acting: AccountId, ref: MailboxRef) -> list[Entry]:
    """The entries that say what `acting` may do with a mailbox; at most 8."""
    rows = await tx.rows(
        f"{_SELECT} WHERE account_id = $1 AND mailbox_id IN (0, $2) AND user_id IN (0, $3)",
        *ref,
        acting,
    )
    return await _of_account_in_use(tx, acting, ref.account, rows)


async def applying_page(
    tx: ReadTx, acting: AccountId, owner: AccountId, limit: int = MAX_INLINE_ROWS
) -> list[Entry]:
    """As `applying` for all mailboxes of an account, up to `limit` entries; more in a scan."""
    rows = await tx.rows(
        f"{_SELECT} WHERE account_id = $1 AND user_id IN (0, $2) ORDER BY mailbox_id LIMIT $3",
        owner,
        acting,
        limit,
    )
    return await _of_account_in_use(tx, acting, owner, rows)


async def of_mailbox(tx: ReadTx, ref: MailboxRef) -> list[Entry]:
    """The entries that hold on a mailbox, one for each identifier, in order of these."""
    rows = await tx.rows(
        f"{_SELECT} WHERE account_id = $1 AND mailbox_id IN (0, $2) ORDER BY mailbox_id", *ref
    )
    held = {entry.who: entry for entry in map(_entry_of, rows)}
    return [held[who] for who in sorted(held)]


async def find(tx: ReadTx, ref: MailboxRef, who: Identifier) -> Entry | None:
    """The entry of an identifier on just this mailbox, or with WHOLE on the account."""
    row = await tx.row(
        f"{_SELECT} WHERE account_id = $1 AND mailbox_id = $2 AND user_id = $3 AND negative = $4",
        *ref,
        *who,
    )
    return _entry_of(row) if row else None


async def put(tx: WriteTx, owner: AccountId, entry: Entry) -> None:
    """Add an entry, or put it in place of the one its identifier has there."""
    await tx.execute(
        f"INSERT INTO acl (account_id, {_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)"  # noqa: S608
        " ON CONFLICT (account_id, mailbox_id, user_id, negative) DO UPDATE SET"
        " rights = excluded.rights, send_as = excluded.send_as, revision = excluded.revision",
        owner,
        entry.mailbox,
        *entry.who,
        entry.rights,
        entry.send_as,
        entry.revision,
    )
    _announce(tx, MailboxRef(owner, entry.mailbox), entry.who)


async def remove(tx: WriteTx, ref: MailboxRef, who: Identifier) -> None:
    """Remove an entry, if it is there."""
    removed = await tx.execute(
        "DELETE FROM acl WHERE account_id = $1 AND mailbox_id = $2 AND user_id = $3"
        " AND negative = $4",
        *ref,
        *who,
    )
    if removed:
        _announce(tx, ref, who)


async def inherit(tx: WriteTx, account: AccountId, parent: MailboxId, mailbox: MailboxId) -> None:
    """Give a new mailbox the entries of the one above it. RFC 4314 section 4, CREATE."""
    await tx.execute(
        f"INSERT INTO acl (account_id, {_COLUMNS})"  # noqa: S608
        " SELECT account_id, $1, user_id, negative, rights, 0, 0 FROM acl"
        " WHERE account_id = $2 AND mailbox_id = $3",
        mailbox,
        account,
        parent,
    )


async def count(tx: ReadTx, ref: MailboxRef) -> int:
    """How many entries there are on just this mailbox."""
    number: int = await tx.value(
        "SELECT count(*) FROM acl WHERE account_id = $1 AND mailbox_id = $2", *ref
    )
    return number


async def owners(tx: ReadTx, acting: AccountId, limit: int) -> list[AccountId]:
    """Accounts that let `acting` do something, or whose mailboxes it is subscribed to; ascending.

    At most `limit`, those with the lowest numbers.
    """
    rows = await tx.rows(
        "SELECT o.id FROM (SELECT account_id AS id FROM acl WHERE user_id IN (0, $1)"
        " AND negative = 0 AND rights <> '' UNION SELECT owner_id FROM subscription"
        " WHERE account_id = $1) o JOIN account c ON c.id = o.id AND c.deleted IS NULL"
        " WHERE o.id <> $1 ORDER BY o.id LIMIT $2",
        acting,
        limit,
    )
    return [AccountId(row[0]) for row in rows]


async def may_send_as(tx: ReadTx, acting: AccountId, owner: AccountId) -> bool:
    """Whether `acting` may send with the addresses of an account that is not its own."""
    found = await tx.value(
        "SELECT 1 FROM acl JOIN account c ON c.id = account_id AND c.deleted IS NULL"
        " WHERE account_id = $1 AND mailbox_id = 0 AND user_id = $2 AND negative = 0"
        " AND send_as = 1",
        owner,
        acting,
    )
    return found is not None


_SHARES = (
    "SELECT a.account_id, COALESCE(m.name, ''), a.mailbox_id, a.user_id, a.negative, a.rights,"
    " a.send_as, a.revision FROM acl a LEFT JOIN mailbox m"
    " ON m.account_id = a.account_id AND m.id = a.mailbox_id"
)


async def shares(tx: ReadTx, after: Share | None, limit: int) -> list[Share]:
    """Up to `limit` entries that grant something to one account in use, those after `after`.

    In order of owner, mailbox and user.
    """
    place = (0, -1, 0)
    if after is not None:
        place = (after.owner, after.entry.mailbox, after.entry.who.user)
    rows = await tx.rows(
        f"{_SHARES} JOIN account c ON c.id = a.account_id AND c.deleted IS NULL"
        " JOIN account u ON u.id = a.user_id AND u.deleted IS NULL"
        " WHERE (a.account_id, a.mailbox_id, a.user_id) > ($1, $2, $3) AND a.negative = 0"
        " AND a.user_id <> a.account_id ORDER BY a.account_id, a.mailbox_id, a.user_id LIMIT $4",
        *place,
        limit,
    )
    return [_share_of(row) for row in rows]


async def of_user(tx: ReadTx, owner: AccountId, user: AccountId) -> list[Share]:
    """Every entry of an account that grants a user something, in order of mailbox; in a write."""
    rows = await tx.rows(
        f"{_SHARES} WHERE a.account_id = $1 AND a.user_id = $2 AND a.negative = 0"
        " ORDER BY a.mailbox_id",
        owner,
        user,
    )
    return [_share_of(row) for row in rows]


def letters(rights: Sequence[str] | frozenset[str]) -> str:
    """These rights in their one form."""
    return "".join(letter for letter in LETTERS if letter in rights)


def _announce(tx: WriteTx, ref: MailboxRef, who: Identifier) -> None:
    """Tell sessions on the owner's mailboxes, and those of whom it is about."""
    tx.changed(ref.account, Type.ACL, None if ref.id == WHOLE else ref.id)
    if who.user not in (ANYONE, ref.account):
        tx.changed(who.user, Type.ACL)


async def _of_account_in_use(
    tx: ReadTx, acting: AccountId, owner: AccountId, rows: list[Row]
) -> list[Entry]:
    """The entries of these rows; none for others where the account was marked for removal.

    Asked for only where there are some: an EXISTS in their statement costs as much as both.
    """
    if rows and acting != owner:
        in_use = "SELECT 1 FROM account WHERE id = $1 AND deleted IS NULL"
        if await tx.value(in_use, owner) is None:
            return []
    return [_entry_of(row) for row in rows]


def _share_of(row: Row) -> Share:
    return Share(AccountId(row[0]), _entry_of(row[2:]), row[1])


def _entry_of(row: Row) -> Entry:
    mailbox, user, negative, rights, send_as, revision = row
    return Entry(
        mailbox, Identifier(AccountId(user), bool(negative)), rights, bool(send_as), revision
    )
