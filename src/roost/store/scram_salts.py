"""Rows of salts: what all secrets of an account have in common, for each hash of SCRAM."""

from collections.abc import Mapping
from dataclasses import dataclass

from roost.base.ids import AccountId
from roost.store.engine import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class Salt:
    """What goes into a password's keys, and is told to whoever signs in. RFC 5802 section 5.1."""

    octets: bytes
    iterations: int


async def of_account(tx: ReadTx, account: AccountId) -> dict[str, Salt]:
    """The salts of an account by name of the hash, such as "SHA-256"."""
    rows = await tx.rows(
        "SELECT hash, salt, iterations FROM scram_salt WHERE account_id = $1", account
    )
    return {name: Salt(bytes(octets), iterations) for name, octets, iterations in rows}


async def add(tx: WriteTx, account: AccountId, salts: Mapping[str, Salt]) -> None:
    """Give an account salts for hashes that it has none for. They never change."""
    await tx.execute_many(
        "INSERT INTO scram_salt (account_id, hash, salt, iterations) VALUES ($1, $2, $3, $4)",
        [(account, name, salt.octets, salt.iterations) for name, salt in salts.items()],
    )
