"""App passwords: one for each program, made by the server, shown once, removed one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from roost.ports.bus import Type
from roost.ports.clock import Clock
from roost.service import accounts
from roost.service.configuration import Apply, Edit, Revised, commit
from roost.service.credential_errors import (
    AppPasswordInvalid,
    AppPasswordUnknown,
    TooManyAppPasswords,
)
from roost.service.credential_secret import SecretMaker, digest_of
from roost.service.generated_passwords import generate_password
from roost.service.protocols import PROTOCOLS
from roost.service.salting import SaltsChanged, keep_salts, salts_of
from roost.store import credentials
from roost.store.accounts import AccountRow
from roost.store.credentials import APP_PASSWORD, Credential, NewCredential
from roost.store.engine import ReadTx, Store, WriteTx
from roost.store.revisions import Actor, Change, change
from roost.store.scram_salts import Salt

MAX_APP_PASSWORDS = 100
MAX_LABEL_LENGTH = 100


@dataclass(frozen=True, slots=True)
class AppPasswordAsked:
    """What an app password is to be.

    label: what it is for, such as "phone". protocols: of PROTOCOLS, () for every one.
    expires: an aware moment to come, None for never.
    """

    label: str
    protocols: Sequence[str] = ()
    expires: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NewAppPassword:
    """An app password that was made. password: nobody sees it again."""

    credential: Credential
    password: str = field(repr=False)


async def add(
    store: Store,
    maker: SecretMaker,
    clock: Clock,
    actor: Actor,
    account: str,
    asked: AppPasswordAsked,
) -> NewAppPassword:
    """Make an app password for an account.

    Raises AccountUnknown, AppPasswordInvalid, TooManyAppPasswords, LoginBusy.
    """
    edit = Edit(actor, asked.reason, clock.now())
    label, protocols = _checked(asked, edit.now)
    row = await accounts.get(store, account)
    await store.read(lambda tx: _require_room(tx, row))  # before the work of making one
    password = generate_password(maker.random)
    while True:
        salts = await salts_of(store, maker, row.id)
        new = NewCredential(
            APP_PASSWORD,
            await maker.make(password, salts, guessable=False),
            label,
            protocols,
            digest_of(password),
            asked.expires,
        )
        try:
            added = await store.write(lambda tx: _put(tx, edit, row.name, new, salts))  # noqa: B023
        except SaltsChanged:
            continue
        return NewAppPassword(added, password)


async def page(store: Store, account: str) -> list[Credential]:
    """All app passwords of an account, oldest first; at most 100. Raises AccountUnknown."""

    async def work(tx: ReadTx) -> list[Credential]:
        row = await accounts.require(tx, account)
        return await credentials.of_kind(tx, row.id, APP_PASSWORD)

    return await store.read(work)


async def remove(
    store: Store, clock: Clock, actor: Actor, account: str, number: int, *, reason: str = ""
) -> Credential:
    """Remove an app password, which ends the sessions that signed in with it.

    Raises AccountUnknown, AppPasswordUnknown.
    """
    edit = Edit(actor, reason, clock.now())

    async def work(tx: WriteTx) -> Credential:
        row = await accounts.require(tx, account)
        found = await credentials.by_id(tx, row.id, number)
        if found is None or found.kind != APP_PASSWORD:
            raise AppPasswordUnknown(number, row.name)
        await commit(tx, edit, [_removal(row, found)])
        return found

    return await store.write(work)


async def removals(tx: ReadTx, row: AccountRow) -> list[tuple[Apply, Change]]:
    """The steps that take all app passwords from an account."""
    return [_removal(row, one) for one in await credentials.of_kind(tx, row.id, APP_PASSWORD)]


def _checked(asked: AppPasswordAsked, now: datetime) -> tuple[str, str]:
    """Label and protocols as a row holds them. Raises AppPasswordInvalid."""
    label = asked.label.strip()
    if not label or len(label) > MAX_LABEL_LENGTH or not label.isprintable():
        raise AppPasswordInvalid(
            f'its label has to be a line of 1 to {MAX_LABEL_LENGTH} characters, such as "phone"'
        )
    unknown = [one for one in asked.protocols if one not in PROTOCOLS]
    if unknown:
        raise AppPasswordInvalid(f"its protocols have to be of {', '.join(PROTOCOLS)}")
    if asked.expires is not None and asked.expires <= now:
        raise AppPasswordInvalid("it would be over before it begins: choose a later end")
    return label, " ".join(one for one in PROTOCOLS if one in asked.protocols)


async def _put(
    tx: WriteTx, edit: Edit, name: str, new: NewCredential, salts: Mapping[str, Salt]
) -> Credential:
    row = await accounts.require(tx, name)
    await _require_room(tx, row)
    await keep_salts(tx, row.id, salts)
    added = await credentials.add(tx, row.id, new, edit.now)

    async def nothing_more(_tx: WriteTx, _step: Change, _revised: Revised) -> None:
        """The row's number names the change, so it is there already."""

    step = change("credential", _key(row, added), None, _facts(added))
    await commit(tx, edit, [(nothing_more, step)])
    return added


async def _require_room(tx: ReadTx, row: AccountRow) -> None:
    have = len(await credentials.of_kind(tx, row.id, APP_PASSWORD))
    if have >= MAX_APP_PASSWORDS:
        raise TooManyAppPasswords(MAX_APP_PASSWORDS)


def _removal(row: AccountRow, one: Credential) -> tuple[Apply, Change]:
    async def apply(tx: WriteTx, _step: Change, _revised: Revised) -> None:
        await credentials.remove(tx, row.id, one.id)
        tx.changed(row.id, Type.SETTINGS)

    return apply, change("credential", _key(row, one), _facts(one), None)


def _key(row: AccountRow, one: Credential) -> str:
    return f"{row.name} {APP_PASSWORD} {one.id}"


def _facts(one: Credential) -> dict[str, str]:
    expires = one.expires.isoformat() if one.expires else ""
    return {"label": one.label, "protocols": one.protocols, "expires": expires}
