"""A session behind a real socket, as its peer sees it, on both loops."""

import asyncio
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from roost.adapters.certificate import make_self_signed
from roost.adapters.clock import SystemClock
from roost.adapters.tls import TlsServer
from roost.adapters.tls_context import ServerOptions, TlsContexts, choose_by_name
from roost.listen.cid import ConnectionIds
from roost.listen.limits import AddressLimits, ConnectionCap, LimitSettings
from roost.listen.server import Server
from roost.listen.service import Service, Timeouts
from roost.listen.sockets import bind_tcp, bind_unix
from roost.ports.log_events import Event
from roost.ports.net import ConnectionLost, TlsFacts, Wire
from roost.testing.clock import StoppedClock
from roost.testing.line_peer import LinePeer
from roost.testing.log import ListLog

LOOPBACK = ip_address("127.0.0.1")
TIMEOUTS = Timeouts()
LIMITS = LimitSettings()
REFUSAL = b"421 4.7.0 too many connections\r\n"


class Lines:
    """A toy session: one command a line, some of them odd."""

    def __init__(self) -> None:
        self.wire: Wire
        self.pending = b""
        self.events: list[str] = []
        self.over = asyncio.Event()
        self.received: list[bytes] = []
        self.go_on = asyncio.Event()

    def opened(self, wire: Wire) -> None:
        self.wire = wire
        self.events.append("opened")
        wire.send(b"hello\r\n")

    def receive(self, octets: bytes) -> None:
        self.received.append(octets)
        self.pending += octets
        while b"\r\n" in self.pending:
            line, _, self.pending = self.pending.partition(b"\r\n")
            verb, _, argument = line.decode().partition(" ")
            command = getattr(self, f"do_{verb}", None)
            if command is None:
                self.wire.send(line + b"\r\n")
            else:
                command(argument)

    def tls_started(self) -> None:
        self.pending = b""
        self.events.append("tls")

    def peer_closed(self) -> None:
        self.events.append("peer_closed")
        self.wire.send(b"you left\r\n")
        self.wire.close()

    def timed_out(self) -> None:
        self.wire.send(b"too slow\r\n")
        self.wire.close()

    def stop(self) -> None:
        self.wire.send(b"421 stopping\r\n")
        self.wire.close()

    def lost(self) -> None:
        self.events.append("lost")
        self.over.set()

    # Commands.

    def do_quit(self, _: str) -> None:
        self.wire.send(b"bye\r\n")
        self.wire.close()

    def do_stay(self, _: str) -> None:
        self.stop = lambda: None  # type: ignore[method-assign]

    def do_wait(self, argument: str) -> None:
        self.wire.wait_at_most(float(argument))

    def do_starttls(self, _: str) -> None:
        self.wire.send(b"ready\r\n")
        self.wire.start_tls()

    def do_compress(self, _: str) -> None:
        self.wire.send(b"ok\r\n")
        self.wire.compress()

    def do_raise(self, _: str) -> None:
        raise RuntimeError("a bug")

    def do_task(self, argument: str) -> None:
        self.wire.spawn(self.task(argument))

    async def task(self, argument: str) -> None:
        if argument == "raise":
            raise RuntimeError("a bug in a task")
        await self.go_on.wait()
        self.wire.send(b"done\r\n")

    def do_fill(self, argument: str) -> None:
        self.wire.spawn(self.fill(int(argument)))

    async def fill(self, count: int) -> None:
        for _ in range(count):
            self.wire.send(bytes(16 * 1024))
            await self.wire.room()

    def do_hold(self, _: str) -> None:
        self.wire.hold()

    def do_many(self, argument: str) -> None:
        for number in range(int(argument)):
            self.wire.send(b"%d " % number)
        self.wire.send(b"\r\n")


class Counts:
    """Remembers what was counted."""

    def __init__(self) -> None:
        self.events: list[tuple[str, ...]] = []

    def opened(self, service: str) -> None:
        self.events.append(("opened", service))

    def closed(self, service: str, seconds: float) -> None:
        assert seconds >= 0
        self.events.append(("closed", service))

    def refused(self, service: str, reason: str) -> None:
        self.events.append(("refused", service, reason))

    def tls_failed(self, service: str, reason: str) -> None:
        self.events.append(("tls_failed", service, reason))


class House:
    """One service on a loopback port."""

    def __init__(
        self,
        *,
        implicit_tls: bool = False,
        tls: TlsServer | None = None,
        timeouts: Timeouts = TIMEOUTS,
        limits: LimitSettings = LIMITS,
        cap: int = 100,
    ) -> None:
        self.sessions: list[Lines] = []
        self.log = ListLog()
        self.metrics = Counts()
        service = Service(
            name="toy",
            new_session=self.new_session,
            ids=ConnectionIds(b"sixteen octets.."),
            log=self.log,
            metrics=self.metrics,
            tls=tls,
            implicit_tls=implicit_tls,
            timeouts=timeouts,
        )
        self.cap = ConnectionCap(cap)
        self.limits = AddressLimits(StoppedClock(), limits)
        self.server = Server(service, self.limits, self.cap, REFUSAL)
        self.port = 0

    def new_session(self) -> Lines:
        self.sessions.append(Lines())
        return self.sessions[-1]

    async def start(self) -> "House":
        self.port = (await self.server.listen(bind_tcp(LOOPBACK, 0))).port
        return self


Open = Callable[..., Awaitable[House]]
Connect = Callable[..., Awaitable[LinePeer]]


@pytest.fixture
async def open_house() -> AsyncIterator[Open]:
    houses: list[House] = []

    async def go(**options: object) -> House:
        houses.append(await House(**options).start())  # type: ignore[arg-type]
        return houses[-1]

    yield go
    for house in houses:
        await house.server.stop(0.0)
        assert house.cap.taken == 0
        assert house.limits._open == {}


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    clients: list[LinePeer] = []

    async def go(house: House, **options: object) -> LinePeer:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1",
            house.port,
            **options,  # type: ignore[arg-type]
        )
        clients.append(LinePeer(reader, writer))
        return clients[-1]

    yield go
    for client in clients:
        client.writer.transport.abort()
    await asyncio.sleep(0.002)


@pytest.fixture(scope="module")
def tls() -> TlsServer:
    certified = make_self_signed(["mx.test"], SystemClock())
    contexts = TlsContexts(SystemClock(), ServerOptions())
    return TlsServer(choose_by_name(contexts, lambda _: certified), hello_seconds=1.0)


def client_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def test_octets_go_both_ways(open_house: Open, connect: Connect) -> None:
    house = await open_house()
    client = await connect(house)
    assert await client.line() == b"hello"
    assert await client.ask(b"echo this") == b"echo this"
    assert await client.ask(b"quit") == b"bye"
    assert await client.end() == b""
    client.writer.close()
    await asyncio.wait_for(house.sessions[0].over.wait(), 5)
    wire = house.sessions[0].wire
    assert wire.peer.ip == LOOPBACK
    assert (wire.local.port, wire.tls) == (house.port, None)
    assert house.sessions[0].events == ["opened", "lost"]
    assert house.metrics.events == [("opened", "toy"), ("closed", "toy")]
    assert house.log.named(Event.CONNECTION_CLOSED)[0].facts["connection"] == wire.id


async def test_what_is_sent_in_one_turn_leaves_in_one_write(
    open_house: Open, connect: Connect
) -> None:
    client = await connect(await open_house())
    await client.line()
    client.say(b"many 500\r\n")
    first = await client.reader.read(100_000)
    assert first == b"".join(b"%d " % number for number in range(500)) + b"\r\n"


async def test_a_peer_that_closes_is_still_answered(open_house: Open, connect: Connect) -> None:
    client = await connect(await open_house())
    client.say(b"last words\r\n")
    client.writer.write_eof()
    assert await client.end() == b"hello\r\nlast words\r\nyou left\r\n"


async def test_silence_times_out_and_octets_put_it_off(open_house: Open, connect: Connect) -> None:
    client = await connect(await open_house())
    await client.line()
    client.say(b"wait 0.08\r\n")
    for _ in range(4):
        await asyncio.sleep(0.04)
        assert await client.ask(b"here") == b"here"
    assert await client.line() == b"too slow"
    assert await client.end() == b""


@pytest.mark.parametrize("command", [b"raise", b"task raise"])
async def test_a_bug_ends_its_connection_only(
    open_house: Open, connect: Connect, command: bytes
) -> None:
    house = await open_house()
    client, other = await connect(house), await connect(house)
    await client.line()
    client.say(command + b"\r\n")
    assert await client.cut() == b""
    [logged] = house.log.named(Event.COMMAND_FAILED)
    assert isinstance(logged.error, RuntimeError)
    assert logged.facts["connection"] == house.sessions[0].wire.id
    await other.line()
    assert await other.ask(b"alive") == b"alive"


@pytest.mark.parametrize("encrypted", [False, True], ids=["clear", "TLS"])
async def test_nothing_done_after_the_end_is_an_error(
    open_house: Open, connect: Connect, tls: TlsServer, encrypted: bool
) -> None:
    house = await open_house(tls=tls, implicit_tls=encrypted)
    client = await connect(house, ssl=client_tls() if encrypted else None)
    await client.line()
    session = house.sessions[0]

    def use_all() -> None:
        wire = session.wire
        wire.send(b"x")
        wire.hold()
        wire.resume()
        wire.wait_at_most(1)
        wire.compress()
        wire.send(b"x")
        wire.start_tls()
        wire.close()
        wire.abort()

    session.wire.abort()
    use_all()
    await asyncio.wait_for(session.over.wait(), 5)
    use_all()
    await asyncio.sleep(0.01)
    assert house.log.named(Event.COMMAND_FAILED) == []


async def test_tasks_end_with_their_connection(open_house: Open, connect: Connect) -> None:
    house = await open_house()
    client = await connect(house)
    await client.line()
    client.say(b"task\r\n")
    assert await client.ask(b"x") == b"x"
    session = house.sessions[0]
    [task] = [task for task in asyncio.all_tasks() if "Lines.task" in repr(task)]
    client.writer.transport.abort()
    await asyncio.wait_for(session.over.wait(), 5)
    await asyncio.wait([task])
    assert task.cancelled()
    session.wire.send(b"nobody hears")
    with pytest.raises(ConnectionLost):
        await session.wire.room()
    session.wire.spawn(session.task(""))  # comes too late, and is dropped without a warning


async def test_a_full_output_waits_for_its_reader(open_house: Open, connect: Connect) -> None:
    house = await open_house()
    client = await connect(house)
    await client.line()
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    client.say(b"fill 2000\r\n")
    connection = next(iter(house.server._open))
    largest = 0
    for _ in range(50):
        await asyncio.sleep(0.001)
        largest = max(largest, connection._transport.get_write_buffer_size())
    assert 0 < largest <= 1024 * 1024
    client.writer.transport.resume_reading()  # type: ignore[attr-defined]
    got = 0
    while got < 2000 * 16 * 1024:
        got += len(await client.reader.read(1 << 20))
    assert await client.ask(b"still here") == b"still here"


async def test_a_peer_that_does_not_read_is_dropped(open_house: Open, connect: Connect) -> None:
    house = await open_house(timeouts=Timeouts(write_seconds=0.05))
    client = await connect(house)
    await client.line()
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    client.say(b"fill 2000\r\n")
    session = house.sessions[0]
    await asyncio.wait_for(session.over.wait(), 5)
    with pytest.raises(ConnectionLost):
        await session.wire.room()


async def test_closing_waits_a_little_for_the_peer_and_no_longer(
    open_house: Open, connect: Connect
) -> None:
    house = await open_house(timeouts=Timeouts(linger_seconds=0.03))
    client = await connect(house)
    await client.line()
    assert await client.ask(b"quit") == b"bye"
    client.say(b"not heard any more\r\n")
    await asyncio.sleep(0.01)
    assert house.server.connections == 1
    await asyncio.wait_for(house.sessions[0].over.wait(), 5)
    assert b"not heard" not in b"".join(house.sessions[0].received)


async def test_closing_on_a_peer_that_does_not_read_ends(
    open_house: Open, connect: Connect
) -> None:
    house = await open_house(timeouts=Timeouts(write_seconds=0.05, linger_seconds=0.01))
    client = await connect(house)
    await client.line()
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    house.sessions[0].wire.send(bytes(20 * 1024 * 1024))
    house.sessions[0].wire.close()
    await asyncio.wait_for(house.sessions[0].over.wait(), 5)


async def test_a_long_answer_arrives_whole_before_the_close(
    open_house: Open, connect: Connect
) -> None:
    house = await open_house()
    client = await connect(house)
    await client.line()
    house.sessions[0].wire.send(bytes(5 * 1024 * 1024))
    house.sessions[0].wire.close()
    assert len(await client.end()) == 5 * 1024 * 1024


async def test_reading_can_be_held(open_house: Open, connect: Connect) -> None:
    house = await open_house()
    client = await connect(house)
    await client.line()
    client.say(b"hold\r\n")
    await asyncio.sleep(0.01)
    client.say(b"later\r\n")
    await asyncio.sleep(0.01)
    session = house.sessions[0]
    assert b"later" not in b"".join(session.received)
    session.wire.wait_at_most(0.01)
    await asyncio.sleep(0.03)  # the silence is ours: nobody is timed out
    session.wire.wait_at_most(60)
    session.wire.resume()
    assert await client.line() == b"later"


async def test_implicit_tls(open_house: Open, connect: Connect, tls: TlsServer) -> None:
    house = await open_house(implicit_tls=True, tls=tls)
    client = await connect(house, ssl=client_tls(), server_hostname="mx.test")
    assert await client.line() == b"hello"
    wire = house.sessions[0].wire
    assert isinstance(wire.tls, TlsFacts)
    assert wire.tls.server_name == "mx.test"
    assert not wire.can_start_tls
    assert await client.ask(b"quit") == b"bye"
    assert await client.end() == b""


async def test_a_failed_handshake_is_counted(
    open_house: Open, connect: Connect, tls: TlsServer
) -> None:
    house = await open_house(implicit_tls=True, tls=tls)
    client = await connect(house)
    client.say(b"EHLO mx.test\r\n")
    await client.end()
    assert house.metrics.events == [
        ("opened", "toy"),
        ("tls_failed", "toy", "not_tls"),
        ("closed", "toy"),
    ]
    assert house.sessions[0].events == []
    assert house.server.connections == 0


async def test_starttls(open_house: Open, connect: Connect, tls: TlsServer) -> None:
    house = await open_house(tls=tls)
    client = await connect(house)
    await client.line()
    session = house.sessions[0]
    could_start_tls = session.wire.can_start_tls
    assert could_start_tls
    assert await client.ask(b"starttls") == b"ready"
    await client.writer.start_tls(client_tls(), server_hostname="mx.test")
    assert await client.ask(b"now secret") == b"now secret"
    assert session.events == ["opened", "tls"]
    assert session.wire.tls is not None
    assert not session.wire.can_start_tls
    assert await client.ask(b"quit") == b"bye"
    assert await client.end() == b""


@pytest.mark.parametrize("later", [False, True], ids=["in the same segment", "in the next"])
async def test_words_injected_before_the_handshake_are_not_heard(
    open_house: Open, connect: Connect, tls: TlsServer, later: bool
) -> None:
    house = await open_house(tls=tls)
    client = await connect(house)
    await client.line()
    session = house.sessions[0]
    client.say(b"starttls\r\n" if later else b"starttls\r\ninjected\r\n")
    # The toy is careless and answers what came behind STARTTLS; nobody may hear it.
    assert await client.line() == b"ready"
    if later:
        client.say(b"injected\r\n")
        await client.end()
        assert house.metrics.events[1] == ("tls_failed", "toy", "not_tls")
    else:
        await client.writer.start_tls(client_tls(), server_hostname="mx.test")
        assert await client.ask(b"mine") == b"mine"
        assert session.wire.tls is not None


async def test_close_during_the_handshake_of_starttls(
    open_house: Open, connect: Connect, tls: TlsServer
) -> None:
    house = await open_house(tls=tls)
    client = await connect(house)
    await client.line()
    assert await client.ask(b"starttls") == b"ready"
    house.sessions[0].wire.close()
    await asyncio.wait_for(house.sessions[0].over.wait(), 5)
    assert house.sessions[0].events == ["opened", "lost"]


async def test_compression_both_ways(open_house: Open, connect: Connect) -> None:
    client = await connect(await open_house())
    await client.line()
    assert await client.ask(b"compress") == b"ok"
    deflate, inflate = zlib.compressobj(wbits=-15), zlib.decompressobj(-15)
    for text in (b"one", b"two " * 100):
        octets = deflate.compress(text + b"\r\n") + deflate.flush(zlib.Z_SYNC_FLUSH)
        for octet in octets:
            client.say(bytes([octet]))
        heard = b""
        while not heard.endswith(b"\r\n"):
            heard += inflate.decompress(await client.reader.read(1000))
        assert heard == text + b"\r\n"


async def test_an_inflating_bomb_lets_others_have_their_turn(
    open_house: Open, connect: Connect
) -> None:
    house = await open_house()
    client = await connect(house)
    await client.line()
    assert await client.ask(b"compress") == b"ok"
    deflate = zlib.compressobj(9, wbits=-15)
    bomb = deflate.compress(bytes(30_000_000)) + deflate.flush(zlib.Z_SYNC_FLUSH)
    session = house.sessions[0]
    counted: list[int] = []

    def count(octets: bytes) -> None:
        counted.append(len(octets))

    session.receive = count  # type: ignore[method-assign]
    client.say(bomb)
    turns = 0
    while sum(counted) < 30_000_000:
        await asyncio.sleep(0)
        turns += 1
    assert turns > 50
    assert max(counted) <= 64 * 1024


async def test_damaged_compression_ends_the_connection(open_house: Open, connect: Connect) -> None:
    house = await open_house()
    client = await connect(house)
    await client.line()
    await client.ask(b"compress")
    client.say(b"\xff" * 10)
    await asyncio.wait_for(house.sessions[0].over.wait(), 5)


async def test_stop_lets_sessions_take_leave_and_ends_the_rest(
    open_house: Open, connect: Connect
) -> None:
    house = await open_house(timeouts=Timeouts(linger_seconds=0.01))
    polite, stubborn = await connect(house), await connect(house)
    await polite.line()
    await stubborn.line()
    assert await stubborn.ask(b"stay\r\nsure") == b"sure"
    await house.server.stop(0.1)
    assert await polite.end() == b"421 stopping\r\n"
    assert await stubborn.cut() == b""
    assert house.server.connections == 0
    with pytest.raises(OSError, match=r".*"):
        await connect(house)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"limits": LimitSettings(open=1, exempt_loopback=False)}, "open"),
        ({"limits": LimitSettings(per_minute=1, exempt_loopback=False)}, "rate"),
        ({"cap": 1}, "full"),
    ],
    ids=["open", "rate", "cap"],
)
async def test_one_too_many_is_told_so(
    open_house: Open, connect: Connect, options: dict[str, object], reason: str
) -> None:
    house = await open_house(**options)
    first, second = await connect(house), await connect(house)
    assert await first.line() == b"hello"
    assert await second.end() == REFUSAL
    assert house.metrics.events[-1] == ("refused", "toy", reason)
    assert await first.ask(b"fine") == b"fine"


async def test_a_unix_socket(open_house: Open, tmp_path: Path) -> None:
    house = await open_house()
    path = tmp_path / "s"
    port = await house.server.listen(bind_unix(path))
    assert path.stat().st_mode & 0o777 == 0o660
    reader, writer = await asyncio.open_unix_connection(str(path))
    assert await reader.readline() == b"hello\r\n"
    assert house.sessions[0].wire.peer.ip is None
    writer.close()
    await asyncio.wait_for(house.sessions[0].over.wait(), 5)
    await port.close()


async def test_a_connection_that_others_accepted_is_taken_over(open_house: Open) -> None:
    house = await open_house(cap=1)
    ours, session = [socket.socketpair() for _ in range(2)], Lines()
    for (near, far), said in zip(ours, (b"hello\r\n", REFUSAL), strict=True):
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_accepted_socket(asyncio.Protocol, near)
        house.server.adopt(transport, lambda: session)
        far.setblocking(False)
        assert await loop.sock_recv(far, 100) == said
    assert house.server.connections == 1
    assert house.sessions == []
    assert session.wire.peer.ip is None
    await house.server.stop(0.0)
    assert house.server.connections == 0
    for _, far in ours:
        far.close()


def test_the_clock_of_the_limits_is_an_argument() -> None:
    clock = StoppedClock()
    limits = AddressLimits(clock, LimitSettings(per_minute=1))
    ip = ip_address("192.0.2.1")
    assert limits.admit(ip) is None
    assert limits.admit(ip) is not None
    clock.advance(timedelta(minutes=1))
    assert limits.admit(ip) is None
