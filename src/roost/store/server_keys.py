"""Keys of the server that are made once and kept in a row."""

from roost.ports.random import Random
from roost.store.engine import ReadTx, Store, WriteTx

_KEY_OCTETS = 32


async def server_key(store: Store, random: Random, name: str) -> bytes:
    """The key of this name, 32 octets, made at the first use."""

    async def find(tx: ReadTx) -> bytes | None:
        value: bytes | None = await tx.value("SELECT value FROM server WHERE name = $1", name)
        return value

    found = await store.read(find)
    if found is not None:
        return found
    fresh = random.octets(_KEY_OCTETS)

    async def make(tx: WriteTx) -> bytes:
        await tx.execute(
            "INSERT INTO server (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            name,
            fresh,
        )
        kept = await find(tx)
        assert kept is not None, "it was just put there"
        return kept

    return await store.write(make)
