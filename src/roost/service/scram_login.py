"""What a proof of a password is checked against, for names that are known and for any other.

A name without secrets gets a salt all the same, always the same one: nobody learns by asking who
has mail here (RFC 5802 section 9 asks to consider it).
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from roost.base.address import Address
from roost.base.ids import AccountId
from roost.config.domains import DomainSettings
from roost.ports.clock import Clock
from roost.proto.sasl.mechanism import CramMd5Key, ScramKeys
from roost.service.credential_secret import (
    ITERATIONS,
    SALT_OCTETS,
    cram_md5_keys_of,
    scram_keys_of,
)
from roost.service.login import MAX_LOGIN_NAME_LENGTH, is_over, parse_login_name
from roost.service.protocols import serves
from roost.store import addresses, credentials, domains, scram_salts
from roost.store.credentials import Credential
from roost.store.engine import ReadTx, Store
from roost.store.scram_salts import Salt

_DEFAULTS = DomainSettings()


@dataclass(frozen=True, slots=True)
class Found:
    """All passwords of an account for one hash of SCRAM.

    account: None for nobody. keys: () for nobody, and for an account whose passwords were set when
    the hash was off: `underived`, then no proof can be right, and that is not the fault of who
    tries.
    """

    account: AccountId | None
    salt: bytes
    iterations: int
    keys: tuple[ScramKeys, ...]
    underived: bool = False


@dataclass(frozen=True, slots=True)
class CramMd5Found:
    """All passwords of an account for CRAM-MD5; see Found."""

    account: AccountId | None
    keys: tuple[CramMd5Key, ...]
    underived: bool = False


@dataclass(frozen=True, slots=True)
class Proofs:
    """Finds what proofs are checked against. key: of the server, for salts that are made up."""

    store: Store
    clock: Clock
    key: bytes

    async def scram_secrets(self, name: str, hash_name: str, protocol: str) -> Found:
        """What SCRAM with this hash ("SHA-256", "SHA-1") needs to know of a login name."""
        facts = await self._facts(name, protocol)
        salt = facts.salts.get(hash_name)
        if salt is None:
            text = f"{hash_name}\0{facts.same_for}"
            made_up = hmac.digest(self.key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)[
                :SALT_OCTETS
            ]
            return Found(facts.account, made_up, ITERATIONS, (), bool(facts.usable))
        keys = scram_keys_of(facts.usable, hash_name)
        underived = bool(facts.usable) and not keys
        return Found(facts.account, salt.octets, salt.iterations, keys, underived)

    async def cram_md5_secrets(self, name: str, protocol: str) -> CramMd5Found:
        """What CRAM-MD5 needs to know of a login name."""
        facts = await self._facts(name, protocol)
        keys = cram_md5_keys_of(facts.usable)
        return CramMd5Found(facts.account, keys, bool(facts.usable) and not keys)

    async def _facts(self, name: str, protocol: str) -> "_Facts":
        address = parse_login_name(name)
        if address is None:
            return _Facts(None, [], {}, name[:MAX_LOGIN_NAME_LENGTH])
        now = self.clock.now()
        return await self.store.read(lambda tx: _look_up(tx, address, protocol, now))


class _Facts(NamedTuple):
    """What is known of a name. same_for: what its made-up salt hangs on."""

    account: AccountId | None
    usable: list[Credential]
    salts: dict[str, Salt]
    same_for: str


async def _look_up(tx: ReadTx, address: Address, protocol: str, now: datetime) -> _Facts:
    found = await addresses.find(tx, address.domain.ascii, address.local)
    if found is None:
        return _Facts(None, [], {}, await _one_form(tx, address))
    usable = [
        one
        for one in await credentials.of_account(tx, found.account)
        if serves(one.protocols, protocol) and not is_over(one, now)
    ]
    salts = await scram_salts.of_account(tx, found.account)
    return _Facts(found.account, usable, salts, f"account {found.account}")


async def _one_form(tx: ReadTx, address: Address) -> str:
    """The form that all spellings of one unknown address share, as those of a known one do."""
    domain = await domains.by_name(tx, address.domain.ascii)
    local = addresses.canonical(address.local, domain.settings if domain else _DEFAULTS)
    return f"{local}@{address.domain.ascii}"
