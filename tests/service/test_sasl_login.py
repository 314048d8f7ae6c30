"""One SASL exchange: listed once, for the right reason, and counted when something was guessed."""

from ipaddress import ip_address

import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.proto.sasl.mechanism import Code, Failed, LookUp, Proved, ScramSecrets, Token
from roost.service import accounts, domains
from roost.service.credential_secret import SecretMaker
from roost.service.login import Login, Passwords, vouched
from roost.service.login_attempts import LoginAttempts, page
from roost.service.login_cache import LoginCache
from roost.service.login_limits import FailedLogins, FailedLoginSettings
from roost.service.login_outcome import LoginForeign, LoginLimited
from roost.service.sasl_login import SaslLogin
from roost.service.scram_login import Proofs
from roost.service.set_password import set_password
from roost.service.sign_ins import Origin, SignIns
from roost.store.login_attempts import Wanted
from roost.store.revisions import Actor
from roost.store.sqlite import SqliteStore
from roost.testing.clock import StoppedClock
from roost.testing.passwords import PlainHasher
from roost.testing.random import SeededRandom
from roost.testing.store import new_store

ADMIN = Actor("admin", "root")
ANNA = "anna@example.org"
HERE = Origin("imap", "SCRAM-SHA-256", "Mail 1.0", ip_address("192.0.2.1"), "TLSv1.3", "c1")
ASKED = LookUp(ANNA, "SCRAM-SHA-256")


class House:
    """Account "anna", with keys for SCRAM-SHA-256 only."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.clock = StoppedClock()
        self.limits = FailedLogins(self.clock, FailedLoginSettings())
        self.attempts = LoginAttempts(store, self.clock)

    def begin(self) -> SaslLogin:
        async def judge(token: Token, _protocol: str) -> Login | None:
            good = token.token == "good"
            return await vouched(self.store, Address.parse(ANNA)) if good else None

        passwords = Passwords(self.store, PlainHasher(), LoginCache(b"key"), self.clock)
        proofs = Proofs(self.store, self.clock, b"key")
        sign_ins = SignIns(passwords, proofs, self.limits, self.attempts, lambda *_: None, judge)
        return SaslLogin(sign_ins, HERE)

    async def listed(self) -> list[tuple[str, str]]:
        await self.attempts.flush()
        rows = (await page(self.store, Wanted(), None))[0]
        return [(row.attempt.name, row.attempt.outcome) for row in rows for _ in range(row.count)]

    async def counted(self) -> int:
        rank = await self.limits.begin(HERE.ip)
        self.limits.end(HERE.ip)
        return max(rank, 0)


async def new_house() -> House:
    house = House(await new_store())
    await domains.add(house.store, house.clock, ADMIN, Domain.parse("example.org"))
    await accounts.add(house.store, house.clock, ADMIN, "anna", address=Address.parse(ANNA))
    maker = SecretMaker(PlainHasher(), SeededRandom())
    await set_password(house.store, maker, house.clock, ADMIN, "anna", "my dog Waldi")
    return house


@pytest.mark.parametrize(
    ("asked", "code", "outcome", "counted"),
    [
        (ASKED, Code.PROOF, "wrong_password", 1),
        (ASKED, Code.NONCE, "wrong_password", 1),
        (ASKED, Code.BINDING, "wrong_binding", 1),
        (ASKED, Code.SYNTAX, "aborted", 0),
        (ASKED, Code.EXTENSION, "aborted", 0),
        (LookUp("nobody@example.org", "SCRAM-SHA-256"), Code.PROOF, "unknown", 1),
        (LookUp(ANNA, "SCRAM-SHA-1"), Code.PROOF, "error", 0),
        (LookUp(ANNA, "CRAM-MD5"), Code.PROOF, "error", 0),
    ],
)
async def test_why_an_exchange_failed(
    asked: LookUp, code: Code, outcome: str, counted: int
) -> None:
    house = await new_house()
    login = house.begin()
    await login.secrets(asked)
    login.failed(Failed("told to nobody", code=code))
    login.broken_off()
    assert await house.listed() == [(asked.username, outcome)]
    assert await house.counted() == counted


@pytest.mark.parametrize(
    ("code", "outcome"), [(Code.SYNTAX, "aborted"), (Code.BINDING, "wrong_binding")]
)
async def test_what_fails_before_it_says_a_name(code: Code, outcome: str) -> None:
    house = await new_house()
    house.begin().failed(Failed("told to nobody", code=code))
    assert await house.listed() == [("", outcome)]


async def test_a_proof_that_is_right_is_listed_once() -> None:
    house = await new_house()
    login = house.begin()
    secrets = await login.secrets(ASKED)
    assert isinstance(secrets, ScramSecrets)
    await login.by_proof(Proved(ANNA, "", secrets.keys[0].id))
    login.broken_off()
    assert await house.listed() == [(ANNA, "ok")]


async def test_a_right_proof_for_somebody_else_counts() -> None:
    house = await new_house()
    login = house.begin()
    secrets = await login.secrets(ASKED)
    assert isinstance(secrets, ScramSecrets)
    with pytest.raises(LoginForeign):
        await login.by_proof(Proved(ANNA, "bob@example.org", secrets.keys[0].id))
    assert await house.listed() == [(ANNA, "foreign")]
    assert await house.counted() == 1


async def test_a_token_is_listed_when_it_is_judged() -> None:
    """Not when the client has read why: it may go before that."""
    house = await new_house()
    login = house.begin()
    assert await login.by_token(Token(ANNA, "", "bad")) is None
    assert await house.listed() == [(ANNA, "wrong_token")]
    login.failed(Failed("the token is refused", code=Code.TOKEN))
    assert await house.counted() == 1
    good = await house.begin().by_token(Token(ANNA, "", "good"))
    assert good is not None
    assert await house.listed() == [(ANNA, "ok"), (ANNA, "wrong_token")]


async def test_over_the_limit_it_is_listed_as_that_and_no_more() -> None:
    house = await new_house()
    for _ in range(10):
        house.limits.failed(HERE.ip)
    login = house.begin()
    with pytest.raises(LoginLimited):
        await login.secrets(ASKED)
    login.broken_off()
    with pytest.raises(LoginLimited):
        await house.begin().by_token(Token(ANNA, "", "good"))
    assert await house.listed() == [("", "limited")] * 2
