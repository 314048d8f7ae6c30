"""The salts that all secrets of an account share: drawn before a work, kept within it."""

from collections.abc import Mapping

from roost.base.ids import AccountId
from roost.service.credential_secret import SecretMaker
from roost.store import scram_salts
from roost.store.engine import Store, WriteTx
from roost.store.scram_salts import Salt


class SaltsChanged(Exception):
    """Somebody else gave the account its salts in the meantime: make the secret again."""


async def salts_of(store: Store, maker: SecretMaker, account: AccountId) -> dict[str, Salt]:
    """The salts that a new secret of the account is made with; drawn where it has none."""
    return maker.salts(await store.read(lambda tx: scram_salts.of_account(tx, account)))


async def keep_salts(tx: WriteTx, account: AccountId, used: Mapping[str, Salt]) -> None:
    """Write down salts that were drawn. Raises SaltsChanged when others were in the meantime."""
    known = await scram_salts.of_account(tx, account)
    if any(name in known and known[name] != salt for name, salt in used.items()):
        raise SaltsChanged
    fresh = {name: salt for name, salt in used.items() if name not in known}
    if fresh:
        await scram_salts.add(tx, account, fresh)
