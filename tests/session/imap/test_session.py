"""The connection: order, bounds, patience, and its end in every state."""

import asyncio
import errno

import pytest

from roost.ports.net import Wire
from roost.session.imap.ports import ImapLimits
from roost.session.sign_in import SignIn
from roost.store.engine import ReadTx
from roost.testing.blobs import MemoryBlobs, MemoryBlobWriter
from roost.testing.bus import ListBus
from roost.testing.imap import PASSWORD, USER, ImapClient, ImapHouse, new_house
from roost.testing.wire import MemoryWire

LOGIN = f'in LOGIN {USER} "{PASSWORD}"\r\n'.encode()
TIMED_OUT = b"* BYE nothing came for too long\r\n"
STOPPING = b"* BYE [UNAVAILABLE] the server is stopping\r\n"


async def heard(wire: MemoryWire) -> bytes:
    """What the session said since it was last listened to."""
    for _ in range(5):
        await wire.settle()
        await asyncio.sleep(0.002)
    said = bytes(wire.output)
    wire.output.clear()
    return said


def is_held(wire: MemoryWire) -> bool:
    """Whether the session reads no more; asked anew each time."""
    return wire.held


async def signed_in(house: ImapHouse) -> MemoryWire:
    return (await house.client()).wire


async def count_blobs(house: ImapHouse) -> int:
    async def work(tx: ReadTx) -> int:
        number: int = await tx.value("SELECT count(*) FROM blob")
        return number

    return await house.store.scan(work)


# Bounds.


@pytest.mark.parametrize(
    "octets",
    [b"a" * 17_000, b"a NOOP " + b"x" * 16_400 + b"\r\n", b"\r" * 17_000, b"\0" * 17_000],
    ids=["no space", "with line end", "bare CR", "NUL"],
)
async def test_a_line_above_the_limit_ends_the_connection(octets: bytes) -> None:
    wire = await signed_in(await new_house())
    wire.feed(octets)
    assert await wire.ended() == b"* BYE [TOOBIG] the command is too long\r\n"


async def test_literals_of_a_command_are_bounded_together() -> None:
    wire = await signed_in(await new_house())
    wire.feed(b"a LOGIN " + (b"{102400+}\r\n" + b"x" * 102_400 + b" ") * 11 + b"\r\n")
    assert await heard(wire) == b"a BAD [TOOBIG] the literal is too big\r\n"


async def test_a_thousand_literals_are_too_many() -> None:
    wire = await signed_in(await new_house())
    wire.feed(b"a SEARCH" + b" {1+}\r\nx" * 1_001 + b"\r\n")
    assert b"a NO [LIMIT] one command may not have so many literals\r\n" in await heard(wire)


async def test_garbage_of_all_octets_is_answered_and_ends() -> None:
    wire = await signed_in(await new_house())
    wire.feed(b"\r\n".join(bytes([octet]) * 3 for octet in range(256)) + b"\r\n")
    said = await wire.ended()
    assert said.endswith(b"* BYE too many bad commands\r\n")
    assert not wire.errors


async def test_who_does_not_read_answers_is_not_worked_for() -> None:
    wire = await signed_in(await new_house())
    for _ in range(200):
        wire.feed(b"a CAPABILITY\r\n" * 100)
        await wire.settle()
        if is_held(wire):
            break
    assert is_held(wire)
    assert len(wire.output) < 600_000
    while is_held(wire) or wire.output:
        wire.output.clear()
        wire._drained.set()
        await asyncio.sleep(0)


async def test_held_input_goes_on_where_it_holds_but_a_part_of_a_literal() -> None:
    house = await new_house()
    house.change_port(limits=ImapLimits(buffered_octets=1_000))
    go_on = asyncio.Event()

    async def check_login(said: SignIn, wire: Wire) -> object:
        await go_on.wait()
        return await house._check_login(said, wire)

    house.change_port(check_login=check_login)
    wire = (await house.client(login=False)).wire
    wire.feed(LOGIN)
    await wire.settle()
    wire.feed(b"b CREATE {3000+}\r\n" + b"x" * 2_000)
    assert is_held(wire)
    go_on.set()
    await heard(wire)
    assert not is_held(wire)
    wire.feed(b"x" * 1_000 + b"\r\nc NOOP\r\n")
    said = await heard(wire)
    assert said.startswith(b"b NO [CANNOT]")
    assert said.endswith(b"c OK NOOP done\r\n")


async def test_held_input_goes_on_where_it_is_a_part_of_a_password() -> None:
    house = await new_house()
    house.change_port(limits=ImapLimits(buffered_octets=1_000))
    wire = (await house.client(login=False)).wire
    wire.feed(b"a AUTHENTICATE PLAIN\r\n")
    assert await wire.line() == b"+ "
    wire.feed(b"A" * 2_000)
    await heard(wire)
    assert not wire.held
    wire.feed(b"\r\n")
    assert await heard(wire) == b"a BAD PLAIN has three parts, parted by NUL\r\n"


class SlowBlobs(MemoryBlobs):
    """Files that take nothing until they may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_write = asyncio.Event()

    async def create(self, name: str) -> MemoryBlobWriter:
        await self.may_write.wait()
        return await super().create(name)


async def test_a_slow_disk_stops_the_reading_of_a_large_message() -> None:
    blobs = SlowBlobs()
    house = await new_house(blobs)
    wire = await signed_in(house)
    wire.feed(b"a APPEND INBOX {%d+}\r\n" % (10 << 20))
    piece = b"x" * 65_536
    fed = 0
    while not is_held(wire):
        wire.feed(piece)
        fed += len(piece)
        await asyncio.sleep(0)
    assert fed < 1 << 20
    blobs.may_write.set()
    while fed < 10 << 20:
        if not is_held(wire):
            wire.feed(piece)
            fed += len(piece)
        await asyncio.sleep(0)
    wire.feed(b"\r\n")
    assert (await wire.line()).endswith(b" 1] APPEND done")


# Patience.


async def test_strangers_get_less_patience_than_users() -> None:
    client = await (await new_house()).client(login=False)
    assert client.wire.wait_seconds == 60
    await client.ok(LOGIN[3:-2])
    assert client.wire.wait_seconds == 1800


@pytest.mark.parametrize(
    "before",
    [b"", b"a IDLE\r\n", b"a APPEND INBOX {5+}\r\nHel", b"a NOO"],
    ids=["nothing", "idle", "half a message", "half a command"],
)
async def test_silence_ends_the_session(before: bytes) -> None:
    wire = await signed_in(await new_house())
    wire.feed(before)
    await heard(wire)
    wire.session.timed_out()
    assert await wire.ended() == TIMED_OUT


async def test_silence_in_the_middle_of_authenticate_ends_the_session() -> None:
    wire = (await (await new_house()).client(login=False)).wire
    wire.feed(b"a AUTHENTICATE PLAIN\r\n")
    assert await wire.line() == b"+ "
    wire.session.timed_out()
    assert await wire.ended() == TIMED_OUT


@pytest.mark.parametrize(
    ("began", "rest"),
    [
        (b"a APPEND INBOX {5+}\r\nHel", b"lo\r\n"),
        (b"a APPEND INBOX {5+}\r\n", b"Hello\r\n"),
        (b"a CREATE {5+}\r\nHel", b"lo\r\n"),
        (b"a FETCH {5+}\r\nHel", b"lo\r\n"),
        (b"a APPEND Nowhere {5+}\r\nHel", b"lo\r\n"),
        (b"a APPEND INBOX {5+}\r\nH\0l", b"lo\r\n"),
    ],
    ids=["a message", "its first octet", "a name", "a bad command", "refused", "broken off"],
)
async def test_a_literal_that_was_begun_must_go_on_soon(began: bytes, rest: bytes) -> None:
    wire = await signed_in(await new_house())
    wire.feed(began)
    await heard(wire)
    assert wire.wait_seconds == 60
    wire.feed(rest)
    await heard(wire)
    assert wire.wait_seconds == 1800
    wire.feed(began)
    await heard(wire)
    wire.session.timed_out()
    assert (await wire.ended()).endswith(TIMED_OUT)


async def test_a_client_that_was_asked_for_a_literal_must_send_it_soon() -> None:
    wire = await signed_in(await new_house())
    wire.feed(b"a APPEND INBOX {5}\r\n")
    assert await wire.line() == b"+ go ahead"
    await wire.settle()
    assert wire.wait_seconds == 60


async def test_a_client_that_waits_for_us_has_time() -> None:
    house = await new_house()
    go_on = asyncio.Event()

    async def check_login(*_: object) -> object:
        return await go_on.wait()

    house.change_port(check_login=check_login)
    wire = (await house.client(login=False)).wire
    wire.feed(LOGIN)
    await wire.settle()
    wire.session.timed_out()
    assert await heard(wire) == b""
    assert not wire.closed


# The end.


@pytest.mark.parametrize(
    "before",
    [b"", b"a IDLE\r\n", b"a APPEND INBOX {5+}\r\nHel", b"a NOO"],
    ids=["nothing", "idle", "half a message", "half a command"],
)
async def test_a_stopping_server_takes_leave(before: bytes) -> None:
    wire = await signed_in(await new_house())
    wire.feed(before)
    await heard(wire)
    wire.session.stop()
    assert await wire.ended() == STOPPING


async def test_a_stopping_server_does_not_wait_for_a_password() -> None:
    wire = (await (await new_house()).client(login=False)).wire
    wire.feed(b"a AUTHENTICATE PLAIN\r\n")
    assert await wire.line() == b"+ "
    wire.session.stop()
    assert await wire.ended() == STOPPING


async def test_a_stopping_server_files_what_has_come_and_answers() -> None:
    wire = await signed_in(await new_house())
    wire.feed(b"a APPEND INBOX {5+}\r\nHello\r\nb NOOP\r\n")
    await asyncio.sleep(0)
    wire.session.stop()
    said = await wire.ended()
    assert b" 1] APPEND done\r\n" in said
    assert said.endswith(STOPPING)
    assert b"b OK" not in said


async def test_a_peer_that_closed_its_side_still_hears_the_answers() -> None:
    wire = await signed_in(await new_house())
    wire.feed(b"a NOOP\r\nb APPEND INBOX {5+}\r\nHello\r\nc NOOP\r\n")
    wire.end()
    said = await wire.ended()
    assert said.startswith(b"a OK")
    assert said.endswith(b"c OK NOOP done\r\n")


@pytest.mark.parametrize(
    "before",
    [b"", b"a IDLE\r\n", b"a APPEND INBOX {5+}\r\nHel", b"a NOO"],
    ids=["nothing", "idle", "half a message", "half a command"],
)
async def test_a_peer_that_closed_is_closed(before: bytes) -> None:
    wire = await signed_in(await new_house())
    wire.feed(before)
    await heard(wire)
    wire.end()
    assert await wire.ended() == b""


LARGE = b"x" * 200_000


@pytest.mark.parametrize(
    "sent",
    [
        b"a APPEND INBOX {300000+}\r\n" + LARGE,
        b"a APPEND INBOX {200000+}\r\n" + LARGE,
        b"a APPEND INBOX {200000+}\r\n" + LARGE + b" and more\r\n",
        b"a APPEND INBOX {200000+}\r\n" + LARGE + b"y" * 20_000,
    ],
    ids=["half", "whole", "bad command", "line too long"],
)
@pytest.mark.parametrize("turns", [0, 1, 3, 50], ids="after {} turns".format)
async def test_nothing_is_left_of_a_message_that_broke_off(sent: bytes, turns: int) -> None:
    house = await new_house()
    wire = await signed_in(house)
    wire.feed(sent)
    for _ in range(turns):
        await asyncio.sleep(0.0005)
    wire.lose()
    for _ in range(5_000):
        await asyncio.sleep(0.001)
        if not house.tasks and not wire._tasks:
            break
    assert (house.blobs.files, house.blobs.unsynced) == ({}, {})
    assert await count_blobs(house) == 0
    assert not wire.errors


async def test_nobody_listens_for_a_login_that_selected_nothing() -> None:
    house = await new_house()
    for last in ("LOGOUT", "NOOP"):
        client = await house.client()
        await client.ask(last)
        client.wire.lose()
        await client.wire.settle()
    bus = house.store.bus
    assert isinstance(bus, ListBus)
    assert bus.listening == 0


async def test_nobody_listens_for_a_connection_that_is_gone() -> None:
    house = await new_house()
    client = await house.client()
    await client.ok("SELECT INBOX")
    client.wire.feed(b"x IDLE\r\n")
    await heard(client.wire)
    client.wire.lose()
    await client.wire.settle()
    other = await house.client()
    await other.append(b"Hello")
    assert not client.wire._tasks
    assert await heard(client.wire) == b""


# Messages that cannot be kept.


class FailingWriter(MemoryBlobWriter):
    """A file on a disk without room. on_sync: whether that shows only when it is synced."""

    on_sync = False

    async def write(self, octets: bytes) -> None:
        if not self.on_sync:
            raise OSError(errno.ENOSPC, "no space")
        await super().write(octets)

    async def sync(self) -> None:
        raise OSError(errno.ENOSPC, "no space")


class FailingBlobs(MemoryBlobs):
    """Files on a disk without room."""

    def __init__(self, *, on_sync: bool) -> None:
        super().__init__()
        self.on_sync = on_sync

    async def create(self, name: str) -> MemoryBlobWriter:
        await super().create(name)
        writer = FailingWriter(self, name)
        writer.on_sync = self.on_sync
        return writer


@pytest.mark.parametrize("on_sync", [False, True], ids=["write", "sync"])
async def test_a_message_that_cannot_be_kept_is_refused_and_the_session_goes_on(
    on_sync: bool,
) -> None:
    house = await new_house(FailingBlobs(on_sync=on_sync))
    client = await house.client()
    answer = await client.ask(b"APPEND INBOX {200000+}\r\n" + LARGE)
    assert answer == [b"NO [UNAVAILABLE] there is no room at the moment (c1)"]
    assert await client.ok("NOOP") == []
    assert await client.ok("STATUS INBOX (MESSAGES)") == [b"* STATUS INBOX (MESSAGES 0)"]


async def test_a_client_signed_in_twice_is_two_sessions() -> None:
    house = await new_house()
    one, two = await house.client(), await house.client()
    await one.ok("SELECT INBOX")
    await two.append(b"Hello")
    assert await one.ok("NOOP") == [b"* 1 EXISTS", b"* 1 RECENT"]
    assert isinstance(one, ImapClient)
