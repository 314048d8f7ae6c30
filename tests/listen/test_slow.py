"""A connection that was slowed down, as its peer sees it, on both loops."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_address

import pytest

from roost.adapters.certificate import make_self_signed
from roost.adapters.clock import SystemClock
from roost.adapters.metrics import Metrics
from roost.adapters.tls import TlsServer
from roost.adapters.tls_context import ServerOptions, TlsContexts, choose_by_name
from roost.listen.cid import ConnectionIds
from roost.listen.limits import AddressLimits, ConnectionCap, LimitSettings
from roost.listen.server import Server
from roost.listen.service import Service, SlowTimes, Timeouts
from roost.listen.slow import MAX_WAITING_OCTETS
from roost.listen.sockets import bind_tcp
from roost.ports.net import ConnectionLost, Wire
from roost.testing.clock import StoppedClock
from roost.testing.line_peer import LinePeer
from roost.testing.log import ListLog

QUICK = SlowTimes(step_seconds=0.002, answer_seconds=5.0, whole_seconds=30.0)


class Echo:
    """Says each line back; some lines do something beside."""

    def __init__(self) -> None:
        self.wire: Wire
        self.pending = b""
        self.reads = 0
        self.over = asyncio.Event()
        self.room_times: list[float] = []

    def opened(self, wire: Wire) -> None:
        self.wire = wire

    def receive(self, octets: bytes) -> None:
        self.reads += 1
        self.pending += octets
        while b"\n" in self.pending:
            line, _, self.pending = self.pending.partition(b"\n")
            self.do(line)

    def do(self, line: bytes) -> None:
        if line == b"slow":
            self.wire.slow_down()
        elif line == b"fast":
            self.wire.speed_up()
        elif line == b"starttls":
            self.wire.send(b"go ahead\n")
            self.wire.start_tls()
            return
        elif line == b"room":
            self.wire.spawn(self.room())
        elif line == b"flood":
            self.wire.send(bytes(MAX_WAITING_OCTETS + 1))
        elif line == b"hold":
            self.wire.hold()
        self.wire.send(line + b"\n")
        if line == b"quit":
            self.wire.close()

    async def room(self) -> None:
        try:
            await self.wire.room()
        except ConnectionLost:
            return
        self.wire.send(b"there is room\n")

    def tls_started(self) -> None:
        self.wire.send(b"secure\n")

    def peer_closed(self) -> None:
        self.wire.close()

    def timed_out(self) -> None:
        self.wire.close()

    def stop(self) -> None:
        self.wire.close()

    def lost(self) -> None:
        self.over.set()


class House:
    """A service of Echo sessions on a loopback port."""

    def __init__(self, slow: SlowTimes, most: int, tls: TlsServer | None) -> None:
        self.sessions: list[Echo] = []
        self.slow_cap = ConnectionCap(most)
        service = Service(
            "toy",
            self._new_session,
            ConnectionIds(bytes(16)),
            ListLog(),
            Metrics().connections,
            tls=tls,
            timeouts=Timeouts(slow=slow, linger_seconds=0.05),
            slow_cap=self.slow_cap,
        )
        limits = AddressLimits(StoppedClock(), LimitSettings())
        self.server = Server(service, limits, ConnectionCap(), b"")
        self.port = 0

    def _new_session(self) -> Echo:
        self.sessions.append(Echo())
        return self.sessions[-1]

    async def start(self) -> None:
        self.port = (await self.server.listen(bind_tcp(ip_address("127.0.0.1"), 0))).port


Go = Callable[..., Awaitable[tuple[House, LinePeer]]]


@pytest.fixture
async def go() -> AsyncIterator[Go]:
    """Opens a house and a first connection to it."""
    opened: list[tuple[House, LinePeer]] = []

    async def connect(
        slow: SlowTimes = QUICK, *, most: int = 10, tls: TlsServer | None = None
    ) -> tuple[House, LinePeer]:
        house = House(slow, most, tls)
        await house.start()
        client = LinePeer(*await asyncio.open_connection("127.0.0.1", house.port), line_end=b"\n")
        opened.append((house, client))
        return house, client

    yield connect
    for house, client in opened:
        client.writer.transport.abort()
        await house.server.stop(0.0)
        assert house.slow_cap.taken == 0


async def test_answers_leave_an_octet_at_a_time(go: Go) -> None:
    _, client = await go()
    assert await client.ask(b"slow") == b"slow"
    began = time.monotonic()
    assert await client.ask(b"0123456789" * 3) == b"0123456789" * 3
    assert time.monotonic() - began >= 31 * QUICK.step_seconds * 0.9


async def test_the_rest_of_an_answer_leaves_at_once_before_its_reader_gives_up(go: Go) -> None:
    _, client = await go(SlowTimes(step_seconds=0.005, answer_seconds=0.02, whole_seconds=30.0))
    await client.ask(b"slow")
    assert await client.ask(b"x" * 10_000) == b"x" * 10_000


async def test_nothing_is_read_while_an_answer_is_on_its_way(go: Go) -> None:
    house, client = await go(SlowTimes(step_seconds=0.005, answer_seconds=30.0, whole_seconds=30.0))
    await client.ask(b"slow")
    client.say(b"a line of twenty-six octets\n")
    while house.sessions[0].reads < 2:
        await asyncio.sleep(0.001)
    client.say(b"more\n")
    assert await asyncio.wait_for(client.reader.readexactly(5), 5) == b"a lin"
    assert house.sessions[0].reads == 2
    assert await client.line() == b"e of twenty-six octets"
    assert await client.line() == b"more"


async def test_whoever_makes_us_say_too_much_is_cut_off(go: Go) -> None:
    house, client = await go()
    await client.ask(b"slow")
    client.say(b"flood\n")
    await client.cut()
    await asyncio.wait_for(house.sessions[0].over.wait(), 5)


async def test_a_session_waits_until_its_answer_has_left(go: Go) -> None:
    _, client = await go()
    await client.ask(b"slow")
    assert await client.ask(b"room") == b"room"
    assert await client.line() == b"there is room"


async def test_speeding_up_sends_what_waits_at_once(go: Go) -> None:
    _, client = await go(SlowTimes(step_seconds=0.02, answer_seconds=30.0, whole_seconds=30.0))
    began = time.monotonic()
    client.say(b"slow\n" + b"x" * 5_000 + b"\nfast\n")
    assert [await client.line() for _ in range(3)] == [b"slow", b"x" * 5_000, b"fast"]
    assert await client.ask(b"y" * 5_000) == b"y" * 5_000
    assert time.monotonic() - began < 5


async def test_last_words_are_said_at_once(go: Go) -> None:
    _, client = await go(SlowTimes(step_seconds=0.02, answer_seconds=30.0, whole_seconds=30.0))
    client.say(b"slow\nquit\n")
    assert await client.cut() == b"slow\nquit\n"


async def test_a_slow_connection_ends_after_some_minutes_whatever_it_does(go: Go) -> None:
    house, client = await go(SlowTimes(step_seconds=0.001, answer_seconds=1.0, whole_seconds=0.05))
    await client.ask(b"slow")
    await client.cut()
    await asyncio.wait_for(house.sessions[0].over.wait(), 5)


async def test_so_many_may_be_slow_and_further_ones_are_closed(go: Go) -> None:
    house, client = await go(most=1)
    await client.ask(b"slow")
    other = LinePeer(*await asyncio.open_connection("127.0.0.1", house.port), line_end=b"\n")
    other.say(b"slow\n")
    assert await other.cut() == b""
    other.writer.close()
    assert await client.ask(b"fast") == b"fast"
    third = LinePeer(*await asyncio.open_connection("127.0.0.1", house.port), line_end=b"\n")
    assert await third.ask(b"slow") == b"slow"
    third.writer.transport.abort()


async def test_one_that_holds_reading_goes_on_to_hold_it(go: Go) -> None:
    house, client = await go()
    await client.ask(b"slow")
    assert await client.ask(b"hold") == b"hold"
    client.say(b"unread\n")
    await asyncio.sleep(0.02)
    assert house.sessions[0].reads == 2
    house.sessions[0].wire.resume()
    assert await client.line() == b"unread"


async def test_starttls_of_a_slow_connection_is_not_lost(go: Go) -> None:
    certified = make_self_signed(["mx.test"], SystemClock())
    contexts = TlsContexts(SystemClock(), ServerOptions())
    tls = TlsServer(choose_by_name(contexts, lambda _: certified), hello_seconds=2.0)
    _, client = await go(tls=tls)
    await client.ask(b"slow")
    assert await client.ask(b"starttls") == b"go ahead"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    await asyncio.wait_for(client.writer.start_tls(context, server_hostname="mx.test"), 5)
    assert await client.line() == b"secure"
    assert await client.ask(b"still slow") == b"still slow"
