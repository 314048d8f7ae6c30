"""Accounts: add, look at, change, remove."""

import re
import unicodedata
from typing import Any

from roost.base.address import Address
from roost.base.ids import AccountId
from roost.config.accounts import AccountSettings
from roost.ports.clock import Clock
from roost.service import addresses, tls_public_keys
from roost.service.config_errors import (
    AccountExists,
    AccountUnknown,
    NameInvalid,
)
from roost.service.configuration import (
    MAX_PAGE,
    Apply,
    Edit,
    Revised,
    commit,
    page_size,
    refuse_stale,
    settings_of,
)
from roost.store import accounts as rows
from roost.store import addresses as address_rows
from roost.store import mailboxes, subscriptions
from roost.store import tls_public_keys as key_rows
from roost.store.accounts import AccountRow
from roost.store.engine import ReadTx, Store, WriteTx
from roost.store.mailbox_names import INBOX
from roost.store.mailboxes import Role
from roost.store.revisions import Actor, Change, change

# What a new account finds, in the order clients show it.
INITIAL_MAILBOXES = (
    (INBOX, Role.INBOX),
    ("Drafts", Role.DRAFTS),
    ("Sent", Role.SENT),
    ("Archive", Role.ARCHIVE),
    ("Junk", Role.JUNK),
    ("Trash", Role.TRASH),
)

_DEFAULTS = AccountSettings()
_NAME = re.compile(r"[^\W_](?:[\w.@+-]{0,62}[^\W_])?")


async def add(
    store: Store,
    clock: Clock,
    actor: Actor,
    name: str,
    settings: AccountSettings = _DEFAULTS,
    *,
    address: Address | None = None,
    reason: str = "",
) -> AccountRow:
    """Make an account with its first mailboxes, all subscribed.

    address: its first address, in a domain that is there. Nobody can sign in to an account
    without address. Raises NameInvalid, AccountExists, SettingsInvalid, and what `addresses.add`
    raises.
    """
    edit = Edit(actor, reason, clock.now())
    name = parse_account_name(name)
    steps: list[tuple[Apply, Change]] = [(apply, _change(name, None, settings))]
    if address is not None:
        steps.append((addresses.apply, addresses.added(address, name)))

    async def work(tx: WriteTx) -> AccountRow:
        await commit(tx, edit, steps)
        return await require(tx, name)

    return await store.write(work)


async def get(store: Store, name: str) -> AccountRow:
    """One account. Raises AccountUnknown."""
    return await store.read(lambda tx: require(tx, name))


async def page(store: Store, after: str = "", limit: int = MAX_PAGE) -> list[AccountRow]:
    """Up to `limit` accounts in order of name, those after `after`."""
    return await store.read(lambda tx: rows.page(tx, after, page_size(limit)))


async def set_settings(
    store: Store,
    clock: Clock,
    actor: Actor,
    name: str,
    settings: AccountSettings,
    *,
    made_from: int | None,
    reason: str = "",
) -> AccountRow:
    """Replace the settings of an account.

    made_from: the revision of the row the caller saw; None to save over whatever is there.
    Raises AccountUnknown, SettingsInvalid, StaleRevision.
    """
    edit = Edit(actor, reason, clock.now())

    async def work(tx: WriteTx) -> AccountRow:
        row = await require(tx, name)
        step = _change(row.name, row.settings, settings)
        await refuse_stale(tx, made_from, row.revision, step)
        await commit(tx, edit, [(apply, step)])
        return await require(tx, name)

    return await store.write(work)


async def remove(store: Store, clock: Clock, actor: Actor, name: str, *, reason: str = "") -> None:
    """Take an account out of use; after a day the clean-up removes its mail.

    Its name, addresses and TLS public keys are free at once; until the mail goes it can be undone.
    Raises AccountUnknown, AddressInUse.
    """
    edit = Edit(actor, reason, clock.now())

    async def work(tx: WriteTx) -> None:
        row = await require(tx, name)
        steps: list[tuple[Apply, Change]] = [
            (tls_public_keys.apply, step) for step in await _removed_keys(tx, row)
        ]
        steps += [(addresses.drop, step) for step in await _removed_addresses(tx, row)]
        await commit(tx, edit, [*steps, (apply, _change(row.name, row.settings, None))])

    await store.write(work)


async def require(tx: ReadTx, name: str) -> AccountRow:
    """The account's row. Raises AccountUnknown."""
    row = await rows.by_name(tx, name)
    if row is None:
        raise AccountUnknown(name)
    return row


async def apply(tx: WriteTx, step: Change, revised: Revised) -> None:
    """Make the row what `step.after` says. Raises what the functions above raise."""
    row = await rows.by_name(tx, step.key)
    if step.before is None and row is not None:
        raise AccountExists(step.key)
    if step.before is not None and row is None:
        raise AccountUnknown(step.key)
    if step.after is None:
        assert row is not None, "what has a before is there"
        await rows.mark_deleted(tx, row.id, revised.now, revised.revision)
        return
    settings = settings_of(step, AccountSettings)
    if row is None:
        row = await rows.add(tx, step.key, settings, revised.now, revised.revision)
        await _add_mailboxes(tx, row.id, revised)
        return
    await rows.set_settings(tx, row.id, settings, revised.revision)


async def restore(tx: WriteTx, step: Change, revised: Revised) -> None:
    """Take an account that was removed, and whose mail is still there, into use again."""
    row = await rows.marked_by_name(tx, step.key)
    if row is None:
        raise AccountUnknown(step.key)
    if await rows.by_name(tx, step.key) is not None:
        raise AccountExists(step.key)
    await rows.unmark_deleted(tx, row.id, revised.revision)


async def current(tx: ReadTx, key: str) -> tuple[int, dict[str, Any]] | None:
    """The revision and the facts of the account with this name."""
    row = await rows.by_name(tx, key)
    return (row.revision, {"settings": row.settings}) if row else None


def parse_account_name(text: str) -> str:
    """The one form of an account's name: NFC, in lower case. Raises NameInvalid."""
    name = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
    if not _NAME.fullmatch(name):
        raise NameInvalid
    return name


def _change(key: str, before: AccountSettings | None, after: AccountSettings | None) -> Change:
    return change(
        "account",
        key,
        {"settings": before} if before is not None else None,
        {"settings": after} if after is not None else None,
    )


async def _add_mailboxes(tx: WriteTx, account: AccountId, revised: Revised) -> None:
    for place, (name, role) in enumerate(INITIAL_MAILBOXES, 1):
        await mailboxes.create(tx, account, name, revised.now, role=role, sort_order=place)
        await subscriptions.subscribe(tx, account, account, name)


async def _removed_keys(tx: ReadTx, row: AccountRow) -> list[Change]:
    """The changes that take every TLS public key from an account."""
    found = await key_rows.page(tx, row.id, "", tls_public_keys.MAX_KEYS)
    return [tls_public_keys.removed(one) for one in found]


async def _removed_addresses(tx: ReadTx, row: AccountRow) -> list[Change]:
    """The changes that take every address from an account."""
    found = await address_rows.all_of_account(tx, row.id)
    return [addresses.removed(one, domain, row.name) for one, domain in found]
