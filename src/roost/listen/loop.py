"""Moves octets between a transport and a session; the same for every protocol."""

import asyncio
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any, cast

from roost.listen.deadline import Deadline
from roost.listen.deflate import PIECE_OCTETS, BadDeflate, Inflater
from roost.listen.output import Output
from roost.listen.service import Ended, Service
from roost.listen.slow import Rest
from roost.ports.log_events import Event
from roost.ports.net import REFUSED_CERTIFICATE, Endpoint, Session, TlsFacts, Wire

# What is inflated before the loop gets its turn.
_TURN_OCTETS = 4 * PIECE_OCTETS


class _Stage(Enum):
    STARTING = 1  # before the session is opened: implicit TLS is being agreed
    OPEN = 2
    SECURING = 3  # after STARTTLS, until the handshake is done
    CLOSING = 4  # no more is heard; last words are on their way
    LOST = 5


class Connection(asyncio.Protocol):
    """One connection: the protocol of its transport and the Wire of its session.

    ended: called once, when the connection is gone.
    """

    __slots__ = (
        "_deadline",
        "_ended",
        "_held",
        "_inflater",
        "_linger",
        "_loop",
        "_opened_at",
        "_output",
        "_peer_ended",
        "_raw",
        "_received_octets",
        "_rest",
        "_service",
        "_session",
        "_slow_end",
        "_stage",
        "_tasks",
        "_transport",
        "id",
        "local",
        "peer",
        "tls",
    )

    def __init__(self, service: Service, raw: asyncio.Transport, ended: Ended) -> None:
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._raw = raw
        self._transport = raw
        self._ended = ended
        self._session: Session = service.new_session()
        self._stage = _Stage.STARTING
        self._output = Output(self._loop, service.timeouts.write_seconds, self._too_slow)
        self._deadline = Deadline(self._loop, self._nothing_heard)
        self._inflater: Inflater | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._held = False
        self._rest: Rest | None = None  # of a connection that was slowed down
        self._slow_end: asyncio.TimerHandle | None = None
        self._peer_ended = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._opened_at = self._loop.time()
        self._received_octets = 0
        self.id = service.ids.next()
        self.tls: TlsFacts | None = None
        self.peer = Endpoint.of(raw.get_extra_info("peername"))
        self.local = Endpoint.of(raw.get_extra_info("sockname"))

    def begin(self) -> None:
        """Take the transport over: through TLS where the service begins with it."""
        self._service.metrics.opened(self._service.name)
        if self._service.implicit_tls:
            self._put_tls_between()
        else:
            self._raw.set_protocol(self)
            self.connection_made(self._raw)

    # What the transport says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport is ready: in clear at first, or after a handshake."""
        self._transport = cast(asyncio.Transport, transport)
        self.tls = transport.get_extra_info("tls")
        was, self._stage = self._stage, _Stage.OPEN
        self._output.attach(self._transport)
        if was is _Stage.SECURING:
            self._tell(self._session.tls_started)
        else:
            self._log_opened()
            wire: Wire = self
            self._tell(self._session.opened, wire)

    def data_received(self, data: bytes) -> None:
        if self._stage is not _Stage.OPEN:
            return
        self._received_octets += len(data)
        self._deadline.renew()
        if self._inflater is None:
            self._tell(self._session.receive, data)
        else:
            self._inflater.put(data)
            self._inflate()
        if self._rest is not None and self._is_open():
            self._transport.pause_reading()
            self._rest.begin()

    def eof_received(self) -> bool:
        self._peer_ended = True
        if self._stage is _Stage.CLOSING:
            self._transport.close()
        elif self._stage is _Stage.OPEN:
            self._tell(self._session.peer_closed)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        was, self._stage = self._stage, _Stage.LOST
        if was is _Stage.LOST:
            return
        self._deadline.stop()
        self._stop_being_slow()
        self._output.end()
        if self._linger is not None:
            self._linger.cancel()
        if was is not _Stage.STARTING:
            self._tell(self._session.lost)
        for task in tuple(self._tasks):
            task.cancel()
        self._log_closed(exc)
        self._ended()

    def pause_writing(self) -> None:
        self._output.pause()

    def resume_writing(self) -> None:
        self._output.resume()

    # What the session says: see `roost.ports.net.Wire`.

    @property
    def can_start_tls(self) -> bool:
        return self._service.tls is not None and self.tls is None

    def send(self, octets: bytes) -> None:
        # During the handshake of STARTTLS there is nothing to say: an answer to words that came
        # in clear must not leave under encryption (RFC 3207 section 6).
        if self._stage is _Stage.OPEN:
            self._output.send(octets)

    async def room(self) -> None:
        await self._output.room()

    def start_tls(self) -> None:
        if not self.can_start_tls or not self._is_open():
            return
        self._stage = _Stage.SECURING
        self._output.detach()
        self._deadline.stop()
        if self._held:
            # The handshake must be read, whatever the session still has to do.
            self._held = False
            self._raw.resume_reading()
        elif self._is_resting():
            self._raw.resume_reading()
        self._put_tls_between()

    def compress(self) -> None:
        if self._stage is _Stage.OPEN and self._inflater is None:
            self._inflater = Inflater()
            self._output.compress()

    def hold(self) -> None:
        if not self._held and self._is_open():
            self._held = True
            self._transport.pause_reading()

    def resume(self) -> None:
        if not self._held or not self._is_open():
            return
        self._held = False
        self._deadline.renew()
        if self._inflater is not None:
            self._loop.call_soon(self._inflate)
        else:
            self._read_on()

    def slow_down(self) -> None:
        if self._rest is not None or not self._is_open():
            return
        if not self._service.slow_cap.take():
            self.close()  # enough are slow already: their memory is bounded, too
            return
        times = self._service.timeouts.slow
        self._output.slow_down(times, self.abort)
        self._rest = Rest(self._loop, times, self._may_read, self._read_on)
        self._slow_end = self._loop.call_later(times.whole_seconds, self.abort)

    def speed_up(self) -> None:
        if self._rest is None:
            return
        was_resting = self._is_resting()
        self._stop_being_slow()
        self._output.speed_up()
        if was_resting and self._is_open():
            self._read_on()

    def wait_at_most(self, seconds: float) -> None:
        if self._stage is _Stage.OPEN or self._stage is _Stage.SECURING:
            self._deadline.set(seconds)

    def close(self) -> None:
        if self._is_open():
            self._begin_closing()
        elif self._stage is not _Stage.CLOSING:
            self.abort()

    def abort(self) -> None:
        if self._stage is not _Stage.LOST:
            self._raw.abort()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._stage is _Stage.LOST:
            work.close()
            return
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._work_done)

    # What the server says.

    def stop(self) -> None:
        """The server is stopping: let the session take leave, or end what is no session yet."""
        if self._stage is _Stage.OPEN:
            self._tell(self._session.stop)
        elif self._stage is not _Stage.CLOSING:
            self.abort()

    # Within.

    def _is_open(self) -> bool:
        """Whether the session may still act: uvloop's transports refuse once they are closing."""
        return self._stage is _Stage.OPEN and not self._transport.is_closing()

    def _tell(self, say: Callable[..., None], *facts: object) -> None:
        """Call the session. What it raises is a bug, and ends this connection only."""
        try:
            say(*facts)
        except Exception as error:
            self._report_bug(error)

    def _report_bug(self, error: BaseException) -> None:
        self._service.log.error(
            Event.COMMAND_FAILED, error=error, connection=self.id, service=self._service.name
        )
        self.abort()

    def _work_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._report_bug(error)

    def _put_tls_between(self) -> None:
        assert self._service.tls is not None
        layer = self._service.tls.wrap(self, self._tls_failed)
        self._raw.set_protocol(layer)
        layer.connection_made(self._raw)

    def _tls_failed(self, reason: str, detail: str) -> None:
        name = self._service.name
        self._service.metrics.tls_failed(name, reason)
        if reason == REFUSED_CERTIFICATE and self._service.certificate_refused is not None:
            self._service.certificate_refused(self.peer, self.id)
        self._service.log.debug(
            Event.TLS_FAILED, connection=self.id, service=name, reason=reason, detail=detail
        )
        self.connection_lost(None)

    def _inflate(self) -> None:
        """Expand what waits and hand it over, until the session holds or others want their turn."""
        assert self._inflater is not None
        left = _TURN_OCTETS
        try:
            while not self._held and self._is_open():
                octets = self._inflater.next()
                if octets is None:
                    self._read_on()
                    return
                self._tell(self._session.receive, octets)
                left -= len(octets)
                if left <= 0 and self._is_open():
                    self._transport.pause_reading()
                    self._loop.call_soon(self._inflate)
                    return
        except BadDeflate:
            self.abort()

    def _is_resting(self) -> bool:
        return bool(self._rest)

    def _may_read(self) -> bool:
        """Whether a slow connection has said all it had to."""
        return not self._output.is_dripping

    def _read_on(self) -> None:
        """Read, unless the session holds or a slow connection rests; then that ends in this."""
        if not self._held and not self._is_resting() and self._is_open():
            self._transport.resume_reading()

    def _stop_being_slow(self) -> None:
        if self._rest is None:
            return
        self._rest.stop()
        self._rest = None
        if self._slow_end is not None:
            self._slow_end.cancel()
        self._service.slow_cap.give()

    def _nothing_heard(self) -> None:
        # While we hold reading, the silence is our own.
        if self._stage is _Stage.OPEN and not self._held:
            self._tell(self._session.timed_out)

    def _too_slow(self) -> None:
        self.abort()

    def _begin_closing(self) -> None:
        """Send the last words, then wait a little for the peer to close first."""
        self._deadline.stop()
        is_still = self._held or self._is_resting()
        self._stop_being_slow()
        self._output.finish()
        self._stage = _Stage.CLOSING
        self._held = False
        if is_still:
            self._transport.resume_reading()
        if self._peer_ended or not self._transport.can_write_eof():
            self._transport.close()
        else:
            self._transport.write_eof()
        self._plan_look(self._transport.get_write_buffer_size(), 0.0)

    def _plan_look(self, waiting: int, stuck_seconds: float) -> None:
        seconds = self._service.timeouts.linger_seconds
        self._linger = self._loop.call_later(seconds, self._look, waiting, stuck_seconds)

    def _look(self, before: int, stuck_seconds: float) -> None:
        """Whether the last words have left; then, or if the peer does not read, it is over."""
        waiting = self._transport.get_write_buffer_size()
        if not waiting:
            self._transport.close()
            return
        timeouts = self._service.timeouts
        stuck_seconds = stuck_seconds + timeouts.linger_seconds if waiting >= before else 0.0
        if stuck_seconds >= timeouts.write_seconds:
            self.abort()
        else:
            self._plan_look(waiting, stuck_seconds)

    def _log_opened(self) -> None:
        self._service.log.debug(
            Event.CONNECTION_OPENED,
            connection=self.id,
            service=self._service.name,
            peer=str(self.peer.ip or "local"),
            tls=self.tls.version if self.tls else None,
        )

    def _log_closed(self, exc: Exception | None) -> None:
        seconds = self._loop.time() - self._opened_at
        self._service.metrics.closed(self._service.name, seconds)
        self._service.log.debug(
            Event.CONNECTION_CLOSED,
            connection=self.id,
            service=self._service.name,
            seconds=round(seconds, 3),
            received_octets=self._received_octets,
            sent_octets=self._output.sent_octets,
            reason=str(exc) if exc else None,
        )
