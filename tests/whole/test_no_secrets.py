"""Secrets stand nowhere: not in a log line, an error, a revision, a value shown, or the database."""

import asyncio
from pathlib import Path

from roost.app.server import MailServer
from roost.service import app_passwords, revisions
from roost.service.app_passwords import AppPasswordAsked
from roost.service.credential_secret import SecretMaker
from roost.service.set_password import set_generated_password, set_password
from roost.testing.house import ADMIN, House, new_house
from roost.testing.imap import ImapClient
from roost.testing.passwords import PlainHasher

ANN = "ann@a.test"
CHOSEN = "my dog Waldi is wet"


class DigestHasher(PlainHasher):
    """As the tests' hasher, but what it keeps does not hold the password."""

    async def hash(self, password: str) -> str:
        return f"hash of {len(password)} characters"

    async def verify(self, hashed: str | None, password: str, rank: int = 0) -> bool:
        return hashed == await self.hash(password)


async def sign_in(house: House, password: str) -> bytes:
    client = ImapClient(house.imap())
    await client.wire.line()
    [*_, said] = await client.ask(f'LOGIN {ANN} "{password}"')
    return said


def maker_of(server: MailServer) -> SecretMaker:
    hashes = ("SHA-256", "SHA-1")
    return SecretMaker(DigestHasher(), server.world.random, hashes, cram_md5=True)


async def test_no_secret_stands_anywhere() -> None:
    async with new_house(accounts={"ann": [ANN]}) as house:
        store, clock, maker = house.store, house.clock, maker_of(house.server)
        made = await set_generated_password(store, maker, clock, ADMIN, "ann")
        await set_password(store, maker, clock, ADMIN, "ann", CHOSEN)
        asked = AppPasswordAsked("phone")
        phone = await app_passwords.add(store, maker, clock, ADMIN, "ann", asked)
        assert (await sign_in(house, phone.password)).startswith(b"OK")
        wrong = await sign_in(house, "a wrong password of hers")
        assert wrong.startswith(b"NO")
        await house.server.attempts.flush()
        shown = repr(await revisions.page(store)) + repr(house.log.events) + repr(phone)
        shown += repr([maker, house.server.sign_ins, wrong])
        kept = await asyncio.to_thread(octets_below, house.server.world.folder.root)
        for secret in (made, CHOSEN, phone.password, "a wrong password of hers"):
            assert secret not in shown
            assert secret.encode() not in kept


def octets_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
