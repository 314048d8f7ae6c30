"""What can be wrong with a TLS public key. Each message names the mend."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from roost.base.address import Address
from roost.base.errors import ServiceError
from roost.service.config_errors import MAX_SHOWN


@dataclass(eq=False)
class TlsKeyInvalid(ServiceError):
    """The certificate, or what is said of its key, cannot be taken; `reason` says why."""

    code: ClassVar[str] = "tls_public_key_invalid"
    reason: str

    def __str__(self) -> str:
        return f"the key cannot be registered: {self.reason}"


@dataclass(eq=False)
class TlsKeyExists(ServiceError):
    """Some account has the key already; whoever asks does not learn which."""

    code: ClassVar[str] = "tls_public_key_exists"

    def __str__(self) -> str:
        return "the key is registered already: make a new one, or remove it where it is"


@dataclass(eq=False)
class TlsKeyUnknown(ServiceError):
    """No key has this fingerprint."""

    code: ClassVar[str] = "tls_public_key_unknown"
    fingerprint: str

    def __str__(self) -> str:
        return f"there is no key {self.fingerprint}: list the keys to see their fingerprints"


@dataclass(eq=False)
class AddressForeign(ServiceError):
    """The address is not one of the account's."""

    code: ClassVar[str] = "address_foreign"
    address: Address
    account: str

    def __str__(self) -> str:
        return f"{self.address} is no address of account {self.account}: give it one of its own"


@dataclass(eq=False)
class LoginAddressInUse(ServiceError):
    """TLS public keys sign in with what is to go.

    what: the address or domain. keys: name and fingerprint of each key, perhaps not all.
    """

    code: ClassVar[str] = "login_address_in_use"
    what: str
    keys: Sequence[tuple[str, str]]

    def __str__(self) -> str:
        names = [f"{name} ({fingerprint})" for name, fingerprint in self.keys[:MAX_SHOWN]]
        some = ", ".join(names) + (" and more" if len(self.keys) > MAX_SHOWN else "")
        return (
            f"{self.what} is what these TLS public keys sign in with: {some}."
            " Remove them or change their address first"
        )
