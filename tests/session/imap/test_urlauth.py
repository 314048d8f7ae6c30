"""URLAUTH between users, of large content, and what nobody is told. RFC 4467, RFC 5524."""

import asyncio
import base64
from collections.abc import AsyncIterator
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.base.address import Address
from roost.config.accounts import AccountSettings
from roost.ports.net import Endpoint
from roost.service import accounts
from roost.service.login import Login
from roost.session.imap.session import ImapSession
from roost.store.revisions import Actor
from roost.testing.blobs import MemoryBlobs
from roost.testing.house import House, new_house
from roost.testing.imap import ImapClient
from roost.testing.imap import new_house as small_house
from roost.testing.wire import HIGH_WATER, MemoryWire

ADMIN = Actor("admin", "root")
MESSAGE = b"Subject: x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=C3=A9\r\n"
OWN = "imap://me%40mx.test@mx.test/INBOX/;uid=1"


@pytest.fixture
async def house() -> AsyncIterator[House]:
    users = {
        "joe": ["joe@a.test", "info@a.test"],
        "fred": ["fred@a.test", "frederic@a.test"],
        "eve": ["eve@a.test"],
    }
    async with new_house("mx.a.test", ["a.test"], users) as house:
        joe = await house.login_imap("joe@a.test")
        await joe.append(MESSAGE)
        yield house
        assert house.errors() == []


async def lent(client: ImapClient, url: str) -> str:
    """The URL with its token."""
    (line,) = await client.ok(f'GENURLAUTH "{url}" INTERNAL')
    return line.removeprefix(b"* GENURLAUTH ").decode().strip('"')


async def fetched(client: ImapClient, url: str, items: str = "") -> bytes:
    """What URLFETCH tells behind the URL, all lines together."""
    asked = f'("{url}" {items})' if items else f'"{url}"'
    lines = await client.ok(f"URLFETCH {asked}")
    return b"\r\n".join(lines).removeprefix(f'* URLFETCH "{url}" '.encode())


def url_of(access: str, user: str = "joe%40a.test") -> str:
    return f"imap://{user}@mx.a.test/INBOX/;uid=1/;section=HEADER;urlauth={access}"


@pytest.mark.parametrize(
    ("access", "readers"),
    [
        ("anonymous", {"joe", "fred", "eve"}),
        ("authuser", {"joe", "fred", "eve"}),
        ("user+fred%40a.test", {"fred"}),
        ("user+frederic%40a.test", {"fred"}),
        ("user+FRED%2Btag%40A.test", {"fred"}),
        ("user+joe%40a.test", {"joe"}),
        ("user+nobody%40a.test", set()),
        ("user+fred", set()),
        ("submit+fred%40a.test", set()),
    ],
)
async def test_an_access_says_who_may_read(house: House, access: str, readers: set[str]) -> None:
    url = await lent(await house.login_imap("joe@a.test"), url_of(access))
    for name in ("joe", "fred", "eve"):
        told = await fetched(await house.login_imap(f"{name}@a.test"), url)
        assert (told != b"NIL") is (name in readers), name
        assert (b"Subject: x" in told) is (name in readers), name


async def test_whoever_makes_a_url_names_himself_by_any_of_his_addresses(house: House) -> None:
    joe, eve = await house.login_imap("joe@a.test"), await house.login_imap("eve@a.test")
    url = await lent(joe, url_of("anonymous", "info%40a.test"))
    assert b"Subject: x" in await fetched(eve, url)
    for user in ("fred%40a.test", "nobody%40a.test", "joe"):
        answer = await joe.ask(f'GENURLAUTH "{url_of("anonymous", user)}" INTERNAL')
        assert answer == [b"BAD a URL has to name you as its user, and this server"]


async def test_a_url_gives_what_its_maker_may_read_and_no_more(house: House) -> None:
    joe, eve = await house.login_imap("joe@a.test"), await house.login_imap("eve@a.test")
    url = await lent(joe, url_of("anonymous"))
    shut = AccountSettings(login_disabled="ask Ann")
    await accounts.set_settings(house.store, house.clock, ADMIN, "joe", shut, made_from=None)
    assert await fetched(eve, url) == b"NIL"
    opened = AccountSettings()
    await accounts.set_settings(house.store, house.clock, ADMIN, "joe", opened, made_from=None)
    assert b"Subject: x" in await fetched(eve, url)
    await accounts.remove(house.store, house.clock, ADMIN, "joe")
    assert await fetched(eve, url) == b"NIL"


async def test_what_is_lent_can_be_put_into_a_message(house: House) -> None:
    joe, fred = await house.login_imap("joe@a.test"), await house.login_imap("fred@a.test")
    url = await lent(joe, url_of("user+fred%40a.test"))
    await fred.ok(f'APPEND INBOX CATENATE (URL "{url}" URL "{url}")')
    eve = await house.login_imap("eve@a.test")
    answer = await eve.ask(f'APPEND INBOX CATENATE (URL "{url}")')
    assert answer[-1].startswith(b"NO [BADURL imap://joe%40a.test@")


async def test_a_mailbox_of_the_same_name_is_another() -> None:
    client = await (await small_house()).client()
    await client.ok("CREATE a")
    await client.append(MESSAGE, "a")
    url = await lent(client, OWN.replace("INBOX", "a") + "/;section=TEXT;urlauth=anonymous")
    assert await fetched(client, url) == b"{9}\r\na=C3=A9\r\n"
    await client.ok("RENAME a b")
    assert await fetched(client, url) == b"NIL"
    await client.ok("RENAME b a")
    assert await fetched(client, url) != b"NIL"
    await client.ok("DELETE a")
    await client.ok("CREATE a")
    await client.append(MESSAGE, "a")
    assert await fetched(client, url) == b"NIL"


async def test_the_same_url_gets_the_same_token_and_each_mailbox_its_own_key() -> None:
    client = await (await small_house()).client()
    url = OWN + ";urlauth=anonymous"
    assert await lent(client, url) == await lent(client, url)
    drafts = await lent(client, url.replace("INBOX", "Drafts"))
    assert drafts.rpartition(":")[2] != (await lent(client, url)).rpartition(":")[2]


@given(st.data())
@settings(max_examples=15, deadline=None)
def test_a_url_that_was_changed_is_worth_nothing(data: st.DataObject) -> None:
    async def go() -> None:
        client = await (await small_house()).client()
        await client.append(MESSAGE)
        rump = OWN + "/;section=TEXT;expire=2030-01-01T00:00:00Z;urlauth=authuser"
        url = await lent(client, rump)
        end = url.rindex(":internal:")
        at = data.draw(st.integers(0, len(url) - 1).filter(lambda at: not end < at < end + 10))
        other = data.draw(st.sampled_from("09afzAZ%;/:@. ").filter(lambda one: one != url[at]))
        changed = url[:at] + other + url[at + 1 :]
        if changed[end:].lower() == url[end:].lower() and at > end:
            return  # the digits of a token have no case
        (line,) = await client.ok(f'URLFETCH "{changed}"')
        assert line.endswith(b" NIL")

    asyncio.run(go())


def part(octets: bytes, encoding: str) -> bytes:
    return (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\n"
        b"Content-Transfer-Encoding: %b\r\n\r\n%b\r\n--b--\r\n" % (encoding.encode(), octets)
    )


async def literal_behind(client: ImapClient, url: str, items: str) -> tuple[bytes, bytes, bytes]:
    """The line up to the literal, the literal, and the rest of the response."""
    client.wire.feed(f'x URLFETCH ("{url}" {items})\r\n'.encode())
    head = (await client.wire.line()).removeprefix(f'* URLFETCH "{url}" '.encode())
    size = int(head.rpartition(b"{")[2].rstrip(b"}"))
    assert len(client.wire.output) < 4 * HIGH_WATER  # it waits while nobody reads
    octets = await client.wire.octets(size)
    rest = await client.wire.line()
    assert await client.wire.line() == b"x OK URLFETCH done"
    return head, octets, rest


@pytest.mark.parametrize("nul", [True, False], ids=["with NUL", "without"])
async def test_large_content_is_decoded_as_it_is_sent(nul: bool) -> None:
    client = await (await small_house()).client()
    octets = bytes(range(0 if nul else 1, 256)) * 12_000
    await client.append(part(base64.encodebytes(octets).replace(b"\n", b"\r\n").rstrip(), "base64"))
    url = await lent(client, OWN + "/;section=1;urlauth=anonymous")
    head, told, rest = await literal_behind(client, url, "BINARY BODYPARTSTRUCTURE")
    assert told == octets
    assert rest == b")"
    structure = b'(BODYPARTSTRUCTURE ("IMAGE" "PNG" NIL NIL NIL "BINARY" %d NIL NIL NIL NIL))'
    assert head == structure % len(octets) + b" (BINARY %b{%d}" % (b"~" * nul, len(octets))


async def test_large_content_is_told_as_it_is() -> None:
    client = await (await small_house()).client()
    octets = b"0123456789abcd\r\n" * 100_000
    await client.append(part(octets[:-2], "7bit"))
    url = await lent(client, OWN + "/;section=1;urlauth=anonymous")
    for item in ("BODY", "BINARY"):
        head, told, rest = await literal_behind(client, url, item)
        assert (told, rest) == (octets[:-2], b")")
        assert head == b"(%b {%d}" % (item.encode(), len(octets) - 2)
    cut = await lent(client, OWN + "/;section=1/;partial=16.500000;urlauth=anonymous")
    assert (await literal_behind(client, cut, "BODY"))[1] == octets[16:500_016]
    assert (await literal_behind(client, cut, "BINARY"))[1] == octets[16:500_016]


async def test_the_structure_of_a_whole_message_is_that_of_a_message() -> None:
    client = await (await small_house()).client()
    await client.append(MESSAGE)
    url = await lent(client, OWN + ";urlauth=anonymous")
    told = await fetched(client, url, "BODYPARTSTRUCTURE")
    assert told == (
        b'(BODYPARTSTRUCTURE ("MESSAGE" "RFC822" NIL NIL NIL "7BIT" %d'
        b' (NIL "x" NIL NIL NIL NIL NIL NIL NIL NIL)'
        b' ("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "QUOTED-PRINTABLE" 9 1 NIL NIL NIL NIL)'
        b" 4 NIL NIL NIL NIL))"
    ) % len(MESSAGE)
    text = await lent(client, OWN + "/;section=TEXT;urlauth=anonymous")
    told = await fetched(client, text, "BINARY BODYPARTSTRUCTURE")
    assert told == (
        b'(BODYPARTSTRUCTURE ("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "BINARY" 5 1'
        b" NIL NIL NIL NIL))"
        b" (BINARY {5}\r\na\xc3\xa9\r\n)"
    )


async def test_a_message_whose_octets_are_gone_is_nil() -> None:
    blobs = MemoryBlobs()
    client = await (await small_house(blobs)).client()
    await client.append(part(b"x" * 600_000, "7bit"))
    url = await lent(client, OWN + "/;section=1;urlauth=anonymous")
    for name in list(blobs.files):
        del blobs.files[name]
    for items in ("", "BODY", "BINARY", "BODYPARTSTRUCTURE BINARY"):
        assert await fetched(client, url, items) == b"NIL"


async def test_a_hundred_urls_and_no_more() -> None:
    client = await (await small_house()).client()
    lines = await client.ok("URLFETCH" + " a" * 100)
    assert lines == [b"* URLFETCH a NIL"] * 100
    assert (await client.ask("URLFETCH" + " a" * 101))[-1].startswith(b"NO [LIMIT] ")
    assert (await client.ask("GENURLAUTH" + " a INTERNAL" * 101))[-1].startswith(b"NO [LIMIT] ")


async def test_mechanisms_are_not_told_where_others_may_listen() -> None:
    house = await small_house()

    def connect(ip: str | None) -> ImapClient:
        login = Login(house.account, Address.parse("me@mx.test"))
        wire = MemoryWire(ImapSession(house.port, login))
        wire.peer = Endpoint(ip_address(ip) if ip else None)
        return ImapClient(wire.connect())

    for ip, told in (("192.0.2.7", False), (None, True)):
        client = connect(ip)
        await client.wire.line()
        for command in ("SELECT INBOX", "RESETKEY INBOX"):
            lines = await client.ask(command)
            assert any(b"[URLMECH INTERNAL]" in line for line in lines) is told, (ip, command)
            assert lines[-1].startswith(b"OK ")


async def test_who_idles_elsewhere_is_not_told_of_a_key() -> None:
    house = await small_house()
    idling, other = await house.client(), await house.client()
    await idling.ok("SELECT Drafts")
    await other.ok("RESETKEY INBOX")
    assert await idling.ok("NOOP") == []
    await other.ok("RESETKEY Drafts")
    assert await idling.ok("NOOP") == [b"* OK [URLMECH INTERNAL] ways to authorise URLs"]
    assert await idling.ok("NOOP") == []


async def test_all_three_capabilities_are_told() -> None:
    client = await (await small_house()).client()
    (told,) = await client.ok("CAPABILITY")
    assert {b"URLAUTH", b"URLAUTH=BINARY", b"URL-PARTIAL"} <= set(told.split())
