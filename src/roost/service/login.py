"""Signing in with an address and a password."""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

import msgspec

from roost.base.address import Address
from roost.base.errors import ServiceError
from roost.base.ids import AccountId
from roost.ports.bus import Type
from roost.ports.clock import Clock
from roost.service import accounts
from roost.service.config_errors import AddressUnknown
from roost.service.configuration import Edit, commit
from roost.service.passwords import PasswordHasher, PasswordInvalid, prepare, prepare_new
from roost.store import accounts as account_rows
from roost.store import addresses, credentials
from roost.store.addresses import Recipient
from roost.store.credentials import PASSWORD, Credential
from roost.store.engine import ReadTx, Store, StoreFailed, StoreFull, WriteTx
from roost.store.revisions import Actor, Change, change

REMEMBERED = timedelta(minutes=15)
MAX_REMEMBERED = 10_000
NOTED_AT_MOST_EVERY = timedelta(hours=1)
MAX_LOGIN_NAME_LENGTH = 1000


@dataclass(eq=False)
class LoginFailed(ServiceError):
    """Address and password do not belong together. Never says which of them is wrong."""

    code: ClassVar[str] = "login_failed"

    def __str__(self) -> str:
        return "the address or the password is wrong: sign in with a whole address of the account"


@dataclass(eq=False)
class LoginDisabled(ServiceError):
    """The password is right, but the admin lets nobody sign in. text: what the admin says."""

    code: ClassVar[str] = "login_disabled"
    text: str

    def __str__(self) -> str:
        return (
            f"signing in to this account is switched off: {self.text}. An admin can clear"
            " login_disabled in the account's settings"
        )


@dataclass(frozen=True, slots=True)
class Login:
    """Who signed in.

    address: the address as it was given, with the domain and spelling it is known by; it may carry
    a tag. credential: the number of what was proved, which a new password replaces; 0 where
    somebody else vouches, as an admin does on the control socket.
    hidden_capabilities: what IMAP clients of the account are not told of, upper case.
    """

    account: AccountId
    address: Address
    credential: int = 0
    hidden_capabilities: frozenset[str] = frozenset()


class LoginCache:
    """Remembers for 15 minutes which passwords were right, by a keyed hash of each.

    The stored secret goes into the hash, so that a changed password is not remembered.
    """

    def __init__(self, key: bytes, *, max_entries: int = MAX_REMEMBERED) -> None:
        """key: random octets that nobody else knows."""
        self._key = key
        self._max_entries = max_entries
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def remember(self, credential: Credential, password: str, now: float) -> None:
        """Note that the password is right. now: of a monotonic clock, in seconds."""
        mark = self._mark(credential, password)
        self._until[mark] = now + REMEMBERED.total_seconds()
        self._until.move_to_end(mark)
        if len(self._until) > self._max_entries:
            self._until.popitem(last=False)

    def knows(self, credential: Credential, password: str, now: float) -> bool:
        """Whether the password was found right within the last 15 minutes."""
        return self._until.get(self._mark(credential, password), 0.0) > now

    def _mark(self, credential: Credential, password: str) -> bytes:
        text = f"{credential.account} {credential.id} {credential.secret}\0{password}"
        return hmac.digest(self._key, text.encode(), hashlib.sha256)


class _Found(NamedTuple):
    """An address's owner and what it signs in with."""

    recipient: Recipient
    credentials: list[Credential]


class _Secret(msgspec.Struct, frozen=True):
    """The secret of a credential of kind password."""

    argon2: str


_secret = msgspec.json.Decoder(_Secret)


async def check_password(
    store: Store,
    hasher: PasswordHasher,
    cache: LoginCache,
    clock: Clock,
    name: str,
    password: str,
) -> Login:
    """Who signs in with this name and password.

    name: any address of the account, also with a tag. An unknown one costs as much as a wrong
    password. Raises LoginFailed, LoginDisabled, LoginBusy.
    """
    address = _parse_name(name)
    prepared = _prepare(password)
    found = await store.read(lambda tx: _find(tx, address)) if address else None
    known = found.credentials if found and prepared is not None else []
    used = await _matching(hasher, cache, clock, known, prepared or "")
    if used is None or found is None or address is None:
        raise LoginFailed
    login = _login(found.recipient, address, used.id)
    await _note_use(store, clock, used)
    return login


async def vouched(store: Store, address: Address) -> Login:
    """Who has an address, signed in on the word of an admin.

    Raises AddressUnknown, LoginDisabled.
    """
    found = await store.read(lambda tx: addresses.find(tx, address.domain.ascii, address.local))
    if found is None:
        raise AddressUnknown(address)
    return _login(found, address, 0)


async def account_named(store: Store, name: str) -> AccountId | None:
    """The account that a login name is an address of, None for nobody's or of a closed account."""
    address = _parse_name(name)
    if address is None:
        return None
    found = await store.read(lambda tx: addresses.find(tx, address.domain.ascii, address.local))
    if found is None or found.account_settings.login_disabled:
        return None
    return found.account


async def is_valid(store: Store, login: Login) -> bool:
    """Whether who signed in may stay: the account is in use and open, its password the same."""

    async def work(tx: ReadTx) -> bool:
        account = await account_rows.by_id(tx, login.account)
        if account is None or account.deleted is not None or account.settings.login_disabled:
            return False
        if not login.credential:
            return True
        return await credentials.exists(tx, login.account, login.credential)

    return await store.read(work)


async def set_password(
    store: Store,
    hasher: PasswordHasher,
    clock: Clock,
    actor: Actor,
    account: str,
    password: str,
    *,
    reason: str = "",
) -> None:
    """Give an account a password in place of the one it has.

    Raises AccountUnknown, PasswordInvalid, LoginBusy.
    """
    prepared = prepare_new(password)
    await accounts.get(store, account)
    secret = msgspec.json.encode(_Secret(await hasher.hash(prepared))).decode()
    edit = Edit(actor, reason, clock.now())

    async def work(tx: WriteTx) -> None:
        row = await accounts.require(tx, account)

        async def replace_secret(tx: WriteTx, _step: Change, _revised: object) -> None:
            await credentials.remove_kind(tx, row.id, PASSWORD)
            await credentials.add(tx, row.id, PASSWORD, "", secret, edit.now)
            tx.changed(row.id, Type.SETTINGS)

        before = await credentials.of_kind(tx, row.id, PASSWORD)
        step = change(
            "credential",
            f"{row.name} {PASSWORD}",
            {"created": str(before[0].created)} if before else None,
            {"created": str(edit.now)},
        )
        await commit(tx, edit, [(replace_secret, step)])

    await store.write(work)


def _login(recipient: Recipient, address: Address, credential: int) -> Login:
    settings = recipient.account_settings
    if settings.login_disabled:
        raise LoginDisabled(settings.login_disabled)
    hidden = frozenset(name.upper() for name in settings.imap_capabilities_disabled)
    return Login(recipient.account, address, credential, hidden)


def _parse_name(name: str) -> Address | None:
    """The address of a login name; None for a text that nobody can have as address."""
    try:
        return Address.parse(name) if len(name) <= MAX_LOGIN_NAME_LENGTH else None
    except ServiceError:
        return None


def _prepare(password: str) -> str | None:
    try:
        return prepare(password)
    except PasswordInvalid:
        return None


async def _find(tx: ReadTx, address: Address) -> _Found | None:
    recipient = await addresses.find(tx, address.domain.ascii, address.local)
    if recipient is None:
        return None
    return _Found(recipient, await credentials.of_kind(tx, recipient.account, PASSWORD))


async def _matching(
    hasher: PasswordHasher,
    cache: LoginCache,
    clock: Clock,
    known: Sequence[Credential],
    password: str,
) -> Credential | None:
    """The credential that the password belongs to. Where none is known a hash is made as well."""
    for credential in known:
        if cache.knows(credential, password, clock.monotonic()):
            return credential
    for credential in known:
        if await hasher.verify(_hash_of(credential), password):
            cache.remember(credential, password, clock.monotonic())
            return credential
    if not known:
        await hasher.verify(None, password)
    return None


def _hash_of(credential: Credential) -> str:
    return _secret.decode(credential.secret).argon2


async def _note_use(store: Store, clock: Clock, credential: Credential) -> None:
    """Note when a credential was used, once an hour. A full disk keeps nobody from signing in."""
    now = clock.now()
    if not _is_due(credential.last_used, now):
        return
    try:
        await store.write(lambda tx: credentials.touch(tx, credential.account, credential.id, now))
    except (StoreFull, StoreFailed):
        pass  # whoever signs in may be about to delete mail


def _is_due(last_used: datetime | None, now: datetime) -> bool:
    return last_used is None or now - last_used >= NOTED_AT_MOST_EVERY
