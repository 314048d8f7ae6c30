"""HTTP/1.1 on our own listeners: uvicorn's protocol class with bounds of our own.

uvicorn's class is not documented for this use; its version is pinned and tests hold what we need.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any, cast

from httptools import HttpParserError, HttpParserUpgrade
from starlette.requests import ClientDisconnect
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from roost.ports.clock import Clock
from roost.ports.log import Log
from roost.ports.log_events import Event

# A chunk of one octet takes six on the wire; whoever sends more frame than that sends no body.
_FRAME_PER_OCTET = 8
# Fields that announce a body.
_FRAMES = frozenset({b"content-length", b"transfer-encoding"})

PeerUid = Callable[[asyncio.BaseTransport], int | None]
# Speaks another protocol on a connection from now on; its protocol is set when this returns.
TakeOver = Callable[[asyncio.Transport], None]
# Answers a request that asks for an upgrade: with the protocol's name, and who speaks it.
Switch = Callable[[str, TakeOver], None]


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Bounds on one connection.

    head_octets: of request line and fields, and of what frames a body. head_seconds: for a request
    head, from the connection or its first octet on. body_seconds: for a body. idle_seconds: between
    requests. write_seconds: for a client to take what is written. pipelined: requests that may wait
    for the answer to the one before.
    """

    head_octets: int = 32 * 1024
    head_seconds: float = 20.0
    body_seconds: float = 60.0
    idle_seconds: int = 30
    write_seconds: float = 60.0
    pipelined: int = 16


class _Refused(Exception):
    """Raised inside the parser, which then stops; the answer is in the protocol."""


class _Deadline:
    """Calls `act` unless stopped in time."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._timer: asyncio.TimerHandle | None = None

    def start(self, seconds: float) -> None:
        self.stop()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._act)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def running(self) -> bool:
        return self._timer is not None


class BoundedHttp(HttpToolsProtocol):
    """Closes connections that send too much or too slowly, or do not take their answers.

    The peer's uid, on a unix socket, stands in scope["state"]["peer_uid"]: no header can set it.
    A request that asks for an upgrade has a `Switch` as scope["state"]["switch"], to be called in
    place of an answer.
    """

    def __init__(self, server: "HttpServer") -> None:
        self._own_state: dict[str, Any] = {}
        super().__init__(server.config, server.state, self._own_state)
        self.logger = server.logger
        self._server = server
        self._limits = server.limits
        self._awaits_head = True
        # Octets of the request under way that are no body.
        self._frame_octets = 0
        self._refusal = 400
        # What came behind a request for an upgrade that is not answered yet; None without one.
        self._behind: bytes | None = None
        self._reading = _Deadline(self._give_up)
        self._writing = _Deadline(self._give_up)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._own_state["peer_uid"] = self._server.peer_uid(transport)
        super().connection_made(transport)
        self._reading.start(self._limits.head_seconds)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._awaits_head and not self._reading.running:
            self._reading.start(self._limits.head_seconds)
        self._frame_octets += len(data)
        if self._behind is None:
            self._parse(data)
        else:
            self._behind += data
        if self._frame_octets > self._limits.head_octets and not self.transport.is_closing():
            self._refusal = 431 if self._awaits_head else 400
            self.send_400_response("")

    def on_headers_complete(self) -> None:
        octets = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if octets > self._limits.head_octets:
            self._refusal = 431
            raise _Refused
        if len(self.pipeline) >= self._limits.pipelined:
            raise _Refused
        self._awaits_head = False
        self._frame_octets = 0
        self._reading.start(self._limits.body_seconds)
        now = self._server.clock.now()
        self.server_state.default_headers = [(b"date", format_datetime(now, usegmt=True).encode())]
        if self.parser.should_upgrade():
            # The parser takes a body behind it for the other protocol's: where the upgrade is not
            # taken it would be read as a request that nobody has sent.
            if any(name in _FRAMES for name, _ in self.headers):
                raise _Refused
            if self.parser.get_http_version() == "1.1":
                self.scope["state"]["switch"] = self._switch
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._frame_octets = max(0, self._frame_octets - _FRAME_PER_OCTET * len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._awaits_head = True
        self._frame_octets = 0
        self._reading.stop()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._behind is None or not self.cycle.response_complete:
            return
        behind, self._behind = self._behind, None
        if behind and not self.transport.is_closing():
            self._parse(behind)  # it was no upgrade after all: this is the next request

    def pause_writing(self) -> None:
        self._writing.start(self._limits.write_seconds)
        super().pause_writing()

    def resume_writing(self) -> None:
        self._writing.stop()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._reading.stop()
        self._writing.stop()
        super().connection_lost(exc)
        self._server.lost()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read. An answer under way is cut rather than mixed with this."""
        del msg
        # There is no cycle before the first request, whatever its type says.
        if self.cycle is not None and not self.cycle.response_complete:  # type: ignore[redundant-expr]
            self._give_up()
            return
        line = STATUS_LINE[self._refusal]
        self.transport.write(line + b"Content-Length: 0\r\nConnection: close\r\n\r\n")
        self.transport.close()

    def _parse(self, data: bytes) -> None:
        """As uvicorn does, but for what comes behind an upgrade: it is not for this parser."""
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._behind = data[upgrade.args[0] :]
            self._frame_octets = len(self._behind)
        except HttpParserError:
            self.send_400_response("")

    def _switch(self, protocol: str, take: TakeOver) -> None:
        """Answer 101 and give the connection away, with what came behind. RFC 9110 section 7.8."""
        if self.transport.is_closing():
            return
        self._let_go()
        self.cycle.response_started = self.cycle.response_complete = True
        self.transport.write(
            STATUS_LINE[101] + f"Connection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n".encode()
        )
        take(self.transport)
        if self._behind:
            cast(asyncio.Protocol, self.transport.get_protocol()).data_received(self._behind)

    def _let_go(self) -> None:
        """This is no connection of HTTP any more."""
        self._reading.stop()
        self._writing.stop()
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        self.connections.discard(self)
        self._server.lost()

    def _give_up(self) -> None:
        self.transport.abort()


class _ToLog(logging.Handler):
    """What uvicorn finds wrong: an application that failed is a bug of ours, the rest is noise."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.ERROR)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, ClientDisconnect):
            return  # nobody is there to hear the answer
        self._log.error(Event.COMMAND_FAILED, error=error, service="http")


class HttpServer:
    """Makes connections for one ASGI application and ends them gracefully."""

    def __init__(
        self,
        app: Any,
        clock: Clock,
        log: Log,
        peer_uid: PeerUid = lambda _transport: None,
        limits: HttpLimits = HttpLimits(),
    ) -> None:
        """peer_uid: the user at the other end of a connection, where the kernel knows."""
        self.config = Config(
            app,
            interface="asgi3",
            http=BoundedHttp,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=limits.idle_seconds,
        )
        self.config.load()
        self.state = ServerState()
        self.clock = clock
        self.peer_uid = peer_uid
        self.limits = limits
        # A logger of its own, outside the tree of loggers: nothing goes to standard error.
        self.logger = logging.Logger("http", logging.ERROR)
        self.logger.addHandler(_ToLog(log))
        self._all_lost = asyncio.Event()

    def protocol(self) -> asyncio.Protocol:
        """The protocol of one new connection."""
        return BoundedHttp(self)

    def lost(self) -> None:
        """A connection has ended."""
        if not self.state.connections:
            self._all_lost.set()

    async def close(self, seconds: float) -> None:
        """Let requests under way finish for so long, then close every connection."""
        for connection in list(self.state.connections):
            connection.shutdown()
        self._all_lost.clear()
        self.lost()
        try:
            async with asyncio.timeout(seconds):
                await self._all_lost.wait()
        except TimeoutError:
            pass  # those that are left get no answer
        for connection in list(self.state.connections):
            connection.transport.abort()
