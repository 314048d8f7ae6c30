"""A DNS server on loopback that answers as a script says, over UDP and TCP."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import cast

import dns.message
import dns.rrset
from dns.flags import Flag
from dns.message import Message
from dns.rcode import Rcode

from roost.config.dns import NameServer

# The query, and whether it came over TCP, to the octets that are sent back, one by one.
Script = Callable[[Message, bool], Sequence[bytes]]


@dataclass
class ScriptedDns:
    """A server that runs. asked: each question as "TYPE name", with a + when it came over TCP."""

    server: NameServer
    asked: list[str] = field(default_factory=list)


def reply(
    query: Message,
    *records: str,
    rcode: Rcode = Rcode.NOERROR,
    soa: str = "",
    authentic: bool = False,
) -> bytes:
    """An answer. records: "name ttl TYPE text", names absolute; soa: the same, as authority."""
    message = dns.message.make_response(query, recursion_available=True)
    message.set_rcode(rcode)
    message.answer = [_rrset(record) for record in records]
    message.authority = [_rrset(soa)] if soa else []
    if authentic:
        message.flags |= Flag.AD
    return message.to_wire(max_size=65535)


def cut(query: Message) -> bytes:
    """An answer that did not fit: only its beginning, and TC."""
    message = dns.message.make_response(query)
    message.flags |= Flag.TC
    return message.to_wire()


@asynccontextmanager
async def scripted_dns(script: Script, ip: str = "127.0.0.1") -> AsyncIterator[ScriptedDns]:
    """Runs one, on a port that is free for UDP and TCP."""
    loop = asyncio.get_running_loop()
    asked: list[str] = []

    def answers(wire: bytes, *, tcp: bool) -> Sequence[bytes]:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        asked.append(f"{question.rdtype.name} {name}{'+' if tcp else ''}")
        return script(query, tcp)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        for octets in answers(wire, tcp=True):
            writer.write(octets)
        writer.close()

    stream = await asyncio.start_server(serve, ip, 0)
    port = stream.sockets[0].getsockname()[1]
    datagrams, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(lambda wire: answers(wire, tcp=False)), local_addr=(ip, port)
    )
    try:
        yield ScriptedDns(NameServer(ip_address(ip), port), asked)
    finally:
        datagrams.close()
        stream.close()
        await stream.wait_closed()


@contextmanager
def dns_in_a_thread(script: Script) -> Iterator[ScriptedDns]:
    """Runs one beside whoever has a loop of its own, such as a command."""
    ready, stop = threading.Event(), threading.Event()
    running: list[ScriptedDns] = []

    async def serve() -> None:
        async with scripted_dns(script) as server:
            running.append(server)
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10), "the server did not start"
        yield running[0]
    finally:
        stop.set()
        thread.join(10)


def framed(octets: bytes) -> bytes:
    """As it goes over TCP. RFC 1035 section 4.2.2."""
    return len(octets).to_bytes(2) + octets


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answers: Callable[[bytes], Sequence[bytes]]) -> None:
        self._answers = answers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for octets in self._answers(data):
            self._transport.sendto(octets, addr)


def _rrset(record: str) -> dns.rrset.RRset:
    name, ttl, kind, text = record.split(" ", 3)
    return dns.rrset.from_text(f"{name.removesuffix('.')}.", int(ttl), "IN", kind, text)
