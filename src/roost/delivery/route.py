"""Where mail for an address goes: recipient -> account and mailbox, or a refusal."""

from dataclasses import dataclass
from typing import ClassVar

from roost.base.address import Address
from roost.base.errors import ServiceError
from roost.base.ids import AccountId
from roost.store import addresses, domains, quota
from roost.store.engine import ReadTx, Store


@dataclass(frozen=True, slots=True)
class Destination:
    """The account and mailbox that mail for `address` is filed into.

    quota_octets: what the account may hold, less than 0 for no limit.
    """

    address: Address
    account: AccountId
    mailbox: str
    quota_octets: int


class RecipientUnknown(ServiceError):
    """The domain is ours; nobody there has the address."""

    code: ClassVar[str] = "recipient_unknown"

    def __str__(self) -> str:
        return "no such recipient"


class RelayDenied(ServiceError):
    """The domain is not ours."""

    code: ClassVar[str] = "relay_denied"

    def __str__(self) -> str:
        return "no mail for this domain is taken here"


class DomainDisabled(ServiceError):
    """The admin switched the domain off for a while."""

    code: ClassVar[str] = "domain_disabled"
    temporary: ClassVar[bool] = True

    def __str__(self) -> str:
        return "this domain takes no mail at the moment"


async def route(store: Store, default_quota: int, address: Address) -> Destination:
    """Where mail for the address goes.

    default_quota: octets of accounts without a limit of their own; 0 for no limit.
    Raises RecipientUnknown, RelayDenied, DomainDisabled, QuotaExceeded.
    """

    async def work(tx: ReadTx) -> Destination:
        found = await addresses.resolve(tx, address)
        if found is None:
            if await domains.by_name(tx, address.domain.ascii) is None:
                raise RelayDenied
            raise RecipientUnknown
        if found.domain_settings.disabled:
            raise DomainDisabled
        limit = quota.effective_limit(found.account_settings.quota, default_quota)
        if not quota.has_room(found.used_octets, 1, limit):
            raise quota.QuotaExceeded(found.account, found.used_octets, limit)
        return Destination(address, found.account, found.address.settings.mailbox, limit)

    return await store.read(work)


async def route_anywhere(store: Store, catch_all: Address, address: Address) -> Destination:
    """As `route` in localserve: the account of `catch_all` takes mail for any address.

    An address that an account was given goes to that account.
    """

    async def work(tx: ReadTx) -> Destination:
        found = await addresses.resolve(tx, address) or await addresses.resolve(tx, catch_all)
        if found is None:
            raise RecipientUnknown
        limit = quota.effective_limit(found.account_settings.quota, 0)
        return Destination(address, found.account, found.address.settings.mailbox, limit)

    return await store.read(work)
