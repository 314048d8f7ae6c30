"""A connection in memory: a session on one side, a test on the other."""

import asyncio
from collections.abc import Coroutine
from ipaddress import ip_address
from typing import Any

from roost.ports.net import ConnectionLost, Endpoint, Session, TlsFacts
from roost.proto.sasl.binding import Bindings

HIGH_WATER = 256 * 1024
BINDINGS = Bindings(tls_exporter=b"exporter" * 4, tls_server_end_point=b"endpoint" * 4)
TLS = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", server_name="mx.test", bindings=BINDINGS)


class MemoryWire:
    """A Wire that keeps what the session sends until the test reads it.

    The session starts with `connect`. TLS, compression and slowness are played: facts change,
    octets do not. tls_later: the facts once STARTTLS is done.
    """

    def __init__(
        self,
        session: Session,
        *,
        peer: str = "192.0.2.7",
        tls: TlsFacts | None = None,
        has_certificate: bool = True,
        tls_later: TlsFacts = TLS,
        connection_id: str = "c1",
    ) -> None:
        self.session = session
        self.id = connection_id
        self.peer = Endpoint(ip_address(peer), 40000)
        self.local = Endpoint(ip_address("192.0.2.1"), 25)
        self.tls = tls
        self.closed = False
        self.aborted = False
        self.compressed = False
        self.held = False
        self.slow = False
        self.wait_seconds: float | None = None
        self.output = bytearray()
        self.errors: list[BaseException] = []
        self._has_certificate = has_certificate
        self._tls_later = tls_later
        self._waiting_input = bytearray()
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._drained = asyncio.Event()

    def connect(self) -> "MemoryWire":
        """Open the session; returns self."""
        self.session.opened(self)
        return self

    # What the test does.

    def feed(self, octets: bytes) -> None:
        """Octets from the peer; kept back while the session holds reading."""
        if self.closed:
            return
        if self.held:
            self._waiting_input += octets
        else:
            self.session.receive(octets)

    def end(self) -> None:
        """The peer sends no more."""
        self.session.peer_closed()

    def lose(self) -> None:
        """The connection breaks."""
        self._finish()

    async def line(self, seconds: float = 5.0) -> bytes:
        """The next line sent, without its CRLF; TimeoutError, or EOFError at the end."""
        async with asyncio.timeout(seconds):
            while (end := self.output.find(b"\r\n")) < 0:
                if self.closed:
                    raise EOFError(bytes(self.output))
                self._news.clear()
                await self._news.wait()
        line = bytes(self.output[:end])
        del self.output[: end + 2]
        self._drained.set()
        return line

    async def octets(self, count: int, seconds: float = 5.0) -> bytes:
        """Exactly `count` octets of what is sent; TimeoutError, or EOFError at the end."""
        taken = bytearray()
        async with asyncio.timeout(seconds):
            while len(taken) < count:
                if not self.output:
                    if self.closed:
                        raise EOFError(bytes(taken))
                    self._news.clear()
                    await self._news.wait()
                piece = self.output[: count - len(taken)]
                del self.output[: len(piece)]
                taken += piece
                self._drained.set()
        return bytes(taken)

    async def ended(self, seconds: float = 5.0) -> bytes:
        """Wait until the session closed; returns what it had sent and nobody read."""
        async with asyncio.timeout(seconds):
            while not self.closed:
                self._news.clear()
                await self._news.wait()
        return bytes(self.output)

    async def rest(self, seconds: float = 5.0) -> None:
        """Wait until the session has nothing left to do; TimeoutError."""
        async with asyncio.timeout(seconds):
            while self._tasks:
                await asyncio.wait(self._tasks)
                await asyncio.sleep(0)

    async def settle(self) -> None:
        """Let tasks that can go on do so; those that wait for something outside are left."""
        for _ in range(20):
            await asyncio.sleep(0)

    # What the session does.

    @property
    def can_start_tls(self) -> bool:
        return self._has_certificate and self.tls is None

    def send(self, octets: bytes) -> None:
        if self.closed:
            return
        self.output += octets
        self._news.set()

    async def room(self) -> None:
        while len(self.output) > HIGH_WATER and not self.closed:
            self._drained.clear()
            await self._drained.wait()
        if self.closed:
            raise ConnectionLost

    def start_tls(self) -> None:
        self._waiting_input.clear()
        asyncio.get_running_loop().call_soon(self._tls_done)

    def compress(self) -> None:
        self.compressed = True

    def hold(self) -> None:
        self.held = True

    def resume(self) -> None:
        self.held = False
        if self._waiting_input:
            octets = bytes(self._waiting_input)
            self._waiting_input.clear()
            asyncio.get_running_loop().call_soon(self.feed, octets)

    def slow_down(self) -> None:
        self.slow = True

    def speed_up(self) -> None:
        self.slow = False

    def wait_at_most(self, seconds: float) -> None:
        self.wait_seconds = seconds

    def close(self) -> None:
        self._finish()

    def abort(self) -> None:
        self.aborted = True
        self._finish()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.errors.append(error)
            self.abort()

    def _tls_done(self) -> None:
        if not self.closed:
            self.tls = self._tls_later
            self.session.tls_started()

    def _finish(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._news.set()
        self._drained.set()
        asyncio.get_running_loop().call_soon(self._lost)

    def _lost(self) -> None:
        self.session.lost()
        current = asyncio.current_task()
        for task in list(self._tasks):
            if task is not current:
                task.cancel()
