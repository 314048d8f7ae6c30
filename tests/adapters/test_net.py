"""Connections that we open, to a server of our own on loopback."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_address

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import crypto

from roost.adapters.certificate import CertifiedKey, make_self_signed
from roost.adapters.clock import SystemClock
from roost.adapters.net import SocketDialer, SocketStream
from roost.adapters.tls import TlsServer
from roost.adapters.tls_context import ServerOptions, TlsContexts, choose_by_name
from roost.adapters.tls_judge import ChainJudge
from roost.ports.net import ConnectionLost, TlsFailed

LOOPBACK = ip_address("127.0.0.1")
Dial = Callable[..., Awaitable[SocketStream]]


class Script(asyncio.Protocol):
    """Answers each line: "tls" begins TLS, "gone" drops the line, "end" closes, else an echo."""

    def __init__(self, tls: TlsServer) -> None:
        self.tls = tls
        self.raw: asyncio.Transport
        self.transport: asyncio.Transport | None = None
        self.failures: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.transport is None:
            self.raw = transport  # type: ignore[assignment]
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        assert self.transport is not None
        if data == b"tls":
            self.transport.write(b"go")
            self.secure()
        elif data == b"tls+":
            self.transport.write(b"injected")
            self.secure()
        elif data == b"no tls":
            self.transport.write(b"go")
            self.transport.set_protocol(Garbage(self.transport))
        elif data == b"gone":
            reset = struct.pack("ii", 1, 0)
            self.raw.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            self.raw.abort()
        elif data == b"end":
            self.transport.close()
        else:
            self.transport.write(data)

    def secure(self) -> None:
        layer = self.tls.wrap(self, lambda reason, _: self.failures.append(reason))
        self.raw.set_protocol(layer)
        layer.connection_made(self.raw)


class Garbage(asyncio.Protocol):
    """Answers a ClientHello with something else."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(b"454 TLS not available\r\n")


@pytest.fixture
async def dial(certified: CertifiedKey) -> AsyncIterator[Dial]:
    contexts = TlsContexts(SystemClock(), ServerOptions())
    tls = TlsServer(choose_by_name(contexts, lambda _: certified))
    made: list[Script] = []

    def protocol() -> Script:
        made.append(Script(tls))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    store = crypto.X509Store()
    store.add_cert(crypto.X509.from_cryptography(certified.leaf))
    trusting, doubting = SocketDialer(ChainJudge(store)), SocketDialer()

    async def go(*, trusts: bool = True) -> SocketStream:
        return await (trusting if trusts else doubting).dial(LOOPBACK, port)

    yield go
    server.close()
    for script in made:
        script.raw.abort()
    await asyncio.sleep(0.002)


async def ask(stream: SocketStream, octets: bytes) -> bytes:
    await stream.write(octets)
    return await asyncio.wait_for(stream.read(), 5)


async def test_octets_both_ways_and_the_end(dial: Dial) -> None:
    stream = await dial()
    assert await ask(stream, b"hello") == b"hello"
    assert stream.tls is None
    assert await ask(stream, b"end") == b""
    await stream.close()
    with pytest.raises(ConnectionLost):
        await stream.read()


async def test_a_broken_line_is_a_connection_lost(dial: Dial) -> None:
    stream = await dial()
    with pytest.raises(ConnectionLost):
        await ask(stream, b"gone")
    with pytest.raises(ConnectionLost):
        await stream.write(b"x")
    await stream.close()


async def test_nobody_listens() -> None:
    with pytest.raises(OSError, match=r".*"):
        await SocketDialer().dial(LOOPBACK, 1)


async def test_tls_with_a_name_that_is_proved(dial: Dial) -> None:
    stream = await dial()
    assert await ask(stream, b"tls") == b"go"
    await stream.start_tls("mx.test")
    assert stream.tls is not None
    assert stream.tls.version == "TLSv1.3"
    assert stream.tls_fault is None
    assert await ask(stream, b"secret") == b"secret"
    assert await ask(stream, b"end") == b""
    await stream.close()


@pytest.mark.parametrize(
    ("trusts", "name", "fault"),
    [
        (True, "other.test", "not for other.test"),
        (True, "192.0.2.1", "not for 192.0.2.1"),
        (False, "mx.test", "self.signed"),
    ],
)
async def test_what_is_not_proved_is_kept_and_does_not_end_it(
    dial: Dial, trusts: bool, name: str, fault: str
) -> None:
    stream = await dial(trusts=trusts)
    assert await ask(stream, b"tls") == b"go"
    await stream.start_tls(name)
    assert fault.replace(".", " ") in (stream.tls_fault or "").replace(".", " ").replace("-", " ")
    assert await ask(stream, b"secret") == b"secret"
    await stream.close()


async def test_words_before_the_handshake_are_dropped(dial: Dial) -> None:
    stream = await dial()
    await stream.write(b"tls+")
    await asyncio.sleep(0.01)
    await stream.start_tls("mx.test")
    assert await ask(stream, b"mine") == b"mine"
    await stream.close()


async def test_no_tls_on_the_other_side(dial: Dial) -> None:
    stream = await dial()
    assert await ask(stream, b"no tls") == b"go"
    with pytest.raises(TlsFailed, match="wrong version"):
        await stream.start_tls("mx.test")
    await stream.close()


async def test_a_large_answer_is_read_in_bounded_pieces(dial: Dial) -> None:
    stream = await dial()

    async def send() -> None:
        for _ in range(64):
            await stream.write(bytes(64 * 1024))

    sending = asyncio.ensure_future(send())
    await asyncio.sleep(0.05)
    assert stream._unread_octets <= 1024 * 1024
    got = 0
    while got < 64 * 64 * 1024:
        got += len(await stream.read())
    await sending
    await stream.close()


def test_a_wildcard_stands_for_one_label() -> None:
    made = make_self_signed(["*.mx.test"], SystemClock())
    store = crypto.X509Store()
    store.add_cert(crypto.X509.from_cryptography(made.leaf))
    judge = ChainJudge(store)
    chain = [made.leaf.public_bytes(Encoding.DER)]
    assert judge(chain, "a.mx.test") is None
    assert judge(chain, "a.b.mx.test") is not None
    assert judge(chain, "mx.test") is not None
    assert judge([], "mx.test") is not None
