"""Signing in with an address and a password, or with a proof of one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from roost.base.address import Address
from roost.base.errors import ServiceError
from roost.base.ids import AccountId
from roost.ports.clock import Clock
from roost.service.config_errors import AddressUnknown
from roost.service.credential_secret import argon2_of, digest_of
from roost.service.login_cache import LoginCache
from roost.service.login_outcome import LoginDisabled, LoginFailed, Outcome
from roost.service.passwords import PasswordHasher, PasswordInvalid, prepare
from roost.service.protocols import serves
from roost.store import accounts as account_rows
from roost.store import addresses, credentials, tls_public_keys
from roost.store.addresses import Recipient
from roost.store.credentials import Credential
from roost.store.engine import ReadTx, Store, StoreFailed, StoreFull

NOTED_AT_MOST_EVERY = timedelta(hours=1)
MAX_LOGIN_NAME_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Login:
    """Who signed in.

    address: the address as it was given, with the domain and spelling it is known by; it may carry
    a tag. credential: the number of what was proved, which a new password replaces; 0 where
    somebody else vouches, as an admin does on the control socket. expires: when it ends, None for
    never. hidden_capabilities: what IMAP clients of the account are not told of, upper case. key:
    the fingerprint of the TLS public key that proved it, "" where something else did.
    """

    account: AccountId
    address: Address
    credential: int = 0
    expires: datetime | None = None
    hidden_capabilities: frozenset[str] = frozenset()
    key: str = ""


@dataclass(frozen=True, slots=True)
class PasswordLogin:
    """A name and a password, for one protocol.

    rank: how many logins failed from there lately, see FailedLogins; lower ones wait for no others.
    """

    name: str
    password: str = field(repr=False)
    protocol: str
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Passwords:
    """What checking passwords needs."""

    store: Store
    hasher: PasswordHasher
    cache: LoginCache
    clock: Clock

    async def check(self, asked: PasswordLogin) -> Login:
        """Who signs in.

        The name is any address of the account, also with a tag. An unknown one costs as much as a
        wrong password. Raises LoginFailed, LoginDisabled, LoginBusy.
        """
        address = parse_login_name(asked.name)
        prepared = _prepare(asked.password)
        found, known = None, list[Credential]()
        if address is not None:
            found, known = await self.store.read(lambda tx: _find(tx, address, prepared))
        used = await self._matching(known, prepared or "", asked.rank)
        if used is None or found is None or address is None:
            raise _failed(found)
        return await _let_in(self.store, self.clock, address, found, used, asked.protocol)

    async def _matching(
        self, known: Sequence[Credential], password: str, rank: int
    ) -> Credential | None:
        """The credential that the password belongs to.

        Where there is none to compare with, a hash is made as well.
        """
        slow = []
        for one in known:
            hashed = argon2_of(one)
            if not hashed or self.cache.knows(one, password, self.clock.monotonic()):
                return one  # found by its digest, or right a moment ago
            slow.append((one, hashed))
        for one, hashed in slow:
            if await self.hasher.verify(hashed, password, rank):
                self.cache.remember(one, password, self.clock.monotonic())
                return one
        if not slow:
            await self.hasher.verify(None, password, rank)
        return None


async def finish_login(
    store: Store, clock: Clock, name: str, credential: int, protocol: str
) -> Login:
    """Who signed in by proving that they know a password without saying it.

    credential: the number of what was proved, as `scram_secrets` gave it. Asks all that
    `Passwords.check` does: it may be gone by now, or good for other protocols only.
    Raises LoginFailed, LoginDisabled.
    """
    address = parse_login_name(name)

    async def work(tx: ReadTx) -> tuple[Recipient | None, Credential | None]:
        assert address is not None, "else nothing is looked for"
        found = await addresses.find(tx, address.domain.ascii, address.local)
        if found is None:
            return None, None
        return found, await credentials.by_id(tx, found.account, credential)

    if address is None:
        raise LoginFailed(Outcome.UNKNOWN)
    found, used = await store.read(work)
    if found is None or used is None:
        raise _failed(found)
    return await _let_in(store, clock, address, found, used, protocol)


async def vouched(store: Store, address: Address) -> Login:
    """Who has an address, signed in on the word of an admin.

    Raises AddressUnknown, LoginDisabled.
    """
    found = await store.read(lambda tx: addresses.find(tx, address.domain.ascii, address.local))
    if found is None:
        raise AddressUnknown(address)
    return _login(found, address)


async def account_named(store: Store, name: str) -> AccountId | None:
    """The account that a login name is an address of, None for nobody's or of a closed account."""
    address = parse_login_name(name)
    if address is None:
        return None
    found = await store.read(lambda tx: addresses.find(tx, address.domain.ascii, address.local))
    if found is None or found.account_settings.login_disabled:
        return None
    return found.account


async def is_valid(store: Store, clock: Clock, login: Login) -> bool:
    """Whether who signed in may stay: the account is in use and open, what it proved still good."""
    now = clock.now()

    async def work(tx: ReadTx) -> bool:
        account = await account_rows.by_id(tx, login.account)
        if account is None or account.deleted is not None or account.settings.login_disabled:
            return False
        if login.key:
            key = await tls_public_keys.find(tx, login.key)
            return key is not None and key.account == login.account
        if not login.credential:
            return True
        used = await credentials.by_id(tx, login.account, login.credential)
        return used is not None and not is_over(used, now)

    return await store.read(work)


def parse_login_name(name: str) -> Address | None:
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


async def _find(
    tx: ReadTx, address: Address, password: str | None
) -> tuple[Recipient | None, list[Credential]]:
    """An address's owner, and what the password may belong to."""
    found = await addresses.find(tx, address.domain.ascii, address.local)
    if found is None or password is None:
        return found, []
    return found, await credentials.candidates(tx, found.account, digest_of(password))


def _failed(found: Recipient | None) -> LoginFailed:
    if found is None:
        return LoginFailed(Outcome.UNKNOWN)
    return LoginFailed(Outcome.WRONG_PASSWORD, found.account)


async def _let_in(
    store: Store, clock: Clock, address: Address, found: Recipient, used: Credential, protocol: str
) -> Login:
    """The login of who proved `used`. Raises LoginFailed, LoginDisabled."""
    now = clock.now()
    if is_over(used, now):
        raise LoginFailed(Outcome.EXPIRED, found.account)
    if not serves(used.protocols, protocol):
        raise LoginFailed(Outcome.WRONG_PROTOCOL, found.account)
    login = _login(found, address, used)
    await _note_use(store, used, now)
    return login


def _login(found: Recipient, address: Address, used: Credential | None = None) -> Login:
    """used: None where somebody else vouches. Raises LoginDisabled."""
    settings = found.account_settings
    if settings.login_disabled:
        raise LoginDisabled(settings.login_disabled, found.account)
    hidden = frozenset(name.upper() for name in settings.imap_capabilities_disabled)
    if used is None:
        return Login(found.account, address, 0, None, hidden)
    return Login(used.account, address, used.id, used.expires, hidden)


def is_over(used: Credential, now: datetime) -> bool:
    """Whether a credential's time has run out."""
    return used.expires is not None and used.expires <= now


async def _note_use(store: Store, used: Credential, now: datetime) -> None:
    """Note when a credential was used, once an hour. A full disk keeps nobody from signing in."""
    if used.last_used is not None and now - used.last_used < NOTED_AT_MOST_EVERY:
        return
    try:
        await store.write(lambda tx: credentials.touch(tx, used.account, used.id, now))
    except (StoreFull, StoreFailed):
        pass  # whoever signs in may be about to delete mail
