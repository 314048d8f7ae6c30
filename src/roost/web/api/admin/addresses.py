"""Addresses of accounts."""

import msgspec

from roost.base.address import Address
from roost.config.accounts import AddressSettings, ShortText
from roost.service import addresses, directory
from roost.store.directory import Entry
from roost.web.api.admin.domains import Removed
from roost.web.context import AdminContext
from roost.web.number import RevisionNumber
from roost.web.router import Route

_DEFAULTS = AddressSettings()
PAGE = 500


class AddressShown(msgspec.Struct, frozen=True):
    """An address and the account that has it. revision: for saves."""

    address: str
    account: str
    settings: AddressSettings
    revision: int


class AddressList(msgspec.Struct, frozen=True):
    """Addresses by domain and local part; after: what to ask for to go on, empty at the end."""

    addresses: list[AddressShown]
    after: str = ""


class AddAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One more address for an account."""

    address: ShortText
    account: ShortText
    settings: AddressSettings = _DEFAULTS
    reason: ShortText = ""


class SaveAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of an address. made_from: the revision they were made from, null for any."""

    settings: AddressSettings
    made_from: RevisionNumber | None
    reason: ShortText = ""


async def add_address(ctx: AdminContext, *, asked: AddAddress) -> AddressShown:
    """Give an account one more address.

    Errors: address_invalid, domain_invalid, domain_unknown, account_unknown, address_exists,
    settings_invalid.
    """
    server, address = ctx.server, Address.parse(asked.address)
    await addresses.add(
        server.store,
        server.clock,
        ctx.actor,
        asked.account,
        address,
        asked.settings,
        reason=asked.reason,
    )
    return await _show(ctx, address)


async def list_addresses(ctx: AdminContext, *, after: str = "") -> AddressList:
    """List the addresses, at most 500 at once. after: where the answer before this one ended."""
    found = await directory.page(ctx.server.store, after, PAGE)
    return AddressList([_shown(one) for one in found], found[-1].key if len(found) == PAGE else "")


async def get_address(ctx: AdminContext, *, address: str) -> AddressShown:
    """Show the address that mail for an address goes to.

    Errors: address_invalid, domain_invalid, domain_unknown, address_unknown.
    """
    return await _show(ctx, Address.parse(address))


async def save_address(ctx: AdminContext, *, address: str, asked: SaveAddress) -> AddressShown:
    """Replace the settings of an address.

    Errors: address_invalid, domain_invalid, domain_unknown, address_unknown, settings_invalid,
    stale_revision.
    """
    parsed = Address.parse(address)
    await addresses.set_settings(
        ctx.server.store,
        ctx.server.clock,
        ctx.actor,
        parsed,
        asked.settings,
        made_from=asked.made_from,
        reason=asked.reason,
    )
    return await _show(ctx, parsed)


async def remove_address(ctx: AdminContext, *, address: str) -> Removed:
    """Take an address from its account; the last one goes only with the account.

    Errors: address_invalid, domain_invalid, domain_unknown, address_unknown, address_is_last,
    address_in_use, login_address_in_use.
    """
    parsed = Address.parse(address)
    await addresses.remove(ctx.server.store, ctx.server.clock, ctx.actor, parsed)
    return Removed()


async def _show(ctx: AdminContext, address: Address) -> AddressShown:
    return _shown(await directory.entry_of(ctx.server.store, address))


def _shown(entry: Entry) -> AddressShown:
    return AddressShown(entry.spelled, entry.account, entry.row.settings, entry.row.revision)


ROUTES = (
    Route("GET", "/api/admin/addresses", list_addresses),
    Route("POST", "/api/admin/addresses", add_address),
    Route("GET", "/api/admin/addresses/{address}", get_address),
    Route("PUT", "/api/admin/addresses/{address}", save_address),
    Route("DELETE", "/api/admin/addresses/{address}", remove_address),
)
