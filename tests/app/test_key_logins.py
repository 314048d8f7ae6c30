"""Logins by TLS client certificate in a whole server: limits, counters, and what the log says."""

import asyncio
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from roost.adapters.metrics import Metrics
from roost.app.key_logins import KeyLogins, count_key_logins
from roost.app.listeners import Bound
from roost.app.logins import Logins
from roost.base.address import Address
from roost.config.accounts import AccountSettings
from roost.config.listeners import ListenerConfig
from roost.config.server import ServerConfig
from roost.ports.log_events import Event
from roost.ports.net import Endpoint, TlsServer
from roost.proto.sasl.binding import NO_BINDINGS
from roost.proto.sasl.scram_client import ScramClient
from roost.service import accounts, tls_public_keys
from roost.service.key_login import IdentityForeign, KeyRefused
from roost.service.login_attempts import page
from roost.service.login_outcome import LoginDisabled, LoginLimited
from roost.service.tls_public_keys import KeySettings
from roost.store.login_attempts import Wanted
from roost.store.revisions import Actor
from roost.testing.client_keys import make_client_key
from roost.testing.house import PASSWORD, House, new_house
from roost.testing.imap import ImapClient
from roost.testing.sasl_client import SaslClient
from roost.testing.smtp_client import SmtpClient
from roost.testing.wire import BINDINGS, TLS, MemoryWire

ADMIN = Actor("admin", "root")
ACCOUNTS = {"anna": ["anna@a.test", "office@a.test"], "bob": ["bob@a.test"]}
LAPTOP = make_client_key()
UNKNOWN = make_client_key()
KEYED = replace(TLS, peer_certificate=LAPTOP.der, peer_key=LAPTOP.fingerprint)
PEER = Endpoint(ip_address("192.0.2.66"), 1)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with new_house(accounts=ACCOUNTS) as made:
        await register(made)
        yield made


async def register(house: House, *, no_imap_preauth: bool = False) -> None:
    settings = KeySettings(Address.parse("anna@a.test"), no_imap_preauth=no_imap_preauth)
    await tls_public_keys.add(house.store, house.clock, ADMIN, "anna", LAPTOP.pem, settings)


async def remove(house: House) -> None:
    await tls_public_keys.remove(house.store, house.clock, ADMIN, LAPTOP.fingerprint)


def plain(address: str) -> str:
    return b64encode(f"\0{address}\0{PASSWORD}".encode()).decode()


async def greeted(house: House) -> tuple[ImapClient, bytes]:
    client = ImapClient(house.imap(tls=KEYED))
    return client, await client.wire.line()


async def test_a_key_that_is_removed_signs_out_who_came_by_it(house: House) -> None:
    client, greeting = await greeted(house)
    assert greeting.startswith(b"* PREAUTH ")
    await remove(house)
    assert b"* BYE the account " in await client.wire.ended()
    wire = house.imap(tls=KEYED)
    assert await wire.ended() == b"* BYE [ALERT] the key of this certificate signs nobody in\r\n"


async def test_submission_ends_with_the_key_as_well(house: House) -> None:
    client = await SmtpClient(house.submission(tls=KEYED)).greet()
    await client.ok("MAIL FROM:<anna@a.test>")
    await client.ok("RSET")
    await remove(house)
    assert (await client.ask("MAIL FROM:<anna@a.test>")).startswith("550 5.7.1 ")
    assert (await client.ask("AUTH EXTERNAL =")).startswith("535 5.7.8 ")
    left = await house.submission(tls=KEYED).ended()
    assert left.startswith(b"421 4.7.0 the key of this certificate signs nobody in")


async def test_a_message_handed_in_by_a_certificate_alone(house: House) -> None:
    client = await SmtpClient(house.submission(tls=KEYED)).greet()
    await client.send("office@a.test", ("bob@a.test",), b"Subject: x\r\n\r\nhello\r\n")
    assert (await client.ask("MAIL FROM:<bob@a.test>")).startswith("550 5.7.1 ")
    await client.ok("AUTH EXTERNAL =")
    await client.send("anna@a.test", ("bob@a.test",), b"Subject: y\r\n\r\nhello\r\n")
    await house.run_queue()
    messages = await house.mail_of("bob@a.test")
    # RFC 3848: the A stands for AUTH.
    assert [b" with ESMTPSA " in one for one in messages] == [False, True]
    assert all(b" with ESMTPS" in one and one.endswith(b"\r\n\r\nhello\r\n") for one in messages)


@pytest.mark.parametrize("address", ["office@a.test", "bob@a.test"])
async def test_a_password_beside_a_certificate(house: House, address: str) -> None:
    """S06: of the same account only, whatever the mechanism."""
    await remove(house)
    await register(house, no_imap_preauth=True)
    client, greeting = await greeted(house)
    assert greeting.startswith(b"* OK ")
    for command in (f'LOGIN {address} "{PASSWORD}"', f"AUTHENTICATE PLAIN {plain(address)}"):
        answer = (await client.ask(command))[-1]
        if address == "bob@a.test":
            assert answer.startswith(b"NO [AUTHENTICATIONFAILED] the certificate of this")
            assert (await client.ask("SELECT INBOX"))[-1].startswith(b"BAD log in first")
        else:
            assert answer.startswith(b"OK [CAPABILITY ")
            await client.ok("UNAUTHENTICATE")
    smtp = await SmtpClient(house.submission(tls=KEYED)).greet()
    refused = (await smtp.ask(f"AUTH PLAIN {plain(address)}")).startswith("535 5.7.8 the cert")
    assert refused is (address == "bob@a.test")
    failed = [one.facts["reason"] for one in house.log.named(Event.LOGIN_FAILED)]
    assert failed == ["other_account"] * (3 if refused else 0)


@pytest.mark.parametrize("address", ["office@a.test", "bob@a.test"])
@pytest.mark.parametrize("protocol", ["imap", "smtp"])
async def test_a_proof_beside_a_certificate(house: House, protocol: str, address: str) -> None:
    """S06: whoever proves a password without saying it is held to the same."""
    await remove(house)
    await register(house, no_imap_preauth=True)
    wire = house.imap(tls=KEYED) if protocol == "imap" else house.submission(tls=KEYED)
    client = await SaslClient(wire, protocol).greet()
    for name in ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"):
        bindings = BINDINGS if name.endswith("-PLUS") else NO_BINDINGS
        half = ScramClient(name, address, PASSWORD, "a-nonce", bindings=bindings)
        said = await client.sign_in(half)
        if address == "bob@a.test":
            assert "the certificate of this connection is another account's" in said
        else:
            assert said.startswith(("x OK [CAPABILITY ", "235 2.7.0 "))
            break
    outcomes = [one.facts.get("reason") for one in house.log.named(Event.LOGIN_FAILED)]
    assert outcomes == (["other_account"] * 2 if address == "bob@a.test" else [])


async def test_what_the_log_says(house: House) -> None:
    await greeted(house)
    (known,) = house.log.named(Event.CERTIFICATE_KNOWN)
    assert (known.facts["service"], known.facts["resumed"]) == ("imap", False)
    client = await SmtpClient(house.submission(tls=KEYED)).greet()
    await client.ok("AUTH EXTERNAL =")
    done = [one.facts for one in house.log.named(Event.LOGIN_DONE)]
    assert [one["service"] for one in done] == ["imap", "smtp", "smtp"]
    assert {one["mechanism"] for one in done} == {"EXTERNAL"}
    assert "a.test" not in repr(house.log.events)


async def listed(house: House) -> dict[tuple[str, str, str], int]:
    """How many attempts by certificate are listed, by protocol, name and outcome."""
    await house.server.attempts.flush()
    rows, _ = await page(house.store, Wanted(), None)
    assert {row.attempt.mechanism for row in rows} == {"EXTERNAL"}
    return {
        (row.attempt.protocol, row.attempt.name, row.attempt.outcome): row.count for row in rows
    }


async def test_the_list_of_logins_has_those_by_certificate(house: House, keys: KeyLogins) -> None:
    await greeted(house)
    client = await SmtpClient(house.submission(tls=KEYED)).greet()
    await client.ask(f"AUTH EXTERNAL {b64encode(b'bob@a.test').decode()}")
    await client.ok(f"AUTH EXTERNAL {b64encode(b'office@a.test').decode()}")
    keys.refused(PEER, "c1")
    assert await listed(house) == {
        ("imap", "anna@a.test", "ok"): 1,
        ("smtp", "anna@a.test", "ok"): 1,
        ("smtp", "bob@a.test", "other_account"): 1,
        ("smtp", "office@a.test", "ok"): 1,
        ("imap", "", "unknown"): 1,
    }


@pytest.fixture
async def keys(house: House) -> KeyLogins:
    await house.server.known_keys.load()
    logins, metrics = Logins(house.server.sign_ins, "imap"), Metrics()
    return KeyLogins("imap", logins, house.server.known_keys, house.log, count_key_logins(metrics))


def wire_of(client_key: str, peer: str = "192.0.2.66") -> MemoryWire:
    session: Any = None
    return MemoryWire(session, peer=peer, tls=replace(TLS, peer_key=client_key))


def counted(keys: KeyLogins, outcome: str) -> float:
    return float(keys.certificates.labels("imap", outcome)._value.get())


async def test_failed_certificates_count_and_success_forgives(
    house: House, keys: KeyLogins
) -> None:
    """S11: an address that failed too often learns nothing, and nobody looks at what it shows."""
    assert keys.accepts(LAPTOP.fingerprint, PEER.ip)
    assert not keys.accepts(UNKNOWN.fingerprint, PEER.ip)
    for _ in range(9):
        keys.refused(PEER, "c1")
    await keys.identify(wire_of(LAPTOP.fingerprint), signs_in=True)
    for _ in range(8):
        keys.refused(PEER, "c1")
    with pytest.raises(KeyRefused):
        await keys.identify(wire_of(UNKNOWN.fingerprint), signs_in=True)
    with pytest.raises(IdentityForeign):
        await keys.login_as("bob@a.test", "", wire_of(LAPTOP.fingerprint))
    for fingerprint in (LAPTOP.fingerprint, UNKNOWN.fingerprint):
        assert keys.accepts(fingerprint, PEER.ip)
        with pytest.raises(LoginLimited):
            await keys.identify(wire_of(fingerprint), signs_in=True)
        with pytest.raises(LoginLimited):
            await keys.login_as("", "", wire_of(fingerprint))
    await keys.identify(wire_of(LAPTOP.fingerprint, "192.0.2.67"), signs_in=True)
    assert counted(keys, "ok") == 2
    assert counted(keys, "key_refused") == 18
    assert counted(keys, "login_limited") == 2


async def test_refused_certificates_close_every_protocol_for_their_address(
    house: House, keys: KeyLogins
) -> None:
    """S11: over the limit not even a right key is looked at, nor a right password."""
    for _ in range(10):
        keys.refused(PEER, "c1")
    peer = str(PEER.ip)
    for tls in (KEYED, TLS):
        left = await house.imap(peer, tls=tls).ended()
        assert left == b"* BYE [UNAVAILABLE] too many logins failed, try again later\r\n"
        said = await house.submission(peer, tls=tls).ended()
        assert said.startswith(b"421 4.7.0 too many logins failed, try again later")
    assert house.log.named(Event.CERTIFICATE_KNOWN) == []


async def test_a_right_key_of_an_account_that_is_switched_off_is_no_guess(
    house: House, keys: KeyLogins
) -> None:
    settings = AccountSettings(login_disabled="ask Ann")
    await accounts.set_settings(house.store, house.clock, ADMIN, "anna", settings, made_from=None)
    for _ in range(20):
        with pytest.raises(LoginDisabled):
            await keys.identify(wire_of(LAPTOP.fingerprint), signs_in=True)
    assert not house.server.sign_ins.refuses(PEER.ip)
    left = await house.imap(tls=KEYED).ended()
    assert left == b"* BYE [ALERT] this account may not log in\r\n"


class Asked:
    """Takes the place of TLS and notes of which services clients are asked for certificates."""

    def __init__(self) -> None:
        self.asks: list[bool] = []

    def __call__(self, **options: Any) -> TlsServer:
        self.asks.append(options["accept_key"] is not None)
        tls: Any = None
        return tls  # type: ignore[no-any-return]


@pytest.fixture
def ports() -> Iterator[list[socket.socket]]:
    made = [socket.create_server(("127.0.0.1", 0)) for _ in range(5)]
    yield made
    for one in made:
        one.close()


@pytest.mark.parametrize("client_auth", [True, False])
async def test_only_imap_and_submission_ask_for_certificates(
    ports: list[socket.socket], client_auth: bool
) -> None:
    asked = Asked()
    listeners = {"one": ListenerConfig(client_auth=client_auth)}
    config = ServerConfig(hostname="mx.a.test", data="/none", listeners=listeners)
    async with new_house(config=config, tls=asked) as house:
        for service, port in zip(
            ("smtp", "submission", "submissions", "imap", "imaps"), ports, strict=True
        ):
            await house.server.serve(Bound("one", service, "mx.a.test", "127.0.0.1", 1, port))
        await asyncio.sleep(0)
    assert asked.asks == [False] + [client_auth] * 4
