"""TLS between a socket's transport and the protocol that talks through it.

A layer is two things: the protocol of the transport below, and the transport of the protocol above.
"""

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import Any, cast

from roost.adapters.tls_engine import RECORD_OCTETS, TlsBroken, TlsEngine, whole_records
from roost.ports.net import TlsFacts

HANDSHAKE_SECONDS = 60.0

# What is encrypted before the loop gets its turn.
_TURN_OCTETS = 16 * RECORD_OCTETS
_HIGH_WATER = 64 * 1024
# A peer may make us answer (key updates) without ever reading the answers.
_MAX_UNREAD_OCTETS = 1024 * 1024

Failed = Callable[[str, str], None]


class Stage(Enum):
    """How far a layer has come."""

    HELLO = 1
    HANDSHAKE = 2
    OPEN = 3
    CLOSED = 4


class TlsLayer(asyncio.Protocol, asyncio.Transport):
    """One TLS connection. Its sub-classes begin the handshake; the rest is the same for both ends.

    inner: the protocol above; hears nothing until the handshake is done.
    failed: called once with reason and detail when there will be no handshake.
    """

    __slots__ = (
        "_backlog",
        "_backlog_octets",
        "_below",
        "_below_full",
        "_closing",
        "_delivering",
        "_engine",
        "_facts",
        "_failed",
        "_half_closing",
        "_held",
        "_high",
        "_inner",
        "_inner_full",
        "_limit",
        "_lost_because",
        "_low",
        "_stage",
        "_turn_planned",
        "_waiting",
        "_write_ended",
    )

    _below: asyncio.Transport
    _engine: TlsEngine

    def __init__(self, inner: asyncio.BaseProtocol, failed: Failed) -> None:
        super().__init__()
        self._inner = inner
        self._failed = failed
        self._stage = Stage.HELLO
        self._facts: TlsFacts | None = None
        self._limit: asyncio.TimerHandle | None = None
        self._held = False
        self._delivering = False
        self._waiting: memoryview | None = None
        self._backlog: list[memoryview] = []
        self._backlog_octets = 0
        self._below_full = False
        self._inner_full = False
        self._high = _HIGH_WATER
        self._low = _HIGH_WATER // 4
        self._turn_planned = False
        self._half_closing = False
        self._write_ended = False
        self._closing = False
        self._lost_because: Exception | None = None

    # What a sub-class says.

    def _begin(self) -> None:
        """The transport below is there."""
        raise NotImplementedError

    def _hear_hello(self, octets: bytes) -> None:
        """Octets came while the stage is HELLO."""
        raise NotImplementedError

    def _facts_of(self, engine: TlsEngine) -> TlsFacts:
        """What the handshake agreed; raises TlsBroken where it may not be used after all."""
        raise NotImplementedError

    # The protocol of the transport below.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport without being one.
        self._below = cast(asyncio.Transport, transport)
        self._limit_below()
        self._begin()

    def data_received(self, data: bytes) -> None:
        if self._stage is Stage.OPEN:
            self._take(memoryview(data))
        elif self._stage is Stage.HANDSHAKE:
            self._shake_with(memoryview(data))
        elif self._stage is Stage.HELLO:
            self._hear_hello(data)

    def eof_received(self) -> bool:
        """The peer will send nothing more; without a close_notify before, this is a broken line."""
        if self._stage is not Stage.OPEN:
            if self._stage is not Stage.CLOSED:
                self._fail("eof", "the peer closed the connection during the handshake")
            return False
        if self._engine.peer_closed:
            return not self._closing
        self._break(ConnectionResetError("the peer closed TCP without ending TLS"))
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        was, self._stage = self._stage, Stage.CLOSED
        self._drop_limit()
        self._backlog.clear()
        self._waiting = None
        if was in (Stage.HELLO, Stage.HANDSHAKE):
            self._failed("eof", str(exc or "the connection ended during the handshake"))
        elif self._facts is not None:
            self._inner.connection_lost(self._lost_because or exc)

    def pause_writing(self) -> None:
        self._below_full = True

    def resume_writing(self) -> None:
        self._below_full = False
        if self._stage is Stage.OPEN:
            self._pump()

    # The handshake.

    def _wait_at_most(self, seconds: float, phase: str) -> None:
        self._drop_limit()
        loop = asyncio.get_running_loop()
        self._limit = loop.call_later(
            seconds, self._fail, "timeout", f"{phase} took more than {seconds:g} seconds"
        )

    def _drop_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _start(self, engine: TlsEngine) -> None:
        self._engine = engine
        self._stage = Stage.HANDSHAKE

    def _shake_with(self, octets: memoryview) -> None:
        """Go on with the whole records that came; a part of one waits for the rest."""
        self._keep(octets)
        while self._stage is Stage.HANDSHAKE and (records := self._next_records()):
            self._engine.receive(records)
            self._shake()
        if self._stage is Stage.OPEN and self._waiting is not None:
            self._take(memoryview(b""))

    def _shake(self) -> None:
        try:
            done = self._engine.shake()
            facts = self._facts_of(self._engine) if done else None
        except TlsBroken as broken:
            self._fail(broken.reason, broken.detail)
            return
        self._flush_engine()
        if facts is not None:
            self._open(facts)

    def _open(self, facts: TlsFacts) -> None:
        self._drop_limit()
        self._stage = Stage.OPEN
        self._facts = facts
        self._inner.connection_made(self)
        # The peer may have sent its first words along with the end of its handshake.
        self._deliver()

    def _fail(self, reason: str, detail: str, last_words: bytes = b"") -> None:
        """End without a handshake; an alert, ours or OpenSSL's, still leaves."""
        if self._stage is Stage.HANDSHAKE:
            last_words = self._engine.output()
        self._stage = Stage.CLOSED
        self._drop_limit()
        if last_words and not self._below.is_closing():
            self._below.write(last_words)
        self._below.close()
        self._failed(reason, detail)

    def _break(self, error: Exception) -> None:
        """Give up an open connection; the protocol above hears why."""
        if self._stage is not Stage.OPEN:
            return
        self._flush_engine()
        self._lost_because = error
        self._stage = Stage.CLOSED
        self._below.abort()

    # Reading.

    def _take(self, octets: memoryview) -> None:
        """Decrypt whole records; a part of one, and what may not be handed up yet, waits."""
        self._keep(octets)
        while self.is_reading() and (records := self._next_records()):
            self._engine.receive(records)
            self._deliver()
        if self._waiting is not None and len(self._waiting) < len(octets):
            # A small rest must not keep the large octets it was cut from.
            self._waiting = memoryview(bytes(self._waiting))

    def _keep(self, octets: memoryview) -> None:
        """Put octets behind those that wait."""
        if self._waiting is not None:
            octets = memoryview(bytes(self._waiting) + bytes(octets))
        self._waiting = octets or None

    def _next_records(self) -> memoryview | None:
        """Take whole records off those that wait; None when there is none."""
        waiting = self._waiting
        end = 0 if waiting is None else whole_records(waiting)
        if waiting is None or not end:
            return None
        self._waiting = waiting[end:] if end < len(waiting) else None
        return waiting[:end]

    def _deliver(self) -> None:
        """Hand up what can be decrypted of what the engine has."""
        if self._delivering:
            return
        self._delivering = True
        try:
            while self.is_reading():
                octets = self._engine.read()
                if octets is None:
                    break
                if not self._closing:
                    self._inner.data_received(octets)  # type: ignore[attr-defined]
        except TlsBroken as broken:
            self._break(ConnectionResetError(broken.detail))
        finally:
            self._delivering = False
        if self._stage is Stage.OPEN:
            self._after_delivery()

    def _after_delivery(self) -> None:
        self._flush_engine()
        if self._below.get_write_buffer_size() > self._high + _MAX_UNREAD_OCTETS:
            self._break(ConnectionResetError("the peer asks and does not read"))
        elif self._engine.peer_closed and not self._held:
            self._peer_ended()

    def _peer_ended(self) -> None:
        """The peer's close_notify: it may still be written to. RFC 8446 section 6.1."""
        self._waiting = None
        if self._closing:
            return
        stays_open = self._inner.eof_received()  # type: ignore[attr-defined]
        if not stays_open:
            self.close()

    def _go_on_reading(self) -> None:
        if not self.is_reading():
            return
        self._deliver()
        if self._waiting is not None and self.is_reading():
            self._take(memoryview(b""))
        if self.is_reading():
            self._below.resume_reading()

    # Writing.

    def _flush_engine(self) -> None:
        octets = self._engine.output()
        if octets and not self._below.is_closing():
            self._below.write(octets)

    def _pump(self) -> None:
        """Encrypt what is waiting while the transport below has room."""
        left = _TURN_OCTETS
        try:
            while self._backlog and left > 0 and not self._below_full:
                if self._below.is_closing():
                    # uvloop's transports refuse; `connection_lost` is on its way.
                    return
                left -= self._encrypt_some()
        except TlsBroken as broken:
            self._break(ConnectionResetError(broken.detail))
            return
        if not self._backlog:
            self._backlog_sent()
        elif left <= 0:
            self._plan_turn()
        self._tell_room()

    def _encrypt_some(self) -> int:
        """Encrypt up to four records into one write below; returns how many octets they hold."""
        records = []
        octets = self._backlog[0]
        end = min(len(octets), 4 * RECORD_OCTETS)
        for start in range(0, end, RECORD_OCTETS):
            self._engine.encrypt(octets[start : min(start + RECORD_OCTETS, end)])
            records.append(self._engine.output())
        if end == len(octets):
            del self._backlog[0]
        else:
            self._backlog[0] = octets[end:]
        self._backlog_octets -= end
        self._below.write(records[0] if len(records) == 1 else b"".join(records))
        return end

    def _backlog_sent(self) -> None:
        if self._closing:
            self._end()
        elif self._half_closing:
            self._end_writing()

    def _plan_turn(self) -> None:
        if not self._turn_planned:
            self._turn_planned = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._turn_planned = False
        if self._stage is Stage.OPEN:
            self._pump()

    def _tell_room(self) -> None:
        """Pass the back-pressure on to the protocol above."""
        octets = self.get_write_buffer_size()
        if octets > self._high and not self._inner_full:
            self._inner_full = True
            self._inner.pause_writing()
        elif octets <= self._low and self._inner_full:
            self._inner_full = False
            self._inner.resume_writing()

    def _end(self) -> None:
        """Everything was encrypted: say so, and close below once it has left."""
        self._end_writing()
        self._below.close()

    def _end_writing(self) -> None:
        if not self._write_ended:
            self._write_ended = True
            self._engine.close()
            self._flush_engine()

    # The transport of the protocol above.

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """`tls` is the TlsFacts; everything else is of the transport below."""
        if name in ("tls", "sslcontext"):
            return self._facts
        return self._below.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._inner = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._inner

    def is_closing(self) -> bool:
        return self._closing or self._stage is Stage.CLOSED

    def is_reading(self) -> bool:
        return not self._held and self._stage is Stage.OPEN and not self._below.is_closing()

    def pause_reading(self) -> None:
        if self.is_reading():
            self._held = True
            self._below.pause_reading()

    def resume_reading(self) -> None:
        if self._held:
            self._held = False
            asyncio.get_running_loop().call_soon(self._go_on_reading)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = _HIGH_WATER if high is None else high
        self._low = self._high // 4 if low is None else low
        self._limit_below()

    def _limit_below(self) -> None:
        """Below must call a halt no later than we call it off above, else nobody would wake us."""
        self._below.set_write_buffer_limits(high=self._low)

    def get_write_buffer_size(self) -> int:
        return self._backlog_octets + self._below.get_write_buffer_size()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing or self._half_closing or self._stage is not Stage.OPEN or not data:
            return
        octets = memoryview(data if isinstance(data, bytes) else bytes(data))
        self._backlog.append(octets)
        self._backlog_octets += len(octets)
        if not self._turn_planned:
            self._pump()

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """End our direction; what the peer still sends is heard."""
        if self._stage is Stage.OPEN and not self._closing:
            self._half_closing = True
            if not self._backlog:
                self._end_writing()

    def close(self) -> None:
        if self.is_closing():
            return
        self._closing = True
        self._inner_full = False
        if self._facts is None:
            self.abort()
        elif not self._backlog:
            self._end()

    def abort(self) -> None:
        if self._stage is not Stage.CLOSED:
            self._closing = True
            self._below.abort()
