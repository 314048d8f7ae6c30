"""Connections that we open."""

import asyncio
import socket
from typing import cast

from OpenSSL import SSL

from roost.adapters.tls import ClientLayer
from roost.adapters.tls_context import client_context
from roost.adapters.tls_judge import Judge, system_judge
from roost.ports.net import ConnectionLost, IpAddress, TlsFacts, TlsFailed

DIAL_SECONDS = 30.0
CLOSE_SECONDS = 2.0

# What is kept of what the peer sent before it is read no further.
_MAX_UNREAD_OCTETS = 256 * 1024


class SocketDialer:
    """Opens TCP connections, for `roost.ports.net.Dialer`.

    judge: looks at the chain after each handshake; what it finds does not end the connection.
    """

    def __init__(self, judge: Judge | None = None, *, dial_seconds: float = DIAL_SECONDS) -> None:
        self._context = client_context()
        self._judge = judge or system_judge()
        self._dial_seconds = dial_seconds

    async def dial(self, ip: IpAddress, port: int) -> "SocketStream":
        """See `Dialer.dial`; TimeoutError, which is an OSError, when nothing answers in time."""
        family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._dial_seconds):
            _, stream = await loop.create_connection(
                lambda: SocketStream(self._context, self._judge), str(ip), port, family=family
            )
        return stream


class SocketStream(asyncio.Protocol):
    """A connection that we opened, for `roost.ports.net.Stream`.

    tls_fault: why the server's certificate proves nothing, None when it does or before TLS.
    """

    def __init__(self, context: SSL.Context, judge: Judge) -> None:
        self._context = context
        self._judge = judge
        self._loop = asyncio.get_running_loop()
        self._raw: asyncio.Transport
        self._transport: asyncio.Transport | None = None
        self._chunks: list[bytes] = []
        self._unread_octets = 0
        self._held = False
        self._full = False
        self._peer_ended = False
        self._lost: ConnectionLost | None = None
        self._news = asyncio.Event()
        self._shaken: asyncio.Future[None] | None = None
        self.tls: TlsFacts | None = None
        self.tls_fault: str | None = None

    # For who talks through it.

    async def read(self) -> bytes:
        """See `Stream.read`."""
        while not self._chunks:
            if self._lost is not None:
                raise self._lost
            if self._peer_ended:
                return b""
            await self._until_news()
        octets = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._forget_input()
        return octets

    async def write(self, octets: bytes) -> None:
        """See `Stream.write`."""
        # uvloop's transports refuse once they are closing.
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(octets)
        while self._full and self._lost is None:
            await self._until_news()
        if self._lost is not None:
            raise self._lost

    async def start_tls(self, server_name: str) -> None:
        """See `Stream.start_tls`. What was read in clear and not fetched is dropped."""
        if self._lost is not None:
            raise TlsFailed(str(self._lost))
        self._forget_input()
        self._transport = None
        self._shaken = self._loop.create_future()
        layer = ClientLayer(self._context, server_name, self, self._tls_failed)
        self._raw.set_protocol(layer)
        layer.connection_made(self._raw)
        await self._shaken
        self.tls_fault = self._judge(layer.engine.peer_chain(), server_name)

    async def close(self) -> None:
        """See `Stream.close`: the last words get a moment to leave."""
        (self._transport or self._raw).close()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                while self._lost is None:
                    await self._until_news()
        except TimeoutError:
            self._raw.abort()

    # For the transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.tls = transport.get_extra_info("tls")
        if self._shaken is None:
            self._raw = self._transport
        elif not self._shaken.done():
            self._shaken.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._chunks.append(data)
        self._unread_octets += len(data)
        if self._unread_octets > _MAX_UNREAD_OCTETS and not self._held and self._transport:
            self._held = True
            self._transport.pause_reading()
        self._news.set()

    def eof_received(self) -> bool:
        self._peer_ended = True
        self._news.set()
        return True

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = ConnectionLost(str(exc or "the connection is closed"))
        self._news.set()

    def _tls_failed(self, reason: str, detail: str) -> None:
        self._lost = ConnectionLost(detail)
        self._news.set()
        if self._shaken is not None and not self._shaken.done():
            self._shaken.set_exception(TlsFailed(f"{reason}: {detail}"))

    def _forget_input(self) -> None:
        self._chunks.clear()
        self._unread_octets = 0
        if self._held and self._transport is not None:
            self._held = False
            self._transport.resume_reading()

    async def _until_news(self) -> None:
        self._news.clear()
        await self._news.wait()
