"""Signing in by the key of a TLS client certificate. RFC 4422 appendix A."""

from dataclasses import dataclass
from typing import ClassVar

from roost.base.address import Address
from roost.config.accounts import AccountSettings
from roost.service.login import Login, parse_login_name
from roost.service.login_outcome import LoginDisabled, LoginFailed, Outcome
from roost.service.protocols import IMAP
from roost.store import accounts, addresses
from roost.store import tls_public_keys as rows
from roost.store.engine import ReadTx, Store
from roost.store.tls_public_keys import TlsPublicKey


@dataclass(eq=False)
class KeyRefused(LoginFailed):
    """Nobody signs in by this key, or no longer."""

    code: ClassVar[str] = "key_refused"
    outcome: Outcome = Outcome.UNKNOWN

    def __str__(self) -> str:
        return "the key of this certificate signs nobody in: register it, or connect without it"


@dataclass(eq=False)
class IdentityForeign(LoginFailed):
    """The identity asked for is no address of the account that the key signs in to."""

    code: ClassVar[str] = "identity_foreign"
    outcome: Outcome = Outcome.OTHER_ACCOUNT

    def __str__(self) -> str:
        return "this certificate may not act as that address: name one of its own account"


@dataclass(eq=False)
class OtherAccount(LoginFailed):
    """The login is right, but of another account than the certificate of its connection."""

    code: ClassVar[str] = "other_account"
    outcome: Outcome = Outcome.OTHER_ACCOUNT

    def __str__(self) -> str:
        return "the certificate of this connection is another account's: connect without it"


@dataclass(frozen=True, slots=True)
class KeyLogin:
    """Who a certificate says it is. waits: whether there has to be a login all the same."""

    login: Login
    waits: bool


async def login_by_key(store: Store, fingerprint: str, protocol: str) -> KeyLogin:
    """Who signs in by a key, as its login address. Raises KeyRefused, LoginDisabled."""

    async def work(tx: ReadTx) -> KeyLogin:
        key, settings = await _require(tx, fingerprint)
        waits = protocol == IMAP and key.no_imap_preauth
        return KeyLogin(_login(key, key.address, settings), waits)

    return await store.read(work)


async def login_as(store: Store, fingerprint: str, identity: str) -> Login:
    """Who signs in by a key as an identity of the client's choice.

    identity: any address of the key's account, also with a tag; "" for the key's login address.
    Raises KeyRefused, IdentityForeign, LoginDisabled.
    """
    address = parse_login_name(identity)

    async def work(tx: ReadTx) -> Login:
        key, settings = await _require(tx, fingerprint)
        if not identity:
            return _login(key, key.address, settings)
        if address is None:
            raise IdentityForeign(account=key.account)
        named = await addresses.find(tx, address.domain.ascii, address.local)
        if named is None or named.account != key.account:
            raise IdentityForeign(account=key.account)
        return _login(key, address, settings)

    return await store.read(work)


async def require_same_account(store: Store, login: Login, fingerprint: str) -> None:
    """Refuse a login by other means of another account than the key of its connection.

    Raises OtherAccount, also where the key signs nobody in any more.
    """
    key = await store.read(lambda tx: rows.find(tx, fingerprint))
    if key is None or key.account != login.account:
        raise OtherAccount(account=login.account)


async def _require(tx: ReadTx, fingerprint: str) -> tuple[TlsPublicKey, AccountSettings]:
    """The key and the settings of its account."""
    key = await rows.find(tx, fingerprint)
    if key is None:
        raise KeyRefused
    account = await accounts.by_id(tx, key.account)
    assert account is not None, "a key is found with its account only"
    return key, account.settings


def _login(key: TlsPublicKey, address: Address, settings: AccountSettings) -> Login:
    if settings.login_disabled:
        raise LoginDisabled(settings.login_disabled, key.account)
    hidden = frozenset(name.upper() for name in settings.imap_capabilities_disabled)
    return Login(key.account, address, hidden_capabilities=hidden, key=key.fingerprint)
