"""Accounts."""

from collections.abc import Sequence

import msgspec

from roost.base.address import Address
from roost.config.accounts import AccountSettings, ShortText
from roost.service import accounts, directory
from roost.store import addresses as address_rows
from roost.store import quota
from roost.store.accounts import AccountRow
from roost.store.engine import ReadTx
from roost.web.api.admin.domains import Removed
from roost.web.context import AdminContext
from roost.web.number import RevisionNumber
from roost.web.router import Route

_DEFAULTS = AccountSettings()
PAGE = 100


class AccountShown(msgspec.Struct, frozen=True):
    """An account. used_octets, used_messages: what it holds. revision: for saves."""

    name: str
    addresses: list[str]
    used_octets: int
    used_messages: int
    settings: AccountSettings
    revision: int


class AccountList(msgspec.Struct, frozen=True):
    """Accounts in order of name; after: what to ask for to go on, empty at the end."""

    accounts: list[AccountShown]
    after: str = ""


class AddAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a new account needs: a name and its first address."""

    name: ShortText
    address: ShortText
    settings: AccountSettings = _DEFAULTS
    reason: ShortText = ""


class SaveAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of an account. made_from: the revision they were made from, null for any."""

    settings: AccountSettings
    made_from: RevisionNumber | None
    reason: ShortText = ""


async def add_account(ctx: AdminContext, *, asked: AddAccount) -> AccountShown:
    """Make an account with its first address and mailboxes. It has no password yet.

    Errors: name_invalid, account_exists, address_invalid, domain_invalid, domain_unknown,
    address_exists, settings_invalid.
    """
    server = ctx.server
    row = await accounts.add(
        server.store,
        server.clock,
        ctx.actor,
        asked.name,
        asked.settings,
        address=Address.parse(asked.address),
        reason=asked.reason,
    )
    return await _show(ctx, row)


async def list_accounts(ctx: AdminContext, *, after: str = "") -> AccountList:
    """List the accounts, at most 100 at once. after: where the answer before this one ended."""
    rows = await accounts.page(ctx.server.store, after, PAGE)
    return AccountList(await _shown(ctx, rows), rows[-1].name if len(rows) == PAGE else "")


async def get_account(ctx: AdminContext, *, name: str) -> AccountShown:
    """Show the account with a name or an address.

    Errors: account_unknown, domain_unknown, address_unknown.
    """
    return await _show(ctx, await directory.account_of(ctx.server.store, name))


async def save_account(ctx: AdminContext, *, name: str, asked: SaveAccount) -> AccountShown:
    """Replace the settings of the account with a name or an address.

    Errors: account_unknown, domain_unknown, address_unknown, settings_invalid, stale_revision.
    """
    server = ctx.server
    found = await directory.account_of(server.store, name)
    row = await accounts.set_settings(
        server.store,
        server.clock,
        ctx.actor,
        found.name,
        asked.settings,
        made_from=asked.made_from,
        reason=asked.reason,
    )
    return await _show(ctx, row)


async def remove_account(ctx: AdminContext, *, name: str) -> Removed:
    """Remove an account with its addresses and all its mail; for a day it can be undone.

    name: of the account; an address will not do. Errors: account_unknown, address_in_use.
    """
    await accounts.remove(ctx.server.store, ctx.server.clock, ctx.actor, name)
    return Removed()


async def _show(ctx: AdminContext, row: AccountRow) -> AccountShown:
    return (await _shown(ctx, [row]))[0]


async def _shown(ctx: AdminContext, rows: Sequence[AccountRow]) -> list[AccountShown]:
    async def work(tx: ReadTx) -> list[AccountShown]:
        return [await _read(tx, row) for row in rows]

    return await ctx.server.store.scan(work)


async def _read(tx: ReadTx, row: AccountRow) -> AccountShown:
    found = await address_rows.all_of_account(tx, row.id)
    spelled = [address_rows.spell(one, domain) for one, domain in found]
    octets, messages = await quota.used(tx, row.id)
    return AccountShown(row.name, spelled, octets, messages, row.settings, row.revision)


ROUTES = (
    Route("GET", "/api/admin/accounts", list_accounts),
    Route("POST", "/api/admin/accounts", add_account),
    Route("GET", "/api/admin/accounts/{name}", get_account),
    Route("PUT", "/api/admin/accounts/{name}", save_account),
    Route("DELETE", "/api/admin/accounts/{name}", remove_account),
)
