"""Who guesses passwords over IMAP is slowed down, sent away, and not heard again."""

from dataclasses import replace
from datetime import timedelta

from roost.base.address import Address
from roost.service.key_login import IdentityForeign, KeyLogin
from roost.service.login import Login
from roost.service.login_outcome import LoginLimited
from roost.session.sign_in import SignIn
from roost.testing.imap import PASSWORD, USER, ImapClient, ImapHouse, new_house
from roost.testing.wire import TLS, MemoryWire

WRONG = b'x LOGIN a "wrong"\r\n'
FOREIGN = b"x AUTHENTICATE EXTERNAL Ym9iQGIudGVzdA==\r\n"
KEYED = replace(TLS, peer_key="a key")
GOODBYE = b"* BYE [UNAVAILABLE] too many logins failed, try again later"


async def guess(house: ImapHouse, wire: MemoryWire, times: int, said: bytes = WRONG) -> list[int]:
    """The seconds that each of so many guesses waits for its answer."""
    waits = []
    for _ in range(times):
        wire.feed(said)
        seconds = 0
        await wire.settle()
        while not wire.output:
            house.clock.advance(timedelta(seconds=1))
            seconds += 1
            await wire.settle()
        assert (await wire.line()).startswith(b"x NO [AUTHENTICATIONFAILED]")
        waits.append(seconds)
    return waits


async def greeted(house: ImapHouse) -> MemoryWire:
    return (await house.client(login=False)).wire


def is_slow(wire: MemoryWire) -> bool:
    """Whether the connection is slowed down; asked anew each time."""
    return wire.slow


async def test_each_guess_from_the_fourth_on_waits_a_second_longer() -> None:
    house = await new_house()
    assert await guess(house, await greeted(house), 8) == [0, 0, 0, 1, 2, 3, 4, 5]


async def keyed(house: ImapHouse) -> MemoryWire:
    """A connection with a certificate whose key waits for a login."""

    async def identify(_wire: object, *, signs_in: bool) -> KeyLogin:
        assert signs_in
        return KeyLogin(Login(house.account, Address.parse(USER)), waits=True)

    house.change_port(identify=identify)
    wire = house.connect(tls=KEYED)
    assert (await wire.line()).startswith(b"* OK")
    return wire


async def test_who_asks_for_others_by_a_certificate_waits_as_well() -> None:
    house = await new_house()
    wire = await keyed(house)
    assert await guess(house, wire, 5, FOREIGN) == [0, 0, 0, 1, 2]
    assert is_slow(wire)


async def test_external_forgives_and_is_told_what_the_program_is() -> None:
    house = await new_house()
    heard: list[tuple[str, str]] = []

    async def login_as(identity: str, client: str, _wire: object) -> Login:
        heard.append((identity, client))
        if identity:
            raise IdentityForeign
        return Login(house.account, Address.parse(USER), house.credential)

    house.change_port(login_as=login_as)
    client = ImapClient(await keyed(house))
    await client.ok('ID ("name" "Mail")')
    await guess(house, client.wire, 3, FOREIGN)
    assert is_slow(client.wire)
    client.wire.feed(b"y AUTHENTICATE EXTERNAL =\r\n")
    await client.wire.settle()
    house.clock.advance(timedelta(seconds=1))
    assert (await client.wire.line()).startswith(b"y OK")
    assert not is_slow(client.wire)
    assert heard == [("bob@b.test", "Mail")] * 3 + [("", "Mail")]


async def test_a_certificate_over_the_limit_after_starttls_hears_bye() -> None:
    house = await new_house()

    async def identify(_wire: object, *, signs_in: bool) -> KeyLogin:
        assert not signs_in
        raise LoginLimited

    house.change_port(identify=identify)
    wire = house.connect(tls=None, tls_later=KEYED)
    await wire.line()
    wire.feed(b"a STARTTLS\r\n")
    assert (await wire.ended()).endswith(GOODBYE + b"\r\n")


async def test_after_ten_the_connection_ends() -> None:
    house = await new_house()
    wire = await greeted(house)
    await guess(house, wire, 9)
    wire.feed(WRONG)
    await wire.settle()
    house.clock.advance(timedelta(seconds=7))
    assert GOODBYE in await wire.ended()


async def test_after_three_it_is_slow_until_a_right_password() -> None:
    house = await new_house()
    wire = await greeted(house)
    await guess(house, wire, 2)
    assert not is_slow(wire)
    await guess(house, wire, 1)
    assert is_slow(wire)
    wire.feed(f'in LOGIN {USER} "{PASSWORD}"\r\n'.encode())
    await wire.settle()
    house.clock.advance(timedelta(seconds=1))
    assert (await wire.line()).startswith(b"in OK")
    assert not is_slow(wire)


async def test_whoever_is_over_the_limit_hears_bye_and_nothing_is_looked_at() -> None:
    house = await new_house()
    house.change_port(refuses_logins=lambda _wire: True)
    wire = house.connect()
    assert await wire.ended() == GOODBYE + b"\r\n"
    wire.session.receive(WRONG)


async def test_whoever_gets_over_the_limit_while_there_has_to_go() -> None:
    house = await new_house()
    refusing: list[bool] = []

    async def check_login(said: SignIn, wire: object) -> object:
        refusing.append(True)
        raise LoginLimited

    house.change_port(check_login=check_login, refuses_logins=lambda _wire: bool(refusing))
    wire = await greeted(house)
    wire.feed(WRONG + b'y LOGIN b "wrong"\r\n')
    said = await wire.ended()
    assert b"x NO [UNAVAILABLE] too many logins failed" in said
    assert GOODBYE in said
    assert len(refusing) == 1


async def test_the_list_of_logins_is_told_how_and_with_what() -> None:
    house = await new_house()
    heard: list[SignIn] = []
    check = house.port.check_login

    async def check_login(said: SignIn, wire: object) -> object:
        heard.append(said)
        return await check(said, wire)  # type: ignore[arg-type]

    house.change_port(check_login=check_login)
    client = await house.client(login=False)
    await client.ok('ID ("name" "Mail" "version" "1.0")')
    await client.ask('LOGIN a "wrong"')
    await client.ask("AUTHENTICATE PLAIN AG1lQG14LnRlc3QAd3Jvbmc=")
    assert [(one.mechanism, one.client) for one in heard] == [
        ("LOGIN", "Mail 1.0"),
        ("PLAIN", "Mail 1.0"),
    ]
    assert "wrong" not in repr(heard)


async def test_an_app_password_that_runs_out_ends_its_session() -> None:
    house = await new_house()
    check = house.port.check_login

    async def check_login(said: SignIn, wire: object) -> object:
        login = await check(said, wire)  # type: ignore[arg-type]
        return replace(login, credential=999, expires=house.clock.now() + timedelta(hours=1))

    house.change_port(check_login=check_login)
    client: ImapClient = await house.client()
    await client.ok("NOOP")
    house.clock.advance(timedelta(hours=1))
    client.wire.feed(b"z NOOP\r\n")
    assert b"BYE the account or its password changed" in await client.wire.ended()
