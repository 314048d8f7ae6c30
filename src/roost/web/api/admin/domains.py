"""Domains that mail is taken for."""

import msgspec

from roost.base.domain import Domain
from roost.config.accounts import ShortText
from roost.config.domains import DomainSettings
from roost.service import domains
from roost.store.domains import DomainRow
from roost.web.context import AdminContext
from roost.web.number import RevisionNumber
from roost.web.router import Route

_DEFAULTS = DomainSettings()
PAGE = 500


class DomainShown(msgspec.Struct, frozen=True):
    """A domain. name: as people read it. ascii: as it goes over the wire. revision: for saves."""

    name: str
    ascii: str
    settings: DomainSettings
    revision: int


class DomainList(msgspec.Struct, frozen=True):
    """Domains in order of ascii; after: what to ask for to go on, empty at the end."""

    domains: list[DomainShown]
    after: str = ""


class AddDomain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a new domain needs. reason: stands in its revision."""

    name: ShortText
    settings: DomainSettings = _DEFAULTS
    reason: ShortText = ""


class SaveDomain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of a domain. made_from: the revision they were made from, null for any."""

    settings: DomainSettings
    made_from: RevisionNumber | None
    reason: ShortText = ""


class Removed(msgspec.Struct, frozen=True):
    """It is gone."""


async def add_domain(ctx: AdminContext, *, asked: AddDomain) -> DomainShown:
    """Take mail for a domain from now on.

    Errors: domain_invalid, domain_exists, settings_invalid.
    """
    server, name = ctx.server, Domain.parse(asked.name)
    row = await domains.add(
        server.store, server.clock, ctx.actor, name, asked.settings, reason=asked.reason
    )
    return _shown(row)


async def list_domains(ctx: AdminContext, *, after: str = "") -> DomainList:
    """List the domains, at most 500 at once. after: where the answer before this one ended."""
    rows = await domains.page(ctx.server.store, after, PAGE)
    return DomainList([_shown(row) for row in rows], rows[-1].name if len(rows) == PAGE else "")


async def get_domain(ctx: AdminContext, *, name: str) -> DomainShown:
    """Show one domain.

    Errors: domain_invalid, domain_unknown.
    """
    return _shown(await domains.get(ctx.server.store, Domain.parse(name)))


async def save_domain(ctx: AdminContext, *, name: str, asked: SaveDomain) -> DomainShown:
    """Replace the settings of a domain.

    Errors: domain_invalid, domain_unknown, settings_invalid, stale_revision.
    """
    row = await domains.set_settings(
        ctx.server.store,
        ctx.server.clock,
        ctx.actor,
        Domain.parse(name),
        asked.settings,
        made_from=asked.made_from,
        reason=asked.reason,
    )
    return _shown(row)


async def remove_domain(ctx: AdminContext, *, name: str) -> Removed:
    """Take no more mail for a domain, which must have no addresses.

    Errors: domain_invalid, domain_unknown, domain_in_use, login_address_in_use.
    """
    await domains.remove(ctx.server.store, ctx.server.clock, ctx.actor, Domain.parse(name))
    return Removed()


def _shown(row: DomainRow) -> DomainShown:
    return DomainShown(Domain.parse(row.name).unicode, row.name, row.settings, row.revision)


ROUTES = (
    Route("GET", "/api/admin/domains", list_domains),
    Route("POST", "/api/admin/domains", add_domain),
    Route("GET", "/api/admin/domains/{name}", get_domain),
    Route("PUT", "/api/admin/domains/{name}", save_domain),
    Route("DELETE", "/api/admin/domains/{name}", remove_domain),
)
