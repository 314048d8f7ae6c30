"""Connections: what a session is, what it says to its connection, how others are dialled.

A session is a plain object. The listener calls its methods as octets come; it answers through its
Wire. Nothing here knows sockets or TLS; asyncio is known to TlsServer only, which stands between a
listener and its transport.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Protocol, Self

from roost.proto.sasl.binding import NO_BINDINGS, Bindings

IpAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a connection. ip is None on a unix socket, stdio or a memory pipe."""

    ip: IpAddress | None
    port: int = 0

    @classmethod
    def of(cls, name: object) -> Self:
        """An end as a socket tells it: (host, port, ...), or a path or nothing for a local one."""
        if isinstance(name, tuple) and len(name) >= 2:
            return cls(ip_address(name[0]), name[1])
        return cls(None)


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What the handshake agreed.

    version: "TLSv1.2" or "TLSv1.3". cipher: OpenSSL's name. server_name: the SNI, None if absent.
    peer_certificate: DER of the peer's certificate; of a client's only where one was asked for and
    presented. peer_key: the fingerprint of that client's public key (`sasl.peer_key`). Whether
    anybody signs in by it has to be looked up, at a resumed session as well.
    bindings: what a login may be bound to (RFC 5056).
    """

    version: str
    cipher: str
    server_name: str | None = None
    alpn: str | None = None
    peer_certificate: bytes | None = None
    peer_key: str | None = None
    bindings: Bindings = field(default=NO_BINDINGS, repr=False)
    resumed: bool = False


class ConnectionLost(Exception):
    """The other side is gone, or our side closed; there is nobody to talk to."""


class Wire(Protocol):
    """What a session says to its connection.

    id: names the connection in every log line and in error replies (`roost cid` finds it).
    tls: None on a connection in clear.
    """

    @property
    def id(self) -> str: ...
    @property
    def peer(self) -> Endpoint: ...
    @property
    def local(self) -> Endpoint: ...
    @property
    def tls(self) -> TlsFacts | None: ...

    def send(self, octets: bytes) -> None:
        """Put octets into the output; no effect once the connection is closing.

        What is sent within one turn of the loop leaves in one write.
        """
        ...

    async def room(self) -> None:
        """Return when the output is short enough for more; at once when it is.

        Raises ConnectionLost when the connection ended, also when the peer reads too slowly.
        """
        ...

    def start_tls(self) -> None:
        """After what was sent has left, run a TLS handshake as server; input buffered is dropped.

        The session's `tls_started` is called after it.
        """
        ...

    @property
    def can_start_tls(self) -> bool:
        """Whether there is a certificate and TLS is not on yet."""
        ...

    def compress(self) -> None:
        """After what was sent has left, speak DEFLATE in both directions. RFC 4978."""
        ...

    def hold(self) -> None:
        """Read no more octets until `resume`: the session has as much as it may keep."""
        ...

    def resume(self) -> None:
        """Undo `hold`."""
        ...

    def slow_down(self) -> None:
        """From now on read once a second at most and send an octet a second: for who guesses.

        Answers are late, not lost. After some minutes of it the connection ends.
        """
        ...

    def speed_up(self) -> None:
        """Undo `slow_down`."""
        ...

    def wait_at_most(self, seconds: float) -> None:
        """If no octet comes for so long from now on, call the session's `timed_out`.

        Stays in force, renewed by each octet that comes, until the next call.
        """
        ...

    def close(self) -> None:
        """Send what was put, then close."""
        ...

    def abort(self) -> None:
        """Close at once; what was put may be lost."""
        ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` as a task of this connection; cancelled when the connection is lost.

        An exception it raises is a bug: logged with its stack, and the connection aborted.
        """
        ...


class Session(Protocol):
    """A client's state, driven by its connection. No method blocks or raises."""

    def opened(self, wire: Wire) -> None:
        """The connection is there (after the handshake on implicit TLS): greet."""
        ...

    def receive(self, octets: bytes) -> None:
        """Octets came, cut anywhere."""
        ...

    def tls_started(self) -> None:
        """The handshake asked for by `Wire.start_tls` is done; `Wire.tls` has its facts."""
        ...

    def peer_closed(self) -> None:
        """The peer will send no more; what was asked may still be answered."""
        ...

    def timed_out(self) -> None:
        """Nothing came for as long as `Wire.wait_at_most` said: take leave and close."""
        ...

    def stop(self) -> None:
        """The server is stopping: finish what is being stored, take leave (421, BYE) and close."""
        ...

    def lost(self) -> None:
        """The connection is gone; nothing sent from now on is heard."""
        ...


SessionFactory = Callable[[], Session]


class Stream(Protocol):
    """A connection that we opened."""

    @property
    def tls(self) -> TlsFacts | None: ...

    async def read(self) -> bytes:
        """Some octets, b"" at the end; ConnectionLost when it broke."""
        ...

    async def write(self, octets: bytes) -> None:
        """Return when the output has room again; ConnectionLost."""
        ...

    async def start_tls(self, server_name: str) -> None:
        """Run a handshake as client. Raises TlsFailed."""
        ...

    async def close(self) -> None:
        """Close; never raises."""
        ...


class TlsFailed(Exception):
    """A TLS handshake failed; the text says why, for the log and for reports."""


class Dialer(Protocol):
    """Opens connections."""

    async def dial(self, ip: IpAddress, port: int) -> Stream:
        """Connect; OSError when nobody answers."""
        ...


class Listening(Protocol):
    """An open port."""

    @property
    def port(self) -> int: ...

    async def close(self) -> None:
        """Take no new connection; those open go on."""
        ...


Work = Callable[[], Awaitable[None]]

# The reason of a `TlsServer` where the client's certificate was not let through.
REFUSED_CERTIFICATE = "certificate"


class TlsServer(Protocol):
    """Speaks TLS on connections that others opened."""

    def wrap(self, inner: asyncio.Protocol, failed: Callable[[str, str], None]) -> asyncio.Protocol:
        """A protocol to put on a transport in clear: at accept, or after STARTTLS.

        Give it `connection_made(transport)`. After the handshake it calls `inner.connection_made`
        with a transport whose `get_extra_info("tls")` is the TlsFacts. Without one, or when the
        connection ends before, it calls `failed(reason, detail)` once and nothing of `inner`;
        reason is a word of a closed list, for a metric, detail a line for the log.
        """
        ...
