"""What all connections of one service share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from roost.listen.cid import ConnectionIds
from roost.listen.limits import ConnectionCap
from roost.ports.log import Log
from roost.ports.net import Endpoint, SessionFactory, TlsServer

MAX_SLOW = 500


class ConnectionMetrics(Protocol):
    """Counts connections. service: "smtp", "submission", "imap" ...; reason: of a closed list."""

    def opened(self, service: str) -> None:
        """A connection was taken."""
        ...

    def closed(self, service: str, seconds: float) -> None:
        """A connection that was taken ended, after so long."""
        ...

    def refused(self, service: str, reason: str) -> None:
        """A connection was not taken."""
        ...

    def tls_failed(self, service: str, reason: str) -> None:
        """A TLS handshake failed."""
        ...


@dataclass(frozen=True, slots=True)
class SlowTimes:
    """How slow a connection is that was slowed down.

    step_seconds: between two reads, and between two octets sent.
    answer_seconds: after which the rest of an answer leaves at once, before its reader gives up.
    whole_seconds: after which such a connection ends.
    """

    step_seconds: float = 1.0
    answer_seconds: float = 25.0
    whole_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Bounds on a peer's patience with us.

    write_seconds: for how long a peer may read nothing of what waits for it.
    linger_seconds: how long the last words get to arrive before the socket closes; closing while
        octets of the peer are unread would make TCP throw them away.
    slow: of a connection that was slowed down.
    """

    write_seconds: float = 300.0
    linger_seconds: float = 2.0
    slow: SlowTimes = SlowTimes()


@dataclass(frozen=True, slots=True)
class Service:
    """One protocol on one kind of listener.

    name: stands in logs and metrics. new_session: makes the session of a connection.
    tls: for implicit TLS or STARTTLS; None where there is no certificate.
    implicit_tls: whether the handshake comes first (RFC 8314 section 3). slow_cap: how many
    connections may be slow at once, of all services that share it; further ones are closed instead.
    certificate_refused: told of handshakes that end because of the client's certificate: where
    from, and the connection's id.
    """

    name: str
    new_session: SessionFactory
    ids: ConnectionIds
    log: Log
    metrics: ConnectionMetrics
    tls: TlsServer | None = None
    implicit_tls: bool = False
    timeouts: Timeouts = Timeouts()
    slow_cap: ConnectionCap = field(default_factory=lambda: ConnectionCap(MAX_SLOW))
    certificate_refused: Callable[[Endpoint, str], None] | None = None


Ended = Callable[[], None]
