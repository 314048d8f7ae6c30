"""Accepts the connections of one service and ends them in good order."""

import asyncio
import socket
from dataclasses import replace
from functools import partial
from typing import Any

from roost.listen.gate import Gate
from roost.listen.limits import AddressLimits, ConnectionCap
from roost.listen.loop import Connection
from roost.listen.service import Ended, Service
from roost.listen.sockets import BACKLOG
from roost.ports.net import Listening, SessionFactory


class OpenPort:
    """A socket that is being listened on."""

    def __init__(self, server: asyncio.Server, port: int) -> None:
        self._server = server
        self.port = port

    async def close(self) -> None:
        """See `roost.ports.net.Listening.close`."""
        self._server.close()


async def accept_on(sock: socket.socket, gate: Gate) -> Listening:
    """Let connections on `sock` come to `gate` from now on."""
    loop = asyncio.get_running_loop()
    if sock.family == socket.AF_UNIX:
        server: Any = await loop.create_unix_server(gate.protocol, sock=sock, backlog=BACKLOG)
        return OpenPort(server, 0)
    server = await loop.create_server(gate.protocol, sock=sock, backlog=BACKLOG)
    return OpenPort(server, sock.getsockname()[1])


class Server:
    """All connections of one service.

    limits: counts this service only. cap: shared by all services of the process.
    refusal: what a peer over a limit is told, such as b"421 4.7.0 too many connections\\r\\n".
    """

    def __init__(
        self, service: Service, limits: AddressLimits, cap: ConnectionCap, refusal: bytes
    ) -> None:
        self._service = service
        self._open: set[Connection] = set()
        self._ports: list[Listening] = []
        self._all_ended = asyncio.Event()
        self._gate = Gate(
            service.name,
            limits,
            cap,
            b"" if service.implicit_tls else refusal,
            service.log,
            service.metrics,
            partial(self._take, service),
        )

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._open)

    async def listen(self, sock: socket.socket) -> Listening:
        """Accept on a bound socket from now on."""
        port = await accept_on(sock, self._gate)
        self._ports.append(port)
        return port

    def adopt(self, transport: asyncio.Transport, new_session: SessionFactory) -> None:
        """Take over a connection that others accepted, for a session of `new_session`.

        It is under the limits of this service, and is told the refusal where there is no room.
        """
        service = replace(self._service, new_session=new_session)
        replace(self._gate, take=partial(self._take, service)).arrive(transport)

    async def stop(self, seconds: float) -> None:
        """Take no new connection; let sessions take leave for so long, then end the rest."""
        for port in self._ports:
            await port.close()
        for connection in tuple(self._open):
            connection.stop()
        try:
            async with asyncio.timeout(seconds):
                await self._until_none()
        except TimeoutError:
            for connection in tuple(self._open):
                connection.abort()
            await self._until_none()

    async def _until_none(self) -> None:
        while self._open:
            self._all_ended.clear()
            await self._all_ended.wait()

    def _take(self, service: Service, transport: asyncio.Transport, ended: Ended) -> None:
        def over() -> None:
            self._open.discard(connection)
            ended()
            if not self._open:
                self._all_ended.set()

        connection = Connection(service, transport, over)
        self._open.add(connection)
        connection.begin()
