"""Every mechanism over both protocols: what the client sees of a login, and what is listed of it."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from roost.base.address import Address
from roost.config.accounts import AccountSettings
from roost.config.logins import LoginsConfig
from roost.config.server import ServerConfig
from roost.ports.log_events import Event
from roost.proto.sasl.binding import NO_BINDINGS, Bindings
from roost.proto.sasl.client import Client, Say, Stop
from roost.proto.sasl.cram_md5 import CramMd5Client
from roost.proto.sasl.login import LoginClient
from roost.proto.sasl.mechanism import Token
from roost.proto.sasl.mechanisms import Account, choose_client
from roost.proto.sasl.plain import PlainClient
from roost.proto.sasl.scram_client import ScramClient
from roost.service import accounts, app_passwords
from roost.service.app_passwords import AppPasswordAsked
from roost.service.login import Login, vouched
from roost.service.login_attempts import page
from roost.service.set_password import set_password
from roost.store.login_attempts import Seen, Wanted
from roost.testing.house import ADMIN, PASSWORD, House, new_house
from roost.testing.passwords import plain_maker
from roost.testing.sasl_client import SaslClient
from roost.testing.wire import BINDINGS

ANN, BOB = "ann@a.test", "bob@a.test"
NONCE = "the-nonce-of-the-client."
ALL_ON = ServerConfig(
    hostname="mx.a.test", data="nowhere", logins=LoginsConfig(scram_sha_1=True, cram_md5=True)
)
SCRAM = ("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS")
PROOFS = (*SCRAM, "CRAM-MD5")
WAYS = [
    (protocol, name)
    for protocol in ("imap", "smtp")
    for name in ("PLAIN", "LOGIN", *PROOFS)
    if (protocol, name) != ("imap", "LOGIN")  # a command of its own
]
WELL = {"imap": "x OK [CAPABILITY ", "smtp": "235 2.7.0 "}
WRONG = {
    "imap": "x NO [AUTHENTICATIONFAILED] wrong user name or password (",
    "smtp": "535 5.7.8 wrong user name or password (",
}
CLOSED = {"imap": "x NO [CONTACTADMIN] ", "smtp": "525 5.7.13 "}
TOO_LONG = {"imap": b"* BYE [TOOBIG] ", "smtp": b"500 5.5.6 "}
CANCELLED = {"imap": "x BAD cancelled", "smtp": "501 5.7.0 "}

every_way = pytest.mark.parametrize(("protocol", "name"), WAYS, ids=str)
proofs = pytest.mark.parametrize(
    ("protocol", "name"), [way for way in WAYS if way[1] in PROOFS], ids=str
)


def client_of(
    name: str,
    user: str = ANN,
    password: str = PASSWORD,
    *,
    acting_as: str = "",
    bindings: Bindings = BINDINGS,
) -> Client:
    """The client's half of a mechanism."""
    if name == "PLAIN":
        return PlainClient(user, password, acting_as)
    if name == "LOGIN":
        return LoginClient(user, password)
    if name == "CRAM-MD5":
        return CramMd5Client(user, password)
    bound = bindings if name.endswith("-PLUS") else NO_BINDINGS
    return ScramClient(name, user, password, NONCE, authorization=acting_as, bindings=bound)


async def connect(house: House, protocol: str, peer: str = "192.0.2.9") -> SaslClient:
    wire = house.imap(peer) if protocol == "imap" else house.submission(peer)
    return await SaslClient(wire, protocol).greet()


async def listed(house: House) -> list[Seen]:
    await house.server.attempts.flush()
    return (await page(house.store, Wanted(), None))[0]


async def outcomes(house: House) -> list[str]:
    """How each attempt ended, as often as it did."""
    return [row.attempt.outcome for row in await listed(house) for _ in range(row.count)]


async def counted(house: House, peer: str = "192.0.2.9") -> int:
    """How many failures are held against an address."""
    limits = house.server.sign_ins.limits
    ip = house.imap(peer).peer.ip
    rank = await limits.begin(ip)
    limits.end(ip)
    return max(rank, 0)


@every_way
async def test_right(protocol: str, name: str) -> None:
    async with new_house(accounts={"ann": [ANN]}, config=ALL_ON) as house:
        client = await connect(house, protocol)
        said = await client.sign_in(client_of(name))
        assert said.startswith(WELL[protocol])
        [row] = await listed(house)
        assert (row.attempt.name, row.attempt.protocol, row.attempt.mechanism) == (
            ANN, protocol, name,
        )  # fmt: skip
        assert (row.attempt.outcome, row.attempt.ip) == ("ok", "192.0.2.9")
        assert house.errors() == []


@every_way
async def test_without_an_initial_response(protocol: str, name: str) -> None:
    async with new_house(accounts={"ann": [ANN]}, config=ALL_ON) as house:
        client = await connect(house, protocol)
        said = await client.sign_in(client_of(name), initial_response=False)
        assert said.startswith(WELL[protocol])


@every_way
async def test_wrong_password(protocol: str, name: str) -> None:
    async with new_house(accounts={"ann": [ANN]}, config=ALL_ON) as house:
        client = await connect(house, protocol)
        said = await client.sign_in(client_of(name, password="wrong"))
        assert said.startswith(WRONG[protocol])
        [row] = await listed(house)
        assert (row.attempt.outcome, row.attempt.name) == ("wrong_password", ANN)
        assert row.attempt.account != 0
        assert await counted(house) == 1
        again = await client.sign_in(client_of(name))
        assert again.startswith(WELL[protocol]), "the connection goes on"


@every_way
async def test_unknown_user(protocol: str, name: str) -> None:
    async with new_house(accounts={"ann": [ANN]}, config=ALL_ON) as house:
        client = await connect(house, protocol)
        for user in ("nobody@a.test", "no address"):
            said = await client.sign_in(client_of(name, user))
            assert said.startswith(WRONG[protocol])
        assert await outcomes(house) == ["unknown", "unknown"]
        assert await counted(house) == 2


@pytest.mark.parametrize("name", SCRAM)
async def test_nobody_looks_like_somebody_and_stays_the_same(name: str) -> None:
    """RFC 5802 section 9: the salt of a name does not change, be it anybody's or not."""
    async with new_house(accounts={"ann": [ANN]}, config=ALL_ON) as house:
        client, salts = await connect(house, "imap"), []
        for user in ("nobody@a.test", "nobody@a.test", ANN, "somebody@a.test"):
            await client.sign_in(client_of(name, user, "wrong"))
            first, last = client.challenges
            assert last == b"e=invalid-proof"
            _, salt, count = first.split(b",")
            assert (len(base64.b64decode(salt[2:])), count) == (16, b"i=15000")
            salts.append(salt)
            client = await connect(house, "imap")
        assert salts[0] == salts[1]
        assert len(set(salts)) == 3


@pytest.mark.parametrize("protocol", ["imap", "smtp"])
@pytest.mark.parametrize("name", [name for name in SCRAM if name.endswith("-PLUS")])
async def test_wrong_binding(protocol: str, name: str) -> None:
    """RFC 5802 section 6: whoever sits in between has another connection to each end."""
    async with new_house(accounts={"ann": [ANN]}, config=ALL_ON) as house:
        client = await connect(house, protocol)
        other = Bindings(tls_exporter=b"another connect." * 2)
        said = await client.sign_in(client_of(name, bindings=other))
        assert said.startswith(WRONG[protocol])
        assert client.challenges[-1] == b"e=channel-bindings-dont-match"
        [row] = await listed(house)
        assert (row.attempt.outcome, row.attempt.name) == ("wrong_binding", ANN)
        assert await counted(house) == 1
        [warned] = [one for one in house.log.events if one.event is Event.LOGIN_FOREIGN_CHANNEL]
        assert warned.level == "warning"


@pytest.mark.parametrize("protocol", ["imap", "smtp"])
@pytest.mark.parametrize("name", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
async def test_plus_taken_out_of_what_is_offered(protocol: str, name: str) -> None:
    async with new_house(accounts={"ann": [ANN]}, config=ALL_ON) as house:
        client = await connect(house, protocol)
        deceived = choose_client(
            [name], Account(ANN, PASSWORD), NONCE, private=True, bindings=BINDINGS
        )
        assert deceived is not None
        said = await client.sign_in(deceived)
        assert said.startswith(WRONG[protocol])
        assert client.challenges == [b"e=server-does-support-channel-binding"]
        assert await outcomes(house) == ["wrong_binding"]


class Replayed(Client):
    """Says again what another said in an exchange that was heard."""

    def __init__(self, name: str, heard: list[bytes]) -> None:
        super().__init__()
        self.name = name
        self._heard = list(heard)

    def start(self) -> bytes | None:
        return None if self.name == "CRAM-MD5" else self._heard.pop(0)

    def answer(self, challenge: bytes) -> Say | Stop:
        return Say(self._heard.pop(0)) if self._heard else Stop("nothing more was heard")


class Overheard(Client):
    """A client that is listened to."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.name = client.name
        self.said: list[bytes] = []
        self._client = client

    def start(self) -> bytes | None:
        first = self._client.start()
        return first if first is None else self._keep(first)

    def answer(self, challenge: bytes) -> Say | Stop:
        step = self._client.answer(challenge)
        if not isinstance(step, Say | Stop):
            step = self._client.derived(step.run())
        return step if isinstance(step, Stop) else Say(self._keep(step.octets))

    def _keep(self, octets: bytes) -> bytes:
        self.said.append(octets)
        return octets


@proofs
async def test_replay(protocol: str, name: str) -> None:
    async with new_house(accounts={"ann": [ANN]}, config=ALL_ON) as house:
        overheard = Overheard(client_of(name))
        client = await connect(house, protocol)
        assert (await client.sign_in(overheard)).startswith(WELL[protocol])
        client = await connect(house, protocol)
        said = await client.sign_in(Replayed(name, overheard.said))
        assert said.startswith(WRONG[protocol])
        assert sorted(await outcomes(house)) == ["ok", "wrong_password"]


@every_way
@pytest.mark.parametrize("how", ["cancelled", "lost", "too long"])
async def test_cut_off_at_each_step(protocol: str, name: str, how: str) -> None:
    async with new_house(accounts={"ann": [ANN]}, config=ALL_ON) as house:
        whole = await connect(house, protocol)
        await whole.sign_in(client_of(name), initial_response=False)
        steps = len(whole.challenges)
        for up_to in range(steps):
            client = await connect(house, protocol)
            if how == "cancelled":
                said = await client.sign_in(client_of(name), initial_response=False, up_to=up_to)
                assert said.startswith(CANCELLED[protocol])
            else:
                await cut_off(client, Cut(client_of(name), up_to), too_long=how == "too long")
        assert sorted(await outcomes(house)) == ["aborted"] * steps + ["ok"]
        assert await counted(house) == 0, "nothing was guessed"
        assert house.errors() == []


class Cut(Client):
    """Goes so far, then waits for ever."""

    def __init__(self, client: Client, steps: int) -> None:
        super().__init__()
        self.name = client.name
        self._client = client
        self._left = steps
        self._first: bytes | None = None

    def start(self) -> bytes | None:
        self._first = self._client.start()
        return None

    def answer(self, challenge: bytes) -> Say | Stop:
        if not self._left:
            raise Reached
        self._left -= 1
        if self._first is not None:
            first, self._first = self._first, None
            return Say(first)
        step = self._client.answer(challenge)
        if not isinstance(step, Say | Stop):
            step = self._client.derived(step.run())
        return step


class Reached(Exception):
    """The client is where it is to be cut off."""


async def cut_off(client: SaslClient, cut: Cut, *, too_long: bool) -> None:
    with pytest.raises(Reached):
        await client.sign_in(cut)
    if too_long:
        client.wire.feed(b"A" * 20_000)
        assert (await client.wire.ended()).startswith(TOO_LONG[client.protocol])
    else:
        client.wire.lose()
    await client.wire.settle()


@every_way
async def test_an_account_that_is_closed(protocol: str, name: str) -> None:
    async with new_house(accounts={"ann": [ANN]}, config=ALL_ON) as house:
        closed = AccountSettings(login_disabled="ask the admin")
        await accounts.set_settings(house.store, house.clock, ADMIN, "ann", closed, made_from=None)
        client = await connect(house, protocol)
        assert (await client.sign_in(client_of(name))).startswith(CLOSED[protocol])
        assert (await client.sign_in(client_of(name, password="x"))).startswith(WRONG[protocol])
        assert sorted(await outcomes(house)) == ["disabled", "wrong_password"]


@every_way
async def test_app_passwords_that_are_over_or_for_something_else(protocol: str, name: str) -> None:
    """A proof is not even checked against those: what is listed then is a wrong password."""
    async with new_house(accounts={"ann": [ANN]}, config=ALL_ON) as house:
        other = "smtp" if protocol == "imap" else "imap"
        soon = house.clock.now() + timedelta(hours=1)
        store, maker, clock = house.store, house.server.maker, house.clock
        made = [
            await app_passwords.add(store, maker, clock, ADMIN, "ann", asked)
            for asked in (
                AppPasswordAsked("elsewhere", (other,)),
                AppPasswordAsked("guest", expires=soon),
                AppPasswordAsked("phone", (protocol,)),
            )
        ]
        clock.advance(timedelta(hours=1))
        client = await connect(house, protocol)
        said = [await client.sign_in(client_of(name, password=one.password)) for one in made]
        assert [one.startswith(WRONG[protocol]) for one in said] == [True, True, False]
        assert said[2].startswith(WELL[protocol])
        why = ["wrong_password"] * 2 if name in PROOFS else ["expired", "wrong_protocol"]
        assert sorted(await outcomes(house)) == sorted(["ok", *why])


async def test_a_hundred_app_passwords() -> None:
    async with new_house(accounts={"ann": [ANN]}, config=ALL_ON) as house:
        store, maker, clock = house.store, house.server.maker, house.clock
        for number in range(100):
            asked = AppPasswordAsked(f"program {number}")
            made = await app_passwords.add(store, maker, clock, ADMIN, "ann", asked)
        for protocol, name in WAYS:
            client = await connect(house, protocol)
            assert (await client.sign_in(client_of(name, password=made.password))).startswith(
                WELL[protocol]
            )
            client = await connect(house, protocol)
            assert (await client.sign_in(client_of(name))).startswith(WELL[protocol])
        assert set(await outcomes(house)) == {"ok"}


@proofs
async def test_an_account_without_keys_of_the_mechanism(protocol: str, name: str) -> None:
    """Its passwords were set when the mechanism was off: nobody has done anything wrong."""
    async with new_house(accounts={"ann": [ANN], "bob": [BOB]}, config=ALL_ON) as house:
        await set_password(house.store, plain_maker(), house.clock, ADMIN, "bob", PASSWORD)
        client = await connect(house, protocol)
        said = await client.sign_in(client_of(name, BOB))
        assert said.startswith(WRONG[protocol]), "it looks like any other failure"
        assert await outcomes(house) == ["error"]
        assert await counted(house) == 0
        well = await client.sign_in(client_of("PLAIN", BOB))
        assert well.startswith(WELL[protocol])


@pytest.mark.parametrize("name", ["PLAIN", *SCRAM])
@pytest.mark.parametrize("protocol", ["imap", "smtp"])
async def test_nobody_acts_for_another(protocol: str, name: str) -> None:
    async with new_house(accounts={"ann": [ANN], "bob": [BOB]}, config=ALL_ON) as house:
        client = await connect(house, protocol)
        said = await client.sign_in(client_of(name, acting_as=BOB))
        refused = {"imap": "x NO [AUTHORIZATIONFAILED] ", "smtp": "535 5.7.8 nobody may act"}
        assert said.startswith(refused[protocol])
        assert await outcomes(house) == ["foreign"]
        assert await counted(house) == 1
        well = await client.sign_in(client_of(name, acting_as=ANN))
        assert well.startswith(WELL[protocol])


@every_way
async def test_the_pace_and_the_limit_hold_for_every_mechanism(protocol: str, name: str) -> None:
    async with new_house(accounts={"ann": [ANN]}, config=ALL_ON) as house:
        client = await connect(house, protocol)
        for _ in range(3):
            await client.sign_in(client_of(name, password="wrong"))
        assert client.wire.slow
        waits = 0
        for number in range(4, 11):
            trying = Trying(house, client, client_of(name, password="wrong"))
            waits += await trying.seconds()
            assert (number == 10) is client.wire.closed, number
        assert waits == sum(range(1, 8))
        refused = house.imap("192.0.2.9")
        assert b"too many logins failed" in await refused.ended()


class Trying:
    """A login that waits for the clock."""

    def __init__(self, house: House, client: SaslClient, half: Client) -> None:
        self._house = house
        self._client = client
        self._half = half

    async def seconds(self) -> int:
        """How many seconds it took to be answered."""
        task = asyncio.ensure_future(self._client.sign_in(self._half))
        passed = 0
        await self._client.wire.settle()
        while not task.done():
            await self._client.wire.settle()
            if task.done():
                break
            self._house.clock.advance(timedelta(seconds=1))
            passed += 1
            await self._client.wire.settle()
        await asyncio.gather(task, return_exceptions=True)
        return passed


def judge_of(house: House) -> Callable[[Token, str], Awaitable[Login | None]]:
    async def judge(token: Token, protocol: str) -> Login | None:
        assert protocol in ("imap", "smtp")
        if token.token != "a-good-token":
            return None
        return await vouched(house.store, Address.parse(token.username or token.authorization))

    return judge


@pytest.mark.parametrize("protocol", ["imap", "smtp"])
@pytest.mark.parametrize("name", ["OAUTHBEARER", "XOAUTH2"])
async def test_tokens_where_something_can_judge_them(protocol: str, name: str) -> None:
    async with new_house(accounts={"ann": [ANN]}, config=ALL_ON) as house:
        client = await connect(house, protocol)
        account = Account(ANN, token="bad")
        half = choose_client([name], account, "", private=True)
        assert half is not None
        not_there = {"imap": "x NO [CANNOT] ", "smtp": "504 5.5.4 "}
        assert (await client.sign_in(half)).startswith(not_there[protocol])
        house.server.sign_ins = replace(house.server.sign_ins, token_judge=judge_of(house))
        client = await connect(house, protocol)
        half = choose_client([name], account, "", private=True)
        assert half is not None
        assert (await client.sign_in(half)).startswith(WRONG[protocol])
        assert b'"status":' in client.challenges[-1]
        half = choose_client([name], replace(account, token="a-good-token"), "", private=True)
        assert half is not None
        assert (await client.sign_in(half)).startswith(WELL[protocol])
        assert sorted(await outcomes(house)) == ["ok", "wrong_token"]


@pytest.mark.parametrize("protocol", ["imap", "smtp"])
async def test_old_mechanisms_are_off_unless_switched_on(protocol: str) -> None:
    async with new_house(accounts={"ann": [ANN]}) as house:
        client = await connect(house, protocol)
        for name in ("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "CRAM-MD5"):
            command = b"x AUTHENTICATE " if protocol == "imap" else b"AUTH "
            said = await client.say(command + name.encode())
            assert said.startswith((b"x NO [CANNOT] ", b"504 5.5.4 ")), name
        assert await outcomes(house) == []
