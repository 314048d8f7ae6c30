"""Giving an account a password."""

from collections.abc import Mapping
from dataclasses import dataclass

from roost.base.ids import DomainId
from roost.ports.bus import Type
from roost.ports.clock import Clock
from roost.service import accounts, app_passwords
from roost.service.configuration import Apply, Edit, Revised, commit
from roost.service.credential_errors import CustomPasswordRefused
from roost.service.credential_secret import SecretMaker
from roost.service.generated_passwords import generate_password
from roost.service.password_rules import prepare_new
from roost.service.passwords import prepare
from roost.service.salting import SaltsChanged, keep_salts, salts_of
from roost.store import addresses, credentials, domains
from roost.store.accounts import AccountRow
from roost.store.credentials import PASSWORD, NewCredential
from roost.store.engine import ReadTx, Store, WriteTx
from roost.store.revisions import Actor, Change, change
from roost.store.scram_salts import Salt

MAX_ADDRESSES_COMPARED = 100


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """What goes with a new password.

    remove_app_passwords: end those too, for who fears that somebody else knows them.
    weak_allowed: whether anything goes, as for the account of localserve.
    """

    reason: str = ""
    remove_app_passwords: bool = False
    weak_allowed: bool = False


_PLAIN = PasswordChange()


async def set_password(
    store: Store,
    maker: SecretMaker,
    clock: Clock,
    actor: Actor,
    account: str,
    password: str,
    with_it: PasswordChange = _PLAIN,
) -> None:
    """Give an account a password in place of the one it has, which ends its sessions.

    Raises AccountUnknown, PasswordInvalid, CustomPasswordRefused, LoginBusy.
    """
    row = await accounts.get(store, account)
    if actor.kind == "account" and row.settings.no_custom_password:
        raise CustomPasswordRefused
    if with_it.weak_allowed:
        prepared = prepare(password)
    else:
        prepared = prepare_new(password, await store.read(lambda tx: _known_of(tx, row)))
    await _replace(store, maker, Edit(actor, with_it.reason, clock.now()), row, prepared, with_it)


async def set_generated_password(
    store: Store,
    maker: SecretMaker,
    clock: Clock,
    actor: Actor,
    account: str,
    with_it: PasswordChange = _PLAIN,
) -> str:
    """Give an account a password that the server makes; returns it, for this one time.

    Raises AccountUnknown, LoginBusy.
    """
    row = await accounts.get(store, account)
    password = generate_password(maker.random)
    await _replace(store, maker, Edit(actor, with_it.reason, clock.now()), row, password, with_it)
    return password


async def _replace(
    store: Store,
    maker: SecretMaker,
    edit: Edit,
    row: AccountRow,
    password: str,
    with_it: PasswordChange,
) -> None:
    while True:
        salts = await salts_of(store, maker, row.id)
        new = NewCredential(PASSWORD, await maker.make(password, salts, guessable=True))
        try:
            await store.write(lambda tx: _put(tx, edit, row.name, new, salts, with_it))  # noqa: B023
        except SaltsChanged:
            continue  # at most once a hash: salts never change again
        return


async def _put(
    tx: WriteTx,
    edit: Edit,
    name: str,
    new: NewCredential,
    salts: Mapping[str, Salt],
    with_it: PasswordChange,
) -> None:
    row = await accounts.require(tx, name)
    await keep_salts(tx, row.id, salts)

    async def replace(tx: WriteTx, _step: Change, _revised: Revised) -> None:
        await credentials.remove_kind(tx, row.id, PASSWORD)
        await credentials.add(tx, row.id, new, edit.now)
        tx.changed(row.id, Type.SETTINGS)

    before = await credentials.of_kind(tx, row.id, PASSWORD)
    step = change(
        "credential",
        f"{row.name} {PASSWORD}",
        {"created": str(before[0].created)} if before else None,
        {"created": str(edit.now)},
    )
    steps: list[tuple[Apply, Change]] = [(replace, step)]
    if with_it.remove_app_passwords:
        steps += await app_passwords.removals(tx, row)
    await commit(tx, edit, steps)


async def _known_of(tx: ReadTx, row: AccountRow) -> list[str]:
    """What everybody knows of an account: its names, and its first addresses."""
    known = [row.name, row.settings.full_name]
    names: dict[DomainId, str] = {}
    for one in await addresses.of_account(tx, row.id, None, MAX_ADDRESSES_COMPARED):
        if one.domain not in names:
            domain = await domains.by_id(tx, one.domain)
            names[one.domain] = domain.name if domain else ""
        known.append(f"{one.spelled}@{names[one.domain]}")
    return known
