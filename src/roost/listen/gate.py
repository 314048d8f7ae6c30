"""Stands before a service: takes a new connection, or says why not."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from roost.listen.limits import AddressLimits, ConnectionCap, Refused
from roost.listen.service import ConnectionMetrics, Ended
from roost.ports.log import Log
from roost.ports.log_events import Event
from roost.ports.net import Endpoint

# Takes over a transport, and calls Ended once when the connection is gone.
Take = Callable[[asyncio.Transport, Ended], None]


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may come in.

    service: its name, for logs and metrics. refusal: what a peer is told that may not; b"" where
    the service does not begin in clear.
    """

    service: str
    limits: AddressLimits
    cap: ConnectionCap
    refusal: bytes
    log: Log
    metrics: ConnectionMetrics
    take: Take

    def protocol(self) -> asyncio.Protocol:
        """The first protocol of a new connection."""
        return _Arrival(self)

    def arrive(self, transport: asyncio.Transport) -> None:
        """Take the connection, or refuse and close it."""
        ip = Endpoint.of(transport.get_extra_info("peername")).ip
        refused = self.limits.admit(ip)
        if refused is None and not self.cap.take():
            self.limits.release(ip)
            refused = Refused.FULL
        if refused is not None:
            self._refuse(transport, refused)
            return

        def ended() -> None:
            self.cap.give()
            self.limits.release(ip)

        self.take(transport, ended)

    def _refuse(self, transport: asyncio.Transport, refused: Refused) -> None:
        self.metrics.refused(self.service, refused.value)
        # Debug: a flood must not become a flood of log lines; the metric counts.
        self.log.debug(Event.CONNECTION_REFUSED, service=self.service, reason=refused.value)
        if self.refusal:
            transport.write(self.refusal)
        transport.close()


class _Arrival(asyncio.Protocol):
    """Only there until the gate has decided."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._gate.arrive(cast(asyncio.Transport, transport))
