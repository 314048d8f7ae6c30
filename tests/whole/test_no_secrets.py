"""Secrets stand nowhere: not in a log line, an error, a revision, a value shown, or the database."""

import asyncio
import base64
from pathlib import Path

import pytest

from roost.app.server import MailServer
from roost.config.logins import LoginsConfig
from roost.config.server import ServerConfig
from roost.proto.sasl.bearer import OAUTHBEARER, XOAUTH2
from roost.proto.sasl.binding import NO_BINDINGS
from roost.proto.sasl.external import EXTERNAL
from roost.proto.sasl.mechanisms import MECHANISMS as MECHANISMS_KNOWN
from roost.proto.sasl.mechanisms import Account, choose_client
from roost.service import app_passwords, revisions
from roost.service.app_passwords import AppPasswordAsked
from roost.service.credential_secret import SecretMaker
from roost.service.login_attempts import page
from roost.service.set_password import set_generated_password, set_password
from roost.store.login_attempts import Wanted
from roost.testing.house import ADMIN, House, new_house
from roost.testing.imap import ImapClient
from roost.testing.passwords import PlainHasher
from roost.testing.sasl_client import SaslClient
from roost.testing.wire import BINDINGS

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


MECHANISMS = [one.name for one in MECHANISMS_KNOWN if one not in (EXTERNAL, OAUTHBEARER, XOAUTH2)]
WRONG = "a wrong password of hers"


async def sign_in_with(house: House, protocol: str, name: str, password: str) -> str:
    wire = house.imap() if protocol == "imap" else house.submission()
    client = await SaslClient(wire, protocol).greet()
    account = Account(ANN, password, mechanisms=frozenset({name}))
    bindings = BINDINGS if name.endswith("-PLUS") else NO_BINDINGS
    half = choose_client([name], account, "n" * 24, private=True, bindings=bindings)
    assert half is not None
    return await client.sign_in(half)


@pytest.mark.parametrize("protocol", ["imap", "smtp"])
async def test_no_mechanism_leaves_a_secret_behind(protocol: str) -> None:
    """Whether it is right, wrong, of an app password or given up."""
    on = LoginsConfig(
        scram_sha_1=True, cram_md5=True, max_failed_per_minute=999, max_failed_per_day=999
    )
    config = ServerConfig(hostname="mx.a.test", data="nowhere", logins=on)
    async with new_house(accounts={"ann": [ANN]}, config=config, hasher=DigestHasher()) as house:
        store, clock, maker = house.store, house.clock, house.server.maker
        await set_password(store, maker, clock, ADMIN, "ann", CHOSEN)
        asked = AppPasswordAsked("phone")
        phone = await app_passwords.add(store, maker, clock, ADMIN, "ann", asked)
        heard, well = "", 0
        offered = [one for one in MECHANISMS if (protocol, one) != ("imap", "LOGIN")]
        for name in offered:
            for password in (CHOSEN, phone.password, WRONG):
                said = await sign_in_with(house, protocol, name, password)
                well += said.startswith(("x OK", "235"))
                heard += said
        assert well == 2 * len(offered)
        await house.server.attempts.flush()
        attempts = (await page(store, Wanted(), None))[0]
        assert sum(row.count for row in attempts) == 3 * len(offered)
        shown = heard + repr([attempts, house.log.events, house.errors(), house.server.sign_ins])
        shown += repr(await revisions.page(store))
        kept = await asyncio.to_thread(octets_below, house.server.world.folder.root)
        for secret in (CHOSEN, phone.password, WRONG):
            for spelled in spellings(secret):
                assert spelled not in shown.encode()
                assert spelled not in kept


def spellings(secret: str) -> list[bytes]:
    """As it is, in hexadecimal, and in base64 behind 0, 1 and 2 other octets."""
    octets = secret.encode()
    coded = [base64.b64encode(bytes(before) + octets)[4:-4] for before in range(3)]
    return [octets, octets.hex().encode(), *coded]


def octets_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
