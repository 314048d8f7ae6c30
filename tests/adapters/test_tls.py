"""TLS as a client of the standard library sees it, on both loops and both versions."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from OpenSSL import SSL

from roost.adapters.certificate import CertifiedKey, make_self_signed, save_certified_key
from roost.adapters.clock import SystemClock
from roost.adapters.tls import ServerLayer, TlsServer
from roost.adapters.tls_context import (
    Alert,
    Choose,
    ServerOptions,
    TlsContexts,
    choose_by_name,
    client_context,
)
from roost.ports.net import IpAddress, TlsFacts
from roost.proto.sasl.peer_key import fingerprint_of
from roost.testing.client_keys import make_client_key
from roost.testing.clock import StoppedClock

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
MIB = 1 << 20


def client_tls(
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, alpn: list[str] | None = None
) -> ssl.SSLContext:
    """A client of the standard library that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = version
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


class Peer:
    """A TLS client whose every octet on the wire the test sees."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        context: ssl.SSLContext,
        server_name: str | None = "mx.test",
        session: ssl.SSLSession | None = None,
    ) -> None:
        self.reader = reader
        self.writer = writer
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self._in, self._out, server_hostname=server_name, session=session
        )

    def hello(self) -> bytes:
        """The ClientHello, not sent."""
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self._out.read()

    async def shake(self, *, sends_end: bool = True) -> None:
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self._exchange()
            except ssl.SSLError:
                self._send()
                raise
        if sends_end:
            self._send()

    def send(self, octets: bytes) -> None:
        self.tls.write(octets)
        self._send()

    async def read(self) -> bytes:
        """Octets in clear; b"" after a close_notify; EOFError when TCP ended without one."""
        while True:
            try:
                return self.tls.read(1 << 20)
            except ssl.SSLWantReadError:
                await self._exchange()
            except ssl.SSLZeroReturnError:
                return b""

    async def read_count(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            got += await self.read()
        return got

    def close_notify(self) -> None:
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.unwrap()
        self._send()

    def close(self) -> None:
        self.writer.close()

    def _send(self) -> None:
        if octets := self._out.read():
            self.writer.write(octets)

    async def _exchange(self) -> None:
        self._send()
        octets = await self.reader.read(1 << 16)
        if not octets:
            raise EOFError
        self._in.write(octets)


class Echo(asyncio.Protocol):
    """Sends back what it hears, with back-pressure; b"bye" makes it close."""

    def __init__(self, stays_open: bool) -> None:
        self.transport: asyncio.Transport
        self.stays_open = stays_open
        self.facts: TlsFacts | None = None
        self.heard = 0
        self.events: list[str] = []
        self.over = asyncio.Event()
        self.error: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.facts = transport.get_extra_info("tls")
        self.events.append("made")

    def data_received(self, data: bytes) -> None:
        self.heard += len(data)
        self.transport.write(data)
        if data == b"bye":
            self.transport.close()

    def pause_writing(self) -> None:
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        self.transport.resume_reading()

    def eof_received(self) -> bool:
        self.events.append("eof")
        return self.stays_open

    def connection_lost(self, exc: Exception | None) -> None:
        self.events.append("lost")
        self.error = exc
        self.over.set()


class House:
    """A TLS server on loopback and what became of its connections."""

    def __init__(self, tls: TlsServer, stays_open: bool = False) -> None:
        self.tls = tls
        self.stays_open = stays_open
        self.echoes: list[Echo] = []
        self.layers: list[ServerLayer] = []
        self.failures: list[tuple[str, str]] = []
        self.failed = asyncio.Event()
        self.port = 0

    def protocol(self) -> asyncio.Protocol:
        echo = Echo(self.stays_open)
        self.echoes.append(echo)
        self.layers.append(self.tls.wrap(echo, self.fail))
        return self.layers[-1]

    def fail(self, reason: str, detail: str) -> None:
        self.failures.append((reason, detail))
        self.failed.set()

    def facts(self, which: int) -> TlsFacts:
        facts = self.echoes[which].facts
        assert facts is not None
        return facts

    async def reason(self) -> str:
        await asyncio.wait_for(self.failed.wait(), 5)
        assert len(self.failures) == 1
        assert self.echoes[0].events == []
        return self.failures[0][0]


Start = Callable[..., Awaitable[House]]
Connect = Callable[..., Awaitable[Peer]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    servers: list[asyncio.Server] = []
    houses: list[House] = []

    async def go(choose: Choose, *, stays_open: bool = False, **limits: float) -> House:
        house = House(TlsServer(choose, **limits), stays_open)
        server = await asyncio.get_running_loop().create_server(house.protocol, "127.0.0.1", 0)
        servers.append(server)
        houses.append(house)
        house.port = server.sockets[0].getsockname()[1]
        return house

    yield go
    for server in servers:
        server.close()
    for house in houses:
        for layer in house.layers:
            layer.abort()
    await asyncio.sleep(0.002)  # what was aborted is closed in the loop's next turns


def always(certified: CertifiedKey, options: ServerOptions | None = None) -> Choose:
    contexts = TlsContexts(SystemClock(), options or ServerOptions())
    return choose_by_name(contexts, lambda _: certified)


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    peers: list[Peer] = []

    async def go(
        house: House,
        context: ssl.SSLContext | None = None,
        server_name: str | None = "mx.test",
        session: ssl.SSLSession | None = None,
    ) -> Peer:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        peers.append(Peer(reader, writer, context or client_tls(), server_name, session))
        return peers[-1]

    yield go
    for peer in peers:
        peer.writer.transport.abort()


@pytest.mark.parametrize("version", VERSIONS)
async def test_facts_of_a_handshake(
    start: Start, connect: Connect, certified: CertifiedKey, version: ssl.TLSVersion
) -> None:
    house = await start(always(certified))
    peer = await connect(house, client_tls(version))
    await peer.shake()
    peer.send(b"hello")
    assert await peer.read() == b"hello"
    facts = house.echoes[0].facts
    assert facts is not None
    assert facts.version == version.name.replace("_", ".")
    assert facts.cipher == (peer.tls.cipher() or ("",))[0]
    assert (facts.server_name, facts.alpn, facts.resumed) == ("mx.test", None, False)
    assert facts.peer_certificate is None


async def test_the_name_picks_the_certificate(
    start: Start, connect: Connect, certified: CertifiedKey
) -> None:
    other = make_self_signed(["other.test"], SystemClock())
    known = {"mx.test": certified, "other.test": other, None: certified}
    contexts = TlsContexts(SystemClock(), ServerOptions())
    house = await start(choose_by_name(contexts, known.get))
    for name, expected in ((None, certified), ("mx.test", certified), ("Other.test", other)):
        peer = await connect(house, None, name)
        await peer.shake()
        presented = peer.tls.getpeercert(binary_form=True)
        assert presented is not None
        assert ssl.DER_cert_to_PEM_cert(presented).encode() == expected.chain_pem()


async def test_an_unknown_name_is_answered_with_an_alert(
    start: Start, connect: Connect, certified: CertifiedKey
) -> None:
    known: dict[str | None, CertifiedKey] = {"mx.test": certified}
    contexts = TlsContexts(SystemClock(), ServerOptions())
    house = await start(choose_by_name(contexts, known.get))
    peer = await connect(house, None, "stranger.test")
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        await peer.shake()
    assert await house.reason() == "unrecognized_name"


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [(["http/1.1", "imap"], "imap"), (None, None)],
    ids=["ours of theirs", "nothing offered"],
)
async def test_the_protocol_is_agreed(
    start: Start,
    connect: Connect,
    certified: CertifiedKey,
    offered: list[str] | None,
    agreed: str | None,
) -> None:
    contexts = TlsContexts(SystemClock(), ServerOptions())
    house = await start(choose_by_name(contexts, lambda _: certified, ("imap", "smtp")))
    peer = await connect(house, client_tls(alpn=offered))
    await peer.shake()
    peer.send(b"hi")
    await peer.read()
    assert peer.tls.selected_alpn_protocol() == agreed
    assert house.facts(0).alpn == agreed


async def test_a_foreign_protocol_is_answered_with_an_alert(
    start: Start, connect: Connect, certified: CertifiedKey
) -> None:
    contexts = TlsContexts(SystemClock(), ServerOptions())
    house = await start(choose_by_name(contexts, lambda _: certified, ("imap",)))
    peer = await connect(house, client_tls(alpn=["http/1.1"]))
    with pytest.raises(ssl.SSLError, match=r"(?i)no.application.protocol"):
        await peer.shake()
    assert await house.reason() == "no_application_protocol"


async def shake_and_read(peer: Peer) -> bytes:
    """On TLS 1.3 the client's handshake is done before the server looked at its certificate."""
    await peer.shake()
    return await peer.read()


ClientKey = tuple[bytes, Path, Path]


@pytest.fixture(scope="session")
def client_key(tmp_path_factory: pytest.TempPathFactory) -> ClientKey:
    folder = tmp_path_factory.mktemp("client")
    made = make_self_signed(["a client"], SystemClock())
    save_certified_key(made, folder / "chain.pem", folder / "key.pem")
    der = ssl.PEM_cert_to_DER_cert(made.chain_pem().decode())
    return der, folder / "chain.pem", folder / "key.pem"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("has_one", [True, False], ids=["with", "without"])
async def test_a_client_certificate_needs_no_authority(
    start: Start,
    connect: Connect,
    certified: CertifiedKey,
    client_key: ClientKey,
    version: ssl.TLSVersion,
    has_one: bool,
) -> None:
    der, chain, key = client_key
    asked: list[tuple[str, str]] = []

    def accept(fingerprint: str, peer: IpAddress | None) -> bool:
        asked.append((fingerprint, str(peer)))
        return True

    house = await start(always(certified, ServerOptions(accept_key=accept)))
    context = client_tls(version)
    if has_one:
        context.load_cert_chain(chain, key)
    peer = await connect(house, context)
    await peer.shake()
    peer.send(b"hi")
    assert await peer.read() == b"hi"
    assert house.facts(0).peer_certificate == (der if has_one else None)
    assert house.facts(0).peer_key == (fingerprint_of(der) if has_one else None)
    assert set(asked) == ({(fingerprint_of(der), "127.0.0.1")} if has_one else set())


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_refused_client_certificate_ends_the_handshake(
    start: Start,
    connect: Connect,
    certified: CertifiedKey,
    client_key: ClientKey,
    version: ssl.TLSVersion,
) -> None:
    _, chain, key = client_key
    house = await start(always(certified, ServerOptions(accept_key=lambda _key, _peer: False)))
    context = client_tls(version)
    context.load_cert_chain(chain, key)
    peer = await connect(house, context)
    with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
        await shake_and_read(peer)
    assert await house.reason() == "certificate"


async def resume(peer: Peer, house: House, connect: Connect, context: ssl.SSLContext) -> Peer:
    """A second connection with the session of the first."""
    peer.send(b"hi")
    assert await peer.read() == b"hi"  # TLS 1.3 sends the ticket after the handshake
    again = await connect(house, context, session=peer.tls.session)
    await again.shake()
    return again


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("tickets", [True, False], ids=["tickets", "no tickets"])
async def test_sessions_resume_where_tickets_are_on(
    start: Start, connect: Connect, certified: CertifiedKey, version: ssl.TLSVersion, tickets: bool
) -> None:
    house = await start(always(certified, ServerOptions(tickets=tickets)))
    context = client_tls(version)
    peer = await connect(house, context)
    await peer.shake()
    again = await resume(peer, house, connect, context)
    again.send(b"hi")
    assert await again.read() == b"hi"
    assert house.facts(1).resumed is tickets


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_resumed_session_shows_its_key_again_and_asks_nobody(
    start: Start,
    connect: Connect,
    certified: CertifiedKey,
    client_key: ClientKey,
    version: ssl.TLSVersion,
) -> None:
    der, chain, key = client_key
    asked: list[str] = []

    def accept(fingerprint: str, _peer: IpAddress | None) -> bool:
        asked.append(fingerprint)
        return True

    house = await start(always(certified, ServerOptions(accept_key=accept)))
    context = client_tls(version)
    context.load_cert_chain(chain, key)
    peer = await connect(house, context)
    await peer.shake()
    again = await resume(peer, house, connect, context)
    before = len(asked)
    again.send(b"hi")
    assert await again.read() == b"hi"
    assert house.facts(1).resumed
    assert house.facts(1).peer_certificate == der
    assert house.facts(1).peer_key == fingerprint_of(der)
    assert len(asked) == before


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("days", [0, 1, 7, 8])
async def test_tickets_open_for_seven_days_after_the_day_of_their_key(
    start: Start, connect: Connect, certified: CertifiedKey, version: ssl.TLSVersion, days: int
) -> None:
    clock = StoppedClock()
    contexts = TlsContexts(clock, ServerOptions())
    house = await start(choose_by_name(contexts, lambda _: certified))
    context = client_tls(version)
    peer = await connect(house, context)
    await peer.shake()
    for _ in range(days):
        clock.advance(timedelta(days=1))
        contexts.of(certified)
    again = await resume(peer, house, connect, context)
    again.send(b"hi")
    assert await again.read() == b"hi"
    assert house.facts(1).resumed is (days <= 7)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_ticket_of_another_listener_opens_nothing(
    start: Start, connect: Connect, certified: CertifiedKey, version: ssl.TLSVersion
) -> None:
    houses = [await start(always(certified)) for _ in range(2)]
    context = client_tls(version)
    peer = await connect(houses[0], context)
    await peer.shake()
    again = await resume(peer, houses[1], connect, context)
    again.send(b"hi")
    assert await again.read() == b"hi"
    assert houses[1].facts(0).resumed is False


EXPIRED = datetime(2001, 1, 1, tzinfo=UTC).replace(tzinfo=None)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["ecdsa-p256", "rsa-2048", "ed25519"])
async def test_of_a_client_certificate_only_the_key_counts(
    start: Start,
    connect: Connect,
    certified: CertifiedKey,
    tmp_path: Path,
    version: ssl.TLSVersion,
    kind: str,
) -> None:
    registered = make_client_key(kind=kind)
    renewed = make_client_key("another name", key=registered.key, serial=2, ends=EXPIRED)
    (tmp_path / "both.pem").write_text(renewed.pem + make_client_key().pem + renewed.key_pem)
    known = {registered.fingerprint}
    options = ServerOptions(accept_key=lambda key, _peer: key in known)
    house = await start(always(certified, options))
    context = client_tls(version)
    context.load_cert_chain(tmp_path / "both.pem")
    peer = await connect(house, context)
    await peer.shake()
    peer.send(b"hi")
    assert await peer.read() == b"hi"
    assert house.facts(0).peer_key == registered.fingerprint
    assert house.facts(0).peer_certificate == renewed.der


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"EHLO mx.test\r\n", "not_tls"),
        (b"\x16\x03\x01\x00\x04\x01\x00\xff\xff", "not_tls"),
        (b"", "timeout"),
        (b"\x16\x03\x01\x00", "timeout"),
    ],
    ids=["plain text", "giant", "silence", "slow"],
)
async def test_no_client_hello_no_connection(
    start: Start, certified: CertifiedKey, octets: bytes, reason: str
) -> None:
    house = await start(always(certified), hello_seconds=0.02)
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(octets)
    assert await house.reason() == reason
    expected = Alert.DECODE_ERROR.record if reason == "not_tls" else b""
    assert await reader.read() == expected
    writer.close()


async def test_the_rest_of_the_handshake_has_a_limit(
    start: Start, connect: Connect, certified: CertifiedKey
) -> None:
    house = await start(always(certified), handshake_seconds=0.02)
    peer = await connect(house)
    peer.writer.write(peer.hello())
    assert await house.reason() == "timeout"


async def test_a_client_that_hangs_up_during_the_handshake(
    start: Start, connect: Connect, certified: CertifiedKey
) -> None:
    house = await start(always(certified))
    peer = await connect(house)
    peer.writer.write(peer.hello())
    peer.close()
    assert await house.reason() == "eof"


async def test_octet_by_octet(start: Start, connect: Connect, certified: CertifiedKey) -> None:
    house = await start(always(certified))
    peer = await connect(house)
    for octet in peer.hello():
        house_sees = bytes([octet])
        peer.writer.write(house_sees)
        await asyncio.sleep(0)
    await peer.shake()
    peer.send(b"slow")
    assert await peer.read() == b"slow"


@pytest.mark.parametrize("count", [1, 5_000, 20_000, 100_000])
async def test_words_in_one_segment_with_the_end_of_the_handshake_are_heard(
    start: Start, connect: Connect, certified: CertifiedKey, count: int
) -> None:
    house = await start(always(certified))
    peer = await connect(house)
    await peer.shake(sends_end=False)
    peer.send(bytes(count))
    assert await peer.read_count(count) == bytes(count)


@pytest.mark.parametrize("version", VERSIONS)
async def test_ten_mebibytes_both_ways(
    start: Start, connect: Connect, certified: CertifiedKey, version: ssl.TLSVersion
) -> None:
    house = await start(always(certified))
    peer = await connect(house, client_tls(version))
    await peer.shake()

    async def send() -> None:
        for _ in range(160):
            peer.send(bytes(64 * 1024))
            await peer.writer.drain()

    sending = asyncio.ensure_future(send())
    got = 0
    while got < 10 * MIB:
        got += len(await peer.read())
    await sending
    assert got == house.echoes[0].heard == 10 * MIB


async def test_a_slow_reader_does_not_fill_memory(
    start: Start, connect: Connect, certified: CertifiedKey
) -> None:
    house = await start(always(certified))
    peer = await connect(house)
    await peer.shake()
    peer.send(b"hi")
    assert await peer.read() == b"hi"
    layer, echo = house.layers[0], house.echoes[0]
    sent = largest = 0
    for _ in range(400):
        if peer.writer.transport.get_write_buffer_size() < 256 * 1024:
            peer.send(bytes(64 * 1024))
            sent += 64 * 1024
        await asyncio.sleep(0.001)
        largest = max(largest, layer.get_write_buffer_size())
    # The echo stopped reading long before all was sent, and holds one read's worth at most.
    assert not layer.is_reading()
    assert echo.heard < sent
    assert largest <= 1 * MIB
    assert len(await peer.read_count(sent)) == sent


async def test_one_large_write_is_encrypted_as_it_leaves(
    start: Start, connect: Connect, certified: CertifiedKey
) -> None:
    house = await start(always(certified))
    peer = await connect(house)
    await peer.shake()
    peer.send(b"hi")
    await peer.read()
    below = house.layers[0]._below
    house.layers[0].write(bytes(20 * MIB))
    for _ in range(50):
        await asyncio.sleep(0.001)
        assert below.get_write_buffer_size() < MIB
    assert house.layers[0].get_write_buffer_size() > 0
    assert len(await peer.read_count(20 * MIB)) == 20 * MIB
    assert house.layers[0].get_write_buffer_size() == 0


async def test_reading_can_be_held_in_the_middle_of_records(
    start: Start, connect: Connect, certified: CertifiedKey
) -> None:
    house = await start(always(certified))
    peer = await connect(house)
    await peer.shake()
    peer.send(b"1")
    assert await peer.read() == b"1"
    layer, echo = house.layers[0], house.echoes[0]
    hear = echo.data_received

    def hold(data: bytes) -> None:
        layer.pause_reading()
        hear(data)

    echo.data_received = hold  # type: ignore[method-assign]
    for number in range(3):
        peer.tls.write(b"%d" % number)
    peer._send()  # three records in one segment
    assert await peer.read() == b"0"
    await asyncio.sleep(0.01)
    assert echo.heard == 2
    layer.resume_reading()
    assert await peer.read() == b"1"
    layer.resume_reading()
    assert await peer.read() == b"2"


@pytest.mark.parametrize("version", VERSIONS)
async def test_our_close_is_a_close_notify(
    start: Start, connect: Connect, certified: CertifiedKey, version: ssl.TLSVersion
) -> None:
    house = await start(always(certified))
    peer = await connect(house, client_tls(version))
    await peer.shake()
    peer.send(b"bye")
    assert await peer.read() == b"bye"
    assert await peer.read() == b""


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_close_notify_is_answered(
    start: Start, connect: Connect, certified: CertifiedKey, version: ssl.TLSVersion
) -> None:
    house = await start(always(certified))
    peer = await connect(house, client_tls(version))
    await peer.shake()
    peer.send(b"hi")
    assert await peer.read() == b"hi"
    peer.close_notify()
    assert await peer.read() == b""
    await asyncio.wait_for(house.echoes[0].over.wait(), 5)
    assert house.echoes[0].events == ["made", "eof", "lost"]
    assert house.echoes[0].error is None


async def test_half_close_leaves_our_direction_open(
    start: Start, connect: Connect, certified: CertifiedKey
) -> None:
    house = await start(always(certified), stays_open=True)
    peer = await connect(house)
    await peer.shake()
    peer.send(b"hi")
    assert await peer.read() == b"hi"
    peer.close_notify()
    echo = house.echoes[0]
    while "eof" not in echo.events:
        await asyncio.sleep(0.001)
    echo.transport.write(b"still here")
    assert await peer.read() == b"still here"
    echo.transport.close()
    assert await peer.read() == b""


async def test_our_half_close_leaves_theirs_open(
    start: Start, connect: Connect, certified: CertifiedKey
) -> None:
    house = await start(always(certified))
    peer = await connect(house)
    await peer.shake()
    peer.send(b"hi")
    assert await peer.read() == b"hi"
    house.echoes[0].transport.write(b"the end")
    house.echoes[0].transport.write_eof()
    assert await peer.read() == b"the end"
    assert await peer.read() == b""
    peer.send(b"noted")
    while house.echoes[0].heard < 7:
        await asyncio.sleep(0.001)
    peer.close()
    await asyncio.wait_for(house.echoes[0].over.wait(), 5)


async def test_an_end_without_close_notify_is_an_error(
    start: Start, connect: Connect, certified: CertifiedKey
) -> None:
    house = await start(always(certified), stays_open=True)
    peer = await connect(house)
    await peer.shake()
    peer.send(b"hi")
    assert await peer.read() == b"hi"
    peer.close()
    await asyncio.wait_for(house.echoes[0].over.wait(), 5)
    assert house.echoes[0].events == ["made", "lost"]
    assert isinstance(house.echoes[0].error, ConnectionResetError)


async def test_a_damaged_record_breaks_the_connection(
    start: Start, connect: Connect, certified: CertifiedKey
) -> None:
    house = await start(always(certified))
    peer = await connect(house)
    await peer.shake()
    peer.send(b"hi")
    assert await peer.read() == b"hi"
    peer.writer.write(b"\x17\x03\x03\x00\x20" + bytes(32))
    await asyncio.wait_for(house.echoes[0].over.wait(), 5)
    assert isinstance(house.echoes[0].error, ConnectionResetError)


async def test_renegotiation_is_refused(start: Start, certified: CertifiedKey) -> None:
    house = await start(always(certified))
    context = client_context()
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)

    async def shake() -> None:
        while True:
            try:
                connection.do_handshake()
                break
            except SSL.WantReadError:
                try:
                    writer.write(connection.bio_read(65536))
                except SSL.WantReadError:
                    pass
                octets = await reader.read(65536)
                connection.bio_write(octets or b"\x15\x03\x03\x00\x02\x02\x00")
        try:
            writer.write(connection.bio_read(65536))
        except SSL.WantReadError:
            pass

    await shake()
    assert connection.renegotiate()
    with pytest.raises(SSL.Error):
        await asyncio.wait_for(shake(), 5)
    writer.close()
