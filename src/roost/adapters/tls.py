"""Both ends of TLS: for connections that others open, and for those that we open."""

import asyncio
from ipaddress import ip_address

from OpenSSL import SSL

from roost.adapters.client_hello import ClientHello, NotClientHello, read_client_hello
from roost.adapters.tls_context import Alert, Choice, Choose, Handshake
from roost.adapters.tls_engine import TlsEngine
from roost.adapters.tls_layer import HANDSHAKE_SECONDS, Failed, TlsLayer
from roost.ports.net import Endpoint, TlsFacts

HELLO_SECONDS = 10.0


class TlsServer:
    """Speaks TLS with who connects to us; `choose` says with which certificate.

    choose: the ClientHello -> Choice, or the Alert that refuses them.
    hello_seconds: within which the whole ClientHello must be there.
    handshake_seconds: within which the handshake must be done after it.
    """

    def __init__(
        self,
        choose: Choose,
        *,
        hello_seconds: float = HELLO_SECONDS,
        handshake_seconds: float = HANDSHAKE_SECONDS,
    ) -> None:
        self.choose = choose
        self.hello_seconds = hello_seconds
        self.handshake_seconds = handshake_seconds

    def wrap(self, inner: asyncio.Protocol, failed: Failed) -> "ServerLayer":
        """See `roost.ports.net.TlsServer.wrap`."""
        return ServerLayer(self, inner, failed)


class ServerLayer(TlsLayer):
    """Waits for a whole ClientHello before it commits itself to a certificate."""

    __slots__ = ("_choice", "_hello", "_hello_octets", "_server")

    _choice: Choice
    _hello: ClientHello

    def __init__(self, server: TlsServer, inner: asyncio.Protocol, failed: Failed) -> None:
        super().__init__(inner, failed)
        self._server = server
        self._hello_octets = bytearray()

    def _begin(self) -> None:
        self._wait_at_most(self._server.hello_seconds, "the ClientHello")

    def _hear_hello(self, octets: bytes) -> None:
        self._hello_octets += octets
        try:
            hello = read_client_hello(self._hello_octets)
        except NotClientHello as error:
            self._fail("not_tls", str(error), Alert.DECODE_ERROR.record)
            return
        if hello is not None:
            self._choose(hello)

    def _choose(self, hello: ClientHello) -> None:
        choice = self._server.choose(hello)
        if isinstance(choice, Alert):
            self._fail(choice.name.lower(), "no certificate or protocol fits", choice.record)
            return
        self._hello, self._choice = hello, choice
        connection = SSL.Connection(choice.context, None)
        peer = Endpoint.of(self._below.get_extra_info("peername"))
        alpn = choice.alpn.encode("latin-1") if choice.alpn else None
        connection.set_app_data(Handshake(alpn, peer.ip))
        connection.set_accept_state()
        self._wait_at_most(self._server.handshake_seconds, "the handshake")
        self._start(TlsEngine(connection))
        octets, self._hello_octets = self._hello_octets, bytearray()
        self._shake_with(memoryview(bytes(octets)))

    def _facts_of(self, engine: TlsEngine) -> TlsFacts:
        choice = self._choice
        return engine.facts_as_server(self._hello.server_name, choice.alpn, choice.end_point)


class ClientLayer(TlsLayer):
    """Begins a handshake as client at once. The peer's chain is not judged here."""

    __slots__ = ("_context", "_seconds", "_server_name")

    def __init__(
        self,
        context: SSL.Context,
        server_name: str,
        inner: asyncio.BaseProtocol,
        failed: Failed,
        handshake_seconds: float = HANDSHAKE_SECONDS,
    ) -> None:
        super().__init__(inner, failed)
        self._context = context
        self._server_name = server_name
        self._seconds = handshake_seconds

    @property
    def engine(self) -> TlsEngine:
        """For the chain that the peer sent."""
        return self._engine

    def _begin(self) -> None:
        connection = SSL.Connection(self._context, None)
        if self._server_name and not _is_address(self._server_name):
            connection.set_tlsext_host_name(self._server_name.encode("ascii"))
        connection.set_connect_state()
        self._wait_at_most(self._seconds, "the handshake")
        self._start(TlsEngine(connection))
        self._shake()

    def _hear_hello(self, octets: bytes) -> None:
        """Nothing comes before `_begin`."""

    def _facts_of(self, engine: TlsEngine) -> TlsFacts:
        return engine.facts_as_client(self._server_name or None)


def _is_address(name: str) -> bool:
    """An IP address is no server name. RFC 6066 section 3."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
