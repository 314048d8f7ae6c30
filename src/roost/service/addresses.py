"""Addresses of accounts: add, look at, change, remove."""

from dataclasses import replace
from typing import Any

import msgspec

from roost.base.address import Address, AddressInvalid
from roost.base.ids import AccountId
from roost.config.accounts import AddressSettings
from roost.ports.clock import Clock
from roost.service import domains
from roost.service.config_errors import (
    MAX_SHOWN,
    AccountUnknown,
    AddressExists,
    AddressInUse,
    AddressIsLast,
    AddressUnknown,
    SettingsInvalid,
)
from roost.service.configuration import (
    MAX_PAGE,
    Edit,
    Revised,
    commit,
    page_size,
    refuse_stale,
    settings_of,
)
from roost.service.tls_key_errors import LoginAddressInUse
from roost.store import accounts as account_rows
from roost.store import addresses as rows
from roost.store import tls_public_keys
from roost.store.addresses import AddressRow, canonical
from roost.store.engine import ReadTx, Store, WriteTx
from roost.store.mailbox_names import MailboxNameInvalid, parse_name
from roost.store.revisions import Actor, Change, change

_DEFAULTS = AddressSettings()


async def add(
    store: Store,
    clock: Clock,
    actor: Actor,
    account: str,
    address: Address,
    settings: AddressSettings = _DEFAULTS,
    *,
    reason: str = "",
) -> AddressRow:
    """Give an account another address.

    Raises AccountUnknown, DomainUnknown, AddressExists, AddressInvalid, SettingsInvalid.
    """
    edit = Edit(actor, reason, clock.now())

    async def work(tx: WriteTx) -> AddressRow:
        await commit(tx, edit, [(apply, added(address, account, settings))])
        return await require(tx, address)

    return await store.write(work)


async def get(store: Store, address: Address) -> AddressRow:
    """The address that mail for `address` goes to. Raises DomainUnknown, AddressUnknown."""
    return await store.read(lambda tx: require(tx, address))


async def of_account(
    store: Store, account: AccountId, after: tuple[int, str] | None = None, limit: int = MAX_PAGE
) -> list[AddressRow]:
    """Up to `limit` addresses of an account, those after domain number and local part `after`."""
    return await store.read(lambda tx: rows.of_account(tx, account, after, page_size(limit)))


async def set_settings(
    store: Store,
    clock: Clock,
    actor: Actor,
    address: Address,
    settings: AddressSettings,
    *,
    made_from: int | None,
    reason: str = "",
) -> AddressRow:
    """Replace the settings of an address.

    made_from: the revision of the row the caller saw; None to save over whatever is there.
    Raises DomainUnknown, AddressUnknown, SettingsInvalid, StaleRevision.
    """
    edit = Edit(actor, reason, clock.now())

    async def work(tx: WriteTx) -> AddressRow:
        row = await require(tx, address)
        step = await _step(tx, address, row, settings)
        await refuse_stale(tx, made_from, row.revision, step)
        await commit(tx, edit, [(apply, step)])
        return await require(tx, address)

    return await store.write(work)


async def remove(
    store: Store, clock: Clock, actor: Actor, address: Address, *, reason: str = ""
) -> None:
    """Take an address from its account.

    Raises DomainUnknown, AddressUnknown, AddressIsLast, AddressInUse, LoginAddressInUse.
    """
    edit = Edit(actor, reason, clock.now())

    async def work(tx: WriteTx) -> None:
        row = await require(tx, address)
        await commit(tx, edit, [(apply, await _step(tx, address, row, None))])

    await store.write(work)


async def require(tx: ReadTx, address: Address) -> AddressRow:
    """The row that mail for the address is looked up in. Raises DomainUnknown, AddressUnknown."""
    domain = await domains.require(tx, address.domain)
    row = await rows.by_key(tx, domain.id, canonical(address.local, domain.settings))
    if row is None:
        raise AddressUnknown(address)
    return row


async def apply(tx: WriteTx, step: Change, revised: Revised) -> None:
    """Make the row what `step.after` says. Raises what the functions above raise."""
    address = Address.parse(step.key)
    if step.after is None:
        row = await require(tx, address)
        if len(await rows.of_account(tx, row.account, None, 2)) == 1:
            raise AddressIsLast(address, await _owner_name(tx, row))
        await drop(tx, step, revised)
        return
    settings = _named(settings_of(step, AddressSettings))
    if step.before is None:
        await _add(tx, address, step.after["account"], settings, revised)
        return
    await rows.set_settings(tx, await require(tx, address), settings, revised.revision)


async def drop(tx: WriteTx, step: Change, _revised: Revised) -> None:
    """Remove an address even if it is the last of its account, which is about to go."""
    address = Address.parse(step.key)
    row = await require(tx, address)
    keys = await tls_public_keys.of_address(tx, row.domain, row.localpart, MAX_SHOWN + 1)
    if keys:
        raise LoginAddressInUse(str(address), keys)
    domain = await domains.require(tx, address.domain)
    catch_all = domain.settings.catch_all
    if catch_all and canonical(catch_all, domain.settings) == row.localpart:
        raise AddressInUse(address)
    await rows.remove(tx, row)


async def current(tx: ReadTx, key: str) -> tuple[int, dict[str, Any]] | None:
    """The revision and the facts of the address with this spelling."""
    address = Address.parse(key)
    found = await rows.find(tx, address.domain.ascii, address.local)
    if found is None:
        return None
    row = found.address
    return row.revision, _facts(await _owner_name(tx, row), row.settings)


def added(address: Address, account: str, settings: AddressSettings = _DEFAULTS) -> Change:
    """The change that gives an account an address."""
    return change("address", address.spell(smtputf8=True), None, _facts(account, settings))


def removed(row: AddressRow, domain: str, account: str) -> Change:
    """The change that takes an address from its account. domain: in A-labels."""
    return change("address", rows.spell(row, domain), _facts(account, row.settings), None)


async def _step(
    tx: ReadTx, address: Address, row: AddressRow, settings: AddressSettings | None
) -> Change:
    account = await _owner_name(tx, row)
    key = replace(address, local=row.spelled).spell(smtputf8=True)
    after = None if settings is None else _facts(account, settings)
    return change("address", key, _facts(account, row.settings), after)


async def _add(
    tx: WriteTx, address: Address, account: str, settings: AddressSettings, revised: Revised
) -> None:
    owner = await account_rows.by_name(tx, account)
    if owner is None:
        raise AccountUnknown(account)
    if not address.local:
        raise AddressInvalid("the part before the @ is empty")
    domain = await domains.require(tx, address.domain)
    if domains.has_separator(address.local, domain.settings):
        separators = " ".join(domain.settings.localpart_separators)
        raise AddressInvalid(f"in this domain a tag begins at {separators}: leave the tag away")
    key = canonical(address.local, domain.settings)
    there = await rows.by_key(tx, domain.id, key)
    if there is not None:
        raise AddressExists(address, await _owner_name(tx, there))
    await rows.add(
        tx,
        AddressRow(
            owner.id, domain.id, key, address.local, revised.now, settings, revised.revision
        ),
    )


def _named(settings: AddressSettings) -> AddressSettings:
    """The settings with the mailbox's name in its one form; SettingsInvalid when it is none."""
    try:
        return msgspec.structs.replace(settings, mailbox=parse_name(settings.mailbox))
    except MailboxNameInvalid as error:
        raise SettingsInvalid(f"mailbox: {error}") from error


def _facts(account: str, settings: AddressSettings) -> dict[str, Any]:
    return {"account": account, "settings": settings}


async def _owner_name(tx: ReadTx, row: AddressRow) -> str:
    owner = await account_rows.by_id(tx, row.account)
    assert owner is not None, "an address has an account"
    return owner.name
