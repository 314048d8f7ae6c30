"""HTTP on our own listeners, over real sockets: bounds, slow peers, odd peers, a graceful end."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from roost.adapters.process import peer_uid
from roost.ports.log_events import Event
from roost.testing.clock import StoppedClock
from roost.testing.log import ListLog
from roost.web.http_server import HttpLimits, HttpServer

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
UPGRADE = b"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
USUAL = HttpLimits()
QUICK = HttpLimits(head_seconds=0.1, body_seconds=0.1, write_seconds=0.1, idle_seconds=1)


class Client:
    """One connection, spoken to in octets."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()

    async def ask(self, octets: bytes) -> tuple[int, bytes]:
        """One answer to these octets."""
        await self.send(octets)
        return await self.answer()

    async def answer(self) -> tuple[int, bytes]:
        head = await self.reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"(?i)content-length: (\d+)", head)
        length = int(found[1]) if found else 0
        return int(head.split(b" ")[1]), await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """What comes until the server closes."""
        try:
            return await asyncio.wait_for(self.reader.read(), 5)
        except ConnectionError:
            return b""

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            pass  # the server was first


class Echo(asyncio.Protocol):
    """Another protocol: it says everything again."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        transport.set_protocol(self)
        transport.write(b"hello ")

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


class House:
    """A server on a socket. begun: set when the slow request is under way; go_on ends it."""

    def __init__(self, limits: HttpLimits) -> None:
        self.log = ListLog()
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.server = HttpServer(self._app, StoppedClock(), self.log, peer_uid, limits)
        self.port = 0
        self.path = ""
        self.clients: list[Client] = []

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.url.path == "/broken":
            raise RuntimeError("a bug")
        if request.url.path == "/slow":
            self.begun.set()
            await self.go_on.wait()
        if request.url.path == "/large":
            await PlainTextResponse(b"x" * 20_000_000)(scope, receive, send)
            return
        if request.url.path == "/echo":
            self.begun.set()
            await self.go_on.wait()
            scope["state"]["switch"]("echo", Echo)
            return
        if request.url.path == "/early":
            await PlainTextResponse("enough")(scope, receive, send)
            return
        body = b"" if request.method == "GET" else await request.body()
        said = {
            "path": request.url.path,
            "body": len(body),
            "uid": request.scope["state"]["peer_uid"],
            "headers": len(request.headers),
        }
        await PlainTextResponse(json.dumps(said))(scope, receive, send)

    async def connect(self) -> Client:
        if self.path:
            client = Client(*await asyncio.open_unix_connection(self.path))
        else:
            client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(client)
        return client


@asynccontextmanager
async def serving(limits: HttpLimits = USUAL, path: Path | None = None) -> AsyncIterator[House]:
    house = House(limits)
    loop = asyncio.get_running_loop()
    if path is not None:
        house.path = str(path)
        listening = await loop.create_unix_server(house.server.protocol, house.path)
    else:
        listening = await loop.create_server(house.server.protocol, "127.0.0.1", 0)
        house.port = listening.sockets[0].getsockname()[1]
    try:
        yield house
    finally:
        listening.close()
        house.go_on.set()
        await house.server.close(1)
        for client in house.clients:
            await client.close()


async def test_the_kernel_says_who_asks_on_a_unix_socket(tmp_path: Path) -> None:
    async with serving(path=tmp_path / "s") as house:
        client = await house.connect()
        forged = b"GET / HTTP/1.1\r\nHost: a\r\nX-Peer-Uid: 7\r\npeer_uid: 7\r\n\r\n"
        status, body = await client.ask(forged)
        assert (status, json.loads(body)["uid"]) == (200, os.getuid())
    async with serving() as house:
        assert json.loads((await (await house.connect()).ask(GET))[1])["uid"] is None


async def test_an_answer_has_the_date_and_no_maker() -> None:
    async with serving() as house:
        client = await house.connect()
        await client.send(GET)
        head = (await client.reader.readuntil(b"\r\n\r\n")).lower()
        assert b"date: fri, 02 jan 2026 03:04:05 gmt\r\n" in head
        assert b"server:" not in head


async def test_a_connection_serves_many_requests() -> None:
    async with serving() as house:
        client = await house.connect()
        for _ in range(50):
            assert (await client.ask(GET))[0] == 200


async def test_requests_sent_at_once_are_answered_in_order() -> None:
    async with serving() as house:
        client = await house.connect()
        requests = [GET.replace(b" / ", b" /%d " % number) for number in range(10)]
        await client.send(b"".join(requests))
        answers = [json.loads((await client.answer())[1])["path"] for _ in requests]
        assert answers == [f"/{number}" for number in range(10)]


async def test_octets_cut_anywhere_make_the_same_request() -> None:
    async with serving() as house:
        client = await house.connect()
        for octet in b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc":
            await client.send(bytes([octet]))
        assert json.loads((await client.answer())[1])["body"] == 3


async def test_http_1_0_is_answered_and_closed() -> None:
    async with serving() as house:
        client = await house.connect()
        status, _ = await client.ask(b"GET / HTTP/1.0\r\n\r\n")
        assert status == 200
        assert await client.rest() == b""


async def test_expect_100_continue_is_answered_before_the_body() -> None:
    async with serving() as house:
        client = await house.connect()
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        assert (await client.ask(head))[0] == 100
        status, body = await client.ask(b"abc")
        assert (status, json.loads(body)["body"]) == (200, 3)


@pytest.mark.parametrize("more", [1, 3])
async def test_an_upgrade_is_not_taken_and_the_request_is_answered(more: int) -> None:
    async with serving() as house:
        client = await house.connect()
        await client.send(UPGRADE.replace(b"/echo", b"/") * more + GET)
        for _ in range(more + 1):
            assert (await client.answer())[0] == 200
        assert house.log.events == []


SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"


async def test_an_upgrade_gives_the_connection_away_with_what_came_behind() -> None:
    async with serving(QUICK) as house:
        client = await house.connect()
        await client.send(UPGRADE + b"one \0\r\n\r\n")
        await house.begun.wait()
        await client.send(b"GET / HTTP/1.1 ")
        house.go_on.set()
        wanted = SWITCHED + b"hello one \0\r\n\r\nGET / HTTP/1.1 "
        assert await client.reader.readexactly(len(wanted)) == wanted
        large = bytes(range(256)) * 4_000  # more than a head may have
        await client.send(large)
        assert await client.reader.readexactly(len(large)) == large
        await house.server.close(1)  # ends connections of HTTP, and this is none
        await client.send(b"still here")
        assert await client.reader.readexactly(10) == b"still here"
        assert house.log.events == []


async def test_who_goes_before_the_upgrade_is_forgotten() -> None:
    async with serving() as house:
        client = await house.connect()
        await client.send(UPGRADE)
        await house.begun.wait()
        await client.close()
        await house.server.close(0.01)
        house.go_on.set()
        await asyncio.sleep(0)
        assert house.log.events == []


async def test_octets_that_wait_for_an_upgrade_are_bounded() -> None:
    async with serving() as house:
        client = await house.connect()
        await client.send(UPGRADE + bytes(40_000))
        assert await client.rest() == b""


@pytest.mark.parametrize(
    "octets",
    [b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", UPGRADE.replace(b"/1.1", b"/1.0")],
    ids=["no upgrade", "HTTP/1.0"],
)
async def test_a_switch_is_there_only_for_who_asks(octets: bytes) -> None:
    async with serving() as house:
        house.go_on.set()
        client = await house.connect()
        assert (await client.ask(octets))[0] == 500


@pytest.mark.parametrize("field", [b"Content-Length: 41", b"Transfer-Encoding: chunked"])
async def test_an_upgrade_has_no_body_that_could_be_taken_for_a_request(field: bytes) -> None:
    async with serving() as house:
        house.go_on.set()
        client = await house.connect()
        head = UPGRADE.replace(b"\r\n\r\n", b"\r\n" + field + b"\r\n\r\n")
        assert (await client.ask(head + GET))[0] == 400
        assert await client.rest() == b""


async def test_an_upgrade_behind_another_request_waits_for_its_answer() -> None:
    async with serving() as house:
        house.go_on.set()
        client = await house.connect()
        await client.send(GET + UPGRADE + b"GET / HTTP/1.1 ")
        assert (await client.answer())[0] == 200
        wanted = SWITCHED + b"hello GET / HTTP/1.1 "
        assert await client.reader.readexactly(len(wanted)) == wanted


@pytest.mark.parametrize(
    "octets",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"EHLO me\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost a\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -3\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        bytes(range(256)) * 300,
    ],
    ids=["TLS", "SMTP", "version", "path", "field", "two lengths", "length", "chunk", "octets"],
)
async def test_what_is_no_http_is_refused_and_closed(
    octets: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    async with serving() as house:
        client = await house.connect()
        await client.send(octets)
        assert (await client.rest())[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 431", b"")
        assert house.log.events == []
    assert capfd.readouterr() == ("", "")


async def test_a_head_of_32_kib_is_taken_and_a_longer_one_is_not() -> None:
    async with serving() as house:
        client = await house.connect()
        fits = b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 32_600 + b"\r\n\r\n"
        assert (await client.ask(fits))[0] == 200
        assert (await client.ask(fits.replace(b"X: ", b"X: " + b"x" * 200)))[0] == 431
        assert await client.rest() == b""


@pytest.mark.parametrize(
    "piece",
    [b"X: y\r\n", b"x" * 1000, b"X: " + b"y" * 500 + b"\r\n", b"GET /" + b"y" * 100],
    ids=["fields", "one name", "long fields", "a line"],
)
async def test_a_head_without_end_is_cut_off(piece: bytes) -> None:
    async with serving() as house:
        client = await house.connect()
        await client.send(b"GET / HTTP/1.1\r\n")
        sent = 0
        try:
            while sent < 10_000_000:
                await client.send(piece * 100)
                sent += len(piece) * 100
                await asyncio.sleep(0)
        except ConnectionError:
            pass
        assert sent < 10_000_000
        assert (await client.rest())[:12] in (b"HTTP/1.1 431", b"HTTP/1.1 400", b"")


@pytest.mark.parametrize(
    "piece",
    [b"1;" + b"x" * 1000 + b"\r\nx\r\n", b"1;" + b"x" * 100_000, b"0\r\n" + b"X: y\r\n" * 500],
    ids=["extensions", "one extension", "trailers"],
)
async def test_a_body_that_is_all_frame_is_cut_off(piece: bytes) -> None:
    async with serving() as house:
        client = await house.connect()
        await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        await client.send(piece)
        filler = piece.removeprefix(b"0\r\n")
        filler = b"x" * 50_000 if filler.startswith(b"1;" + b"x" * 2000) else filler
        sent = 0
        try:
            while sent < 10_000_000:
                await client.send(filler)
                sent += len(filler)
                await asyncio.sleep(0)
        except ConnectionError:
            pass
        assert sent < 10_000_000


async def test_a_body_in_chunks_of_one_octet_is_taken() -> None:
    async with serving() as house:
        client = await house.connect()
        await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(100):
            await client.send(b"1\r\nx\r\n" * 200)
        status, body = await client.ask(b"0\r\n\r\n")
        assert (status, json.loads(body)["body"]) == (200, 20_000)


async def test_a_flood_of_requests_behind_a_slow_one_is_cut_off() -> None:
    async with serving() as house:
        client = await house.connect()
        await client.send(GET.replace(b" / ", b" /slow ") + GET * 3000)
        assert await client.rest() == b""


async def test_a_body_that_nobody_wants_ends_with_the_answer() -> None:
    async with serving() as house:
        client = await house.connect()
        head = b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n"
        assert await client.ask(head) == (200, b"enough")
        assert (await client.ask(b"x" * 500_000 + GET))[0] == 200


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n",
        b"GET / HTTP/1.1\r\nHo",
        GET + b"GET / HT",
        GET + b"\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
    ],
    ids=["silence", "line end", "head", "second head", "line end behind", "body"],
)
async def test_who_is_too_slow_is_closed(octets: bytes) -> None:
    async with serving(QUICK) as house:
        client = await house.connect()
        await client.send(octets)
        if octets.startswith(GET):
            assert (await client.answer())[0] == 200
        assert await client.rest() == b""


async def test_who_does_not_take_the_answer_is_closed() -> None:
    async with serving(QUICK) as house:
        client = await house.connect()
        await client.send(GET.replace(b" / ", b" /large "))
        await asyncio.sleep(0.3)
        assert len(await client.rest()) < 20_000_000


async def test_a_slow_answer_has_time() -> None:
    async with serving(QUICK) as house:
        client = await house.connect()
        await client.send(GET.replace(b" / ", b" /slow "))
        await house.begun.wait()
        await asyncio.sleep(0.15)
        house.go_on.set()
        assert (await client.answer())[0] == 200


async def test_closing_waits_for_the_request_under_way_and_ends_idle_connections() -> None:
    async with serving() as house:
        busy, idle = await house.connect(), await house.connect()
        assert (await idle.ask(GET))[0] == 200
        await busy.send(GET.replace(b" / ", b" /slow "))
        await house.begun.wait()
        closing = asyncio.ensure_future(house.server.close(5))
        assert await idle.rest() == b""
        assert not closing.done()
        house.go_on.set()
        assert (await busy.answer())[0] == 200
        assert await busy.rest() == b""
        await closing


async def test_closing_lets_a_large_answer_leave() -> None:
    async with serving() as house:
        client = await house.connect()
        await client.send(GET.replace(b" / ", b" /large "))
        await asyncio.sleep(0.05)
        closing = asyncio.ensure_future(house.server.close(5))
        assert len((await client.answer())[1]) == 20_000_000
        await closing


async def test_closing_does_not_wait_for_ever() -> None:
    async with serving() as house:
        client = await house.connect()
        await client.send(GET.replace(b" / ", b" /slow "))
        await house.begun.wait()
        await house.server.close(0.05)
        assert await client.rest() == b""


async def test_closing_without_connections_is_done_at_once() -> None:
    async with serving() as house:
        await asyncio.wait_for(house.server.close(60), 1)


async def test_a_bug_is_in_the_log_and_not_in_the_answer() -> None:
    async with serving() as house:
        client = await house.connect()
        status, body = await client.ask(GET.replace(b" / ", b" /broken "))
        assert (status, body) == (500, b"Internal Server Error")
        (logged,) = house.log.named(Event.COMMAND_FAILED)
        assert isinstance(logged.error, RuntimeError)
