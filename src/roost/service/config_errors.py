"""What can be wrong with a change of configuration. Each message names the mend."""

from dataclasses import dataclass
from typing import ClassVar

from roost.base.address import Address
from roost.base.domain import Domain
from roost.base.errors import ServiceError
from roost.store.revisions import Difference

MAX_SHOWN = 10


@dataclass(eq=False)
class SettingsInvalid(ServiceError):
    """A setting breaks its rule; `reason` says which and how."""

    code: ClassVar[str] = "settings_invalid"
    reason: str

    def __str__(self) -> str:
        return f"the settings cannot be saved: {self.reason}"


@dataclass(eq=False)
class StaleRevision(ServiceError):
    """Somebody else saved in the meantime.

    made_from: the revision the save was made from. current: the one in force.
    differences: what differs between the two.
    """

    code: ClassVar[str] = "stale_revision"
    made_from: int
    current: int
    differences: tuple[Difference, ...]

    def __str__(self) -> str:
        paths = [one.path for one in self.differences]
        changed = shown(paths[:MAX_SHOWN], len(paths)) if paths else "nothing that still differs"
        return (
            f"made from revision {self.made_from}, but revision {self.current} was saved since and"
            f" changed {changed}: load it again and repeat your change"
        )


@dataclass(eq=False)
class RevisionUnknown(ServiceError):
    """No revision has this number."""

    code: ClassVar[str] = "revision_unknown"
    revision: int

    def __str__(self) -> str:
        return f"there is no revision {self.revision}: list the revisions to see their numbers"


@dataclass(eq=False)
class UndoImpossible(ServiceError):
    """The revision cannot be undone, or no longer; `reason` says why and what to do instead."""

    code: ClassVar[str] = "undo_impossible"
    revision: int
    reason: str

    def __str__(self) -> str:
        return f"revision {self.revision} cannot be undone: {self.reason}"


@dataclass(eq=False)
class DomainExists(ServiceError):
    """The domain is there already."""

    code: ClassVar[str] = "domain_exists"
    domain: Domain

    def __str__(self) -> str:
        return f"domain {self.domain} is there already: change its settings instead"


@dataclass(eq=False)
class DomainUnknown(ServiceError):
    """The domain is not one of ours."""

    code: ClassVar[str] = "domain_unknown"
    domain: Domain

    def __str__(self) -> str:
        return f"there is no domain {self.domain} here: add it first"


@dataclass(eq=False)
class DomainInUse(ServiceError):
    """Addresses are in the domain.

    addresses: some of them. more: whether there are others.
    """

    code: ClassVar[str] = "domain_in_use"
    domain: Domain
    addresses: tuple[str, ...]
    more: bool

    def __str__(self) -> str:
        some = ", ".join(self.addresses) + (" and more" if self.more else "")
        return f"domain {self.domain} still has the addresses {some}: remove them first"


@dataclass(eq=False)
class NameInvalid(ServiceError):
    """The text is no name for an account."""

    code: ClassVar[str] = "name_invalid"

    def __str__(self) -> str:
        return (
            "not a name for an account: it has 1 to 64 letters, digits and . _ @ + -, in lower"
            " case, with a letter or digit at both ends"
        )


@dataclass(eq=False)
class AccountExists(ServiceError):
    """The name is taken."""

    code: ClassVar[str] = "account_exists"
    name: str

    def __str__(self) -> str:
        return f"there is an account {self.name} already: choose another name"


@dataclass(eq=False)
class AccountUnknown(ServiceError):
    """No account has this name."""

    code: ClassVar[str] = "account_unknown"
    name: str

    def __str__(self) -> str:
        return f"there is no account {self.name}: list the accounts to see their names"


@dataclass(eq=False)
class AddressExists(ServiceError):
    """Somebody has the address, perhaps spelled otherwise."""

    code: ClassVar[str] = "address_exists"
    address: Address
    account: str

    def __str__(self) -> str:
        return f"account {self.account} has the address {self.address} already: remove it there"


@dataclass(eq=False)
class AddressUnknown(ServiceError):
    """Nobody has the address."""

    code: ClassVar[str] = "address_unknown"
    address: Address

    def __str__(self) -> str:
        return f"nobody has the address {self.address}: list the addresses to see them"


@dataclass(eq=False)
class AddressIsLast(ServiceError):
    """Without it nobody could sign in to the account."""

    code: ClassVar[str] = "address_is_last"
    address: Address
    account: str

    def __str__(self) -> str:
        return (
            f"{self.address} is the only address of account {self.account}: add another first, or"
            " remove the account"
        )


@dataclass(eq=False)
class AddressInUse(ServiceError):
    """A setting of the domain names the address."""

    code: ClassVar[str] = "address_in_use"
    address: Address

    def __str__(self) -> str:
        return (
            f"{self.address} takes the mail that nobody else gets: change catch_all of domain"
            f" {self.address.domain} first"
        )


def shown(names: list[str], total: int) -> str:
    """Some names for a message, and how many more there are."""
    more = f" and {total - len(names)} more" if total > len(names) else ""
    return ", ".join(names) + more
