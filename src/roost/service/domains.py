"""Domains that mail is taken for: add, look at, change, remove."""

from typing import Any

from roost.base.domain import Domain
from roost.base.ids import DomainId
from roost.config.domains import DomainSettings
from roost.ports.clock import Clock
from roost.service.config_errors import (
    MAX_SHOWN,
    DomainExists,
    DomainInUse,
    DomainUnknown,
    SettingsInvalid,
    shown,
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
from roost.store import addresses as address_rows
from roost.store import domains as rows
from roost.store import tls_public_keys
from roost.store.addresses import AddressRow, canonical
from roost.store.domains import DomainRow
from roost.store.engine import ReadTx, Store, WriteTx
from roost.store.revisions import Actor, Change, change

_DEFAULTS = DomainSettings()


async def add(
    store: Store,
    clock: Clock,
    actor: Actor,
    domain: Domain,
    settings: DomainSettings = _DEFAULTS,
    *,
    reason: str = "",
) -> DomainRow:
    """Take mail for a domain from now on. Raises DomainExists, SettingsInvalid."""
    edit = Edit(actor, reason, clock.now())

    async def work(tx: WriteTx) -> DomainRow:
        await commit(tx, edit, [(apply, _change(domain.ascii, None, settings))])
        return await require(tx, domain)

    return await store.write(work)


async def get(store: Store, domain: Domain) -> DomainRow:
    """One domain. Raises DomainUnknown."""
    return await store.read(lambda tx: require(tx, domain))


async def page(store: Store, after: str = "", limit: int = MAX_PAGE) -> list[DomainRow]:
    """Up to `limit` domains in order of A-label form, those after `after`."""
    return await store.read(lambda tx: rows.page(tx, after, page_size(limit)))


async def set_settings(
    store: Store,
    clock: Clock,
    actor: Actor,
    domain: Domain,
    settings: DomainSettings,
    *,
    made_from: int | None,
    reason: str = "",
) -> DomainRow:
    """Replace the settings of a domain.

    made_from: the revision of the row the caller saw; None to save over whatever is there.
    Raises DomainUnknown, SettingsInvalid, StaleRevision.
    """
    edit = Edit(actor, reason, clock.now())

    async def work(tx: WriteTx) -> DomainRow:
        row = await require(tx, domain)
        step = _change(row.name, row.settings, settings)
        await refuse_stale(tx, made_from, row.revision, step)
        await commit(tx, edit, [(apply, step)])
        return await require(tx, domain)

    return await store.write(work)


async def remove(
    store: Store, clock: Clock, actor: Actor, domain: Domain, *, reason: str = ""
) -> None:
    """Take no more mail for a domain. Raises DomainUnknown, DomainInUse, LoginAddressInUse."""
    edit = Edit(actor, reason, clock.now())

    async def work(tx: WriteTx) -> None:
        row = await require(tx, domain)
        await commit(tx, edit, [(apply, _change(row.name, row.settings, None))])

    await store.write(work)


async def require(tx: ReadTx, domain: Domain) -> DomainRow:
    """The domain's row. Raises DomainUnknown."""
    row = await rows.by_name(tx, domain.ascii)
    if row is None:
        raise DomainUnknown(domain)
    return row


async def apply(tx: WriteTx, step: Change, revised: Revised) -> None:
    """Make the row what `step.after` says. Raises what the functions above raise."""
    domain = Domain.parse(step.key)
    row = await rows.by_name(tx, domain.ascii)
    if step.before is None and row is not None:
        raise DomainExists(domain)
    if step.before is not None and row is None:
        raise DomainUnknown(domain)
    if step.after is None:
        assert row is not None, "what has a before is there"
        await _remove(tx, row, domain)
        return
    settings = settings_of(step, DomainSettings)
    if row is None:
        await _refuse_catch_all(tx, DomainId(0), settings)
        await rows.add(tx, domain.ascii, settings, revised.now, revised.revision)
        return
    await _rekey(tx, row.id, settings)
    await _refuse_catch_all(tx, row.id, settings)
    await rows.set_settings(tx, row.id, settings, revised.revision)


async def current(tx: ReadTx, key: str) -> tuple[int, dict[str, Any]] | None:
    """The revision and the facts of the domain with this A-label form."""
    row = await rows.by_name(tx, key)
    return (row.revision, {"settings": row.settings}) if row else None


def _change(key: str, before: DomainSettings | None, after: DomainSettings | None) -> Change:
    return change(
        "domain",
        key,
        {"settings": before} if before is not None else None,
        {"settings": after} if after is not None else None,
    )


async def _remove(tx: WriteTx, row: DomainRow, domain: Domain) -> None:
    keys = await tls_public_keys.of_address(tx, row.id, None, MAX_SHOWN + 1)
    if keys:
        raise LoginAddressInUse(f"domain {domain}", keys)
    found = await address_rows.of_domain(tx, row.id, "", MAX_SHOWN + 1)
    if found:
        names = tuple(address_rows.spell(one, row.name) for one in found[:MAX_SHOWN])
        raise DomainInUse(domain, names, more=len(found) > MAX_SHOWN)
    await rows.remove(tx, row.id)


async def _refuse_catch_all(tx: ReadTx, domain: DomainId, settings: DomainSettings) -> None:
    """Raise SettingsInvalid when catch_all names an address that nobody has."""
    local = settings.catch_all
    if local and await address_rows.by_key(tx, domain, canonical(local, settings)) is None:
        raise SettingsInvalid(f"nobody has the local part {local} of catch_all: add it first")


async def _rekey(tx: WriteTx, domain: DomainId, settings: DomainSettings) -> None:
    """Look addresses up by the local parts that these settings give them.

    Raises SettingsInvalid when two would become one, or one could not be reached any more.
    """
    found = await address_rows.all_of_domain(tx, domain)
    lost: list[str] = []
    keys: dict[str, AddressRow] = {}
    for row in found:
        key = canonical(row.spelled, settings)
        if key in keys or has_separator(row.spelled, settings):
            lost.append(row.spelled)
        keys[key] = row
    if lost:
        some = shown(lost[:MAX_SHOWN], len(lost))
        raise SettingsInvalid(f"mail for {some} would go to another address: remove these first")
    for key, row in keys.items():
        if key != row.localpart:
            await address_rows.rekey(tx, row, key)


def has_separator(localpart: str, settings: DomainSettings) -> bool:
    """Whether the domain takes some end of the local part for a tag."""
    return any(localpart.find(separator) > 0 for separator in settings.localpart_separators)
