"""Signing in as every protocol does: limits first, then the check, then the list of attempts."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.base.ids import AccountId
from roost.config.accounts import AccountSettings
from roost.proto.sasl.mechanism import Token
from roost.service import accounts, domains, tls_public_keys
from roost.service.credential_secret import SecretMaker
from roost.service.key_login import IdentityForeign, KeyRefused, OtherAccount
from roost.service.login import Login, Passwords
from roost.service.login_attempts import LoginAttempts, page
from roost.service.login_cache import LoginCache
from roost.service.login_limits import FailedLogins, FailedLoginSettings
from roost.service.login_outcome import LoginDisabled, LoginFailed, LoginLimited, Outcome
from roost.service.login_queue import LoginBusy
from roost.service.sasl_login import SaslLogin
from roost.service.scram_login import Proofs
from roost.service.set_password import set_password
from roost.service.sign_ins import Origin, SignIns
from roost.service.tls_public_keys import KeySettings
from roost.store.engine import Store
from roost.store.login_attempts import Seen, Wanted
from roost.store.revisions import Actor
from roost.testing.client_keys import make_client_key
from roost.testing.clock import StoppedClock
from roost.testing.passwords import PlainHasher
from roost.testing.random import SeededRandom
from roost.testing.store import new_store

ADMIN = Actor("admin", "root")
NAME, GOOD = "anna@example.org", "my dog Waldi"
HERE = Origin("imap", "PLAIN", "Mail 1.0", ip_address("192.0.2.1"), "TLSv1.3", "c1")
BOBS = make_client_key()
KEYED = replace(HERE, mechanism="EXTERNAL", key=BOBS.fingerprint)


class SlowHasher(PlainHasher):
    """Verifies when it is told to, or raises what it is told to raise."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.error: Exception | None = None

    async def verify(self, hashed: str | None, password: str, rank: int = 0) -> bool:
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        return await super().verify(hashed, password, rank)


class House:
    """Account "anna" and all ways to sign in."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = StoppedClock()
        self.hasher = SlowHasher()
        self.told: list[tuple[Outcome, AccountId | None]] = []
        self.attempts = LoginAttempts(store, self.clock)
        self.limits = FailedLogins(self.clock, FailedLoginSettings())
        self.sign_ins = SignIns(
            Passwords(store, self.hasher, LoginCache(b"key"), self.clock),
            Proofs(store, self.clock, b"key"),
            self.limits,
            self.attempts,
            lambda _origin, outcome, account: self.told.append((outcome, account)),
        )

    async def sign_in(self, password: str = GOOD, name: str = NAME, origin: Origin = HERE) -> Login:
        return await self.sign_ins.by_password(origin, name, password)

    async def listed(self) -> list[Seen]:
        await self.attempts.flush()
        return (await page(self.store, Wanted(), None))[0]

    async def outcomes(self) -> dict[str, int]:
        return {row.attempt.outcome: row.count for row in await self.listed()}

    async def set(self, settings: AccountSettings) -> None:
        await accounts.set_settings(self.store, self.clock, ADMIN, "anna", settings, made_from=None)

    async def counted(self) -> int:
        """How many logins the limit holds against HERE."""
        rank = await self.limits.begin(HERE.ip)
        self.limits.end(HERE.ip)
        return max(rank, 0)


async def new_house() -> House:
    house = House(await new_store())
    store, clock = house.store, house.clock
    await domains.add(store, clock, ADMIN, Domain.parse("example.org"))
    await accounts.add(store, clock, ADMIN, "anna", address=Address.parse(NAME))
    maker = SecretMaker(PlainHasher(), SeededRandom())
    await set_password(store, maker, clock, ADMIN, "anna", GOOD)
    return house


async def test_a_login_stands_in_the_list_with_all_that_is_known_of_it() -> None:
    house = await new_house()
    login = await house.sign_in()
    [row] = await house.listed()
    assert row.attempt.account == login.account
    assert (row.attempt.name, row.attempt.protocol, row.attempt.mechanism) == (
        NAME,
        "imap",
        "PLAIN",
    )
    assert (row.attempt.client, row.attempt.ip, row.attempt.tls) == (
        "Mail 1.0",
        "192.0.2.1",
        "TLSv1.3",
    )
    assert (row.attempt.outcome, row.first, row.count) == ("ok", house.clock.now(), 1)


@pytest.mark.parametrize(
    ("password", "name", "outcome", "counted"),
    [
        ("wrong", NAME, Outcome.WRONG_PASSWORD, 1),
        (GOOD, "nobody@example.org", Outcome.UNKNOWN, 1),
        (GOOD, "no address", Outcome.UNKNOWN, 1),
        (GOOD, NAME, Outcome.OK, 0),
    ],
)
async def test_each_outcome_is_told_and_counts_as_it_should(
    password: str, name: str, outcome: Outcome, counted: int
) -> None:
    house = await new_house()
    with suppress(LoginFailed):
        await house.sign_in(password, name)
    assert [one for one, _ in house.told] == [outcome]
    assert await house.outcomes() == {outcome.value: 1}
    assert await house.counted() == counted


async def test_what_is_not_the_fault_of_who_tries_does_not_count() -> None:
    house = await new_house()
    await house.set(AccountSettings(login_disabled="ask Ann"))
    for _ in range(20):
        with pytest.raises(LoginDisabled):
            await house.sign_in()
    await house.set(AccountSettings())
    house.clock.advance(timedelta(minutes=15))
    for error in (LoginBusy(), KeyError("a bug")):
        house.hasher.error = error
        for _ in range(20):
            with pytest.raises(type(error)):
                await house.sign_in("another")
    assert await house.outcomes() == {"disabled": 20, "busy": 20, "error": 20}
    assert await house.counted() == 0


async def test_over_the_limit_nothing_is_looked_at_for_any_protocol() -> None:
    house = await new_house()
    for _ in range(10):
        with pytest.raises(LoginFailed):
            await house.sign_in("wrong")
    assert house.sign_ins.refuses(HERE.ip)
    verified = house.hasher.verified
    for origin in (HERE, replace(HERE, protocol="smtp")):
        with pytest.raises(LoginLimited):
            await house.sign_in(origin=origin)
        with pytest.raises(LoginLimited):
            await house.sign_ins.begin_scram(origin, NAME, "SHA-256")
        with pytest.raises(LoginLimited):
            await house.sign_ins.begin_cram_md5(origin, NAME)
    assert house.hasher.verified == verified
    limited = [row for row in await house.listed() if row.attempt.outcome == "limited"]
    assert [(row.attempt.name, row.count) for row in limited] == [("", 3), ("", 3)]
    house.clock.advance(timedelta(minutes=1))
    await house.sign_in()


async def test_many_at_once_are_not_more_than_many_in_turn() -> None:
    house = await new_house()
    house.hasher.go_on.clear()
    tries = [asyncio.ensure_future(house.sign_in("wrong")) for _ in range(50)]
    await asyncio.sleep(0)
    house.hasher.go_on.set()
    outcomes = [type(one) for one in await asyncio.gather(*tries, return_exceptions=True)]
    assert (outcomes.count(LoginFailed), outcomes.count(LoginLimited)) == (10, 40)
    assert house.hasher.ranks == list(range(10))


async def test_many_right_ones_at_once_are_all_let_in() -> None:
    house = await new_house()
    house.hasher.go_on.clear()
    tries = [asyncio.ensure_future(house.sign_in()) for _ in range(50)]
    await asyncio.sleep(0)
    house.hasher.go_on.set()
    assert len({login.account for login in await asyncio.gather(*tries)}) == 1
    assert await house.outcomes() == {"ok": 50}


async def test_whoever_leaves_before_it_is_known_has_failed() -> None:
    house = await new_house()
    house.hasher.go_on.clear()
    for _ in range(3):
        gone = asyncio.ensure_future(house.sign_in("wrong"))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
    assert await house.outcomes() == {"aborted": 3}
    assert await house.counted() == 3


async def test_a_right_password_clears_the_address() -> None:
    house = await new_house()
    for _ in range(9):
        with pytest.raises(LoginFailed):
            await house.sign_in("wrong")
    await house.sign_in()
    assert await house.counted() == 0


async def test_a_proof_goes_the_same_way() -> None:
    house = await new_house()
    origin = replace(HERE, mechanism="SCRAM-SHA-256")
    found = await house.sign_ins.begin_scram(origin, NAME, "SHA-256")
    login = await house.sign_ins.by_proof(origin, NAME, found.keys[0].id)
    assert login.account == found.account
    assert await house.counted() == 0
    for outcome in (Outcome.WRONG_PASSWORD, Outcome.WRONG_BINDING, Outcome.ABORTED, Outcome.ERROR):
        found = await house.sign_ins.begin_scram(origin, NAME, "SHA-256")
        house.sign_ins.failed(origin, NAME, outcome, found.account)
    assert await house.counted() == 3, "an error of ours is forgiven"
    await house.sign_ins.begin_scram(origin, NAME, "SHA-256")
    with pytest.raises(LoginFailed):
        await house.sign_ins.by_proof(origin, NAME, 999)
    expected = {"ok": 1, "wrong_binding": 1, "wrong_password": 2, "aborted": 1, "error": 1}
    assert await house.outcomes() == expected
    assert {row.attempt.mechanism for row in await house.listed()} == {"SCRAM-SHA-256"}


async def with_key(*, waits: bool = False) -> House:
    """A house where account "bob" has a key as well."""
    house = await new_house()
    store, clock, bob = house.store, house.clock, Address.parse("bob@example.org")
    await accounts.add(store, clock, ADMIN, "bob", address=bob)
    settings = KeySettings(bob, no_imap_preauth=waits)
    await tls_public_keys.add(store, clock, ADMIN, "bob", BOBS.pem, settings)
    return house


async def test_every_login_beside_a_certificate_is_of_its_account() -> None:
    """S06: whatever the mechanism, and the right password forgives nothing."""
    house = await with_key()
    plain, scram = (replace(KEYED, mechanism=name) for name in ("PLAIN", "SCRAM-SHA-256"))
    with pytest.raises(OtherAccount):
        await house.sign_in(origin=plain)
    found = await house.sign_ins.begin_scram(scram, NAME, "SHA-256")
    with pytest.raises(OtherAccount):
        await house.sign_ins.by_proof(scram, NAME, found.keys[0].id)
    assert await house.outcomes() == {"other_account": 1}, "one row of each mechanism"
    assert {one.attempt.mechanism for one in await house.listed()} == {"PLAIN", "SCRAM-SHA-256"}
    assert {one.attempt.account for one in await house.listed()} == {found.account}
    assert await house.counted() == 2


async def test_a_good_token_of_another_account_is_told_from_one_that_is_no_good() -> None:
    house = await with_key()
    anna = await house.sign_in()

    async def judge(token: Token, _protocol: str) -> Login | None:
        return anna if token.token == "good" else None

    sign_ins = replace(house.sign_ins, token_judge=judge)
    bearer = replace(KEYED, mechanism="OAUTHBEARER")
    assert await SaslLogin(sign_ins, bearer).by_token(Token(NAME, "", "bad")) is None
    with pytest.raises(OtherAccount):
        await SaslLogin(sign_ins, bearer).by_token(Token(NAME, "", "good"))
    assert await house.outcomes() == {"ok": 1, "wrong_token": 1, "other_account": 1}
    assert await house.counted() == 2


@pytest.mark.parametrize("waits", [False, True])
async def test_a_certificate_alone_is_a_login_unless_its_key_waits(waits: bool) -> None:
    house = await with_key(waits=waits)
    with suppress(LoginFailed):
        await house.sign_in("wrong")
    known = await house.sign_ins.by_certificate(KEYED, signs_in=True)
    assert known.waits is waits
    assert await house.counted() == 0, "forgiven by either"
    listed = [one.attempt for one in await house.listed() if one.attempt.outcome == "ok"]
    assert [(one.name, one.mechanism) for one in listed] == (
        [] if waits else [("bob@example.org", "EXTERNAL")]
    )
    await house.sign_ins.by_certificate(KEYED, signs_in=False)
    assert (await house.outcomes()).get("ok", 0) == (0 if waits else 1)


async def test_external_goes_the_same_way() -> None:
    house = await with_key()
    login = await house.sign_ins.by_key(KEYED, "bob+tag@example.org")
    assert login.key == BOBS.fingerprint
    with pytest.raises(IdentityForeign):
        await house.sign_ins.by_key(KEYED, NAME)
    unknown = replace(KEYED, key=make_client_key().fingerprint)
    with pytest.raises(KeyRefused):
        await house.sign_ins.by_key(unknown, "")
    with pytest.raises(KeyRefused):
        await house.sign_ins.by_certificate(unknown, signs_in=True)
    assert await house.outcomes() == {"ok": 1, "other_account": 1, "unknown": 2}
    assert await house.counted() == 3
    for _ in range(7):
        house.sign_ins.failed(KEYED, "", Outcome.UNKNOWN)
    with pytest.raises(LoginLimited):
        await house.sign_ins.by_key(KEYED, "")
    with pytest.raises(LoginLimited):
        await house.sign_ins.by_certificate(KEYED, signs_in=True)
    assert (await house.outcomes())["limited"] == 2
