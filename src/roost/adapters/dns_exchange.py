"""One question to one DNS server: UDP, then TCP when the answer is cut. RFC 1035, RFC 7766."""

import asyncio
import socket
from typing import Protocol

import dns.message
from dns.flags import Flag
from dns.message import Message, QueryMessage
from dns.name import Name
from dns.rdatatype import RdataType

from roost.base.lookup import Fault
from roost.config.dns import NameServer
from roost.ports.random import Random

# What passes every network in one piece (RFC 9715 section 3.1); larger answers come over TCP.
UDP_OCTETS = 1232
_MOST_UDP_OCTETS = 4096  # of a server that sends more than it was told
_MOST_ODD_DATAGRAMS = 100  # then somebody is guessing, or the server is broken
_PARSED_INLINE_OCTETS = 4096  # longer ones take over a millisecond, up to a hundred
_HEADER_OCTETS = 12


class ExchangeFailed(Exception):
    """The server gave no answer that can be used; fault says which way."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class Exchanger(Protocol):
    """Asks one server once."""

    async def ask(
        self, server: NameServer, name: Name, kind: RdataType, seconds: float, *, check: bool = True
    ) -> Message:
        """The server's answer, whatever its response code is.

        seconds: for all of it. check: False asks for data that fails DNSSEC too (CD, RFC 4035
        section 3.2.2). Raises ExchangeFailed with TIMEOUT, UNREACHABLE or MALFORMED.
        """
        ...


class SocketExchanger:
    """Asks over sockets, each question from a port of its own with an id nobody can guess.

    The UDP socket is connected: only what comes from the server is heard (RFC 5452 section 9.1),
    and a port where nobody listens is known at once.
    """

    def __init__(self, random: Random) -> None:
        self._random = random

    async def ask(
        self, server: NameServer, name: Name, kind: RdataType, seconds: float, *, check: bool = True
    ) -> Message:
        """See `Exchanger.ask`."""
        query = self._query(name, kind, check=check)
        try:
            async with asyncio.timeout(seconds):
                answer = await _over_udp(server, query)
                return await _over_tcp(server, query) if answer is None else answer
        except TimeoutError as error:
            raise ExchangeFailed(Fault.TIMEOUT) from error
        except (OSError, EOFError) as error:
            raise ExchangeFailed(Fault.UNREACHABLE) from error

    def _query(self, name: Name, kind: RdataType, *, check: bool) -> QueryMessage:
        # AD in a question: tell whether it is authentic, without the signatures. RFC 6840 5.7.
        return dns.message.make_query(
            name,
            kind,
            use_edns=0,
            payload=UDP_OCTETS,
            id=int.from_bytes(self._random.octets(2)),
            flags=Flag.RD | Flag.AD if check else Flag.RD | Flag.AD | Flag.CD,
        )


async def _over_udp(server: NameServer, query: QueryMessage) -> Message | None:
    """The answer, None when it is cut."""
    loop = asyncio.get_running_loop()
    with socket.socket(_family(server), socket.SOCK_DGRAM) as sock:
        sock.settimeout(0)
        sock.connect((str(server.ip), server.port))
        sock.send(query.to_wire())
        waiting = _Waiting(sock, query, loop.create_future())
        loop.add_reader(sock, waiting.take)
        try:
            return await waiting.answer
        finally:
            loop.remove_reader(sock)


class _Waiting:
    """A question on its way, and what came back so far."""

    def __init__(
        self, sock: socket.socket, query: QueryMessage, answer: asyncio.Future[Message | None]
    ) -> None:
        self.answer = answer
        self._sock = sock
        self._query = query
        self._odd = 0

    def take(self) -> None:
        """Read a datagram. What answers another question, or none, is as if it had not come."""
        try:
            wire = self._sock.recv(_MOST_UDP_OCTETS)
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(error)
            return
        if self.answer.done():
            return
        if _is_cut(wire, self._query):
            self.answer.set_result(None)
            return
        message = _parse(wire, self._query)
        if message is not None:
            self.answer.set_result(message)
            return
        self._odd += 1
        if self._odd == _MOST_ODD_DATAGRAMS:
            self._fail(ExchangeFailed(Fault.MALFORMED))

    def _fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


async def _over_tcp(server: NameServer, query: QueryMessage) -> Message:
    reader, writer = await asyncio.open_connection(
        str(server.ip), server.port, family=_family(server)
    )
    try:
        wire = query.to_wire()
        writer.write(len(wire).to_bytes(2) + wire)
        length = int.from_bytes(await reader.readexactly(2))
        answer = await reader.readexactly(length)
    finally:
        writer.transport.abort()
    if length > _PARSED_INLINE_OCTETS:
        message = await asyncio.to_thread(_parse, answer, query)
    else:
        message = _parse(answer, query)
    if message is None or message.flags & Flag.TC:
        raise ExchangeFailed(Fault.MALFORMED)
    return message


def _parse(wire: bytes, query: QueryMessage) -> Message | None:
    """The message when it answers the query, else None."""
    if not _has_header(wire, query):
        return None
    try:
        message = dns.message.from_wire(wire)
    except Exception:  # the library raises more than its own errors on odd octets
        return None
    return message if query.is_response(message) else None


def _is_cut(wire: bytes, query: QueryMessage) -> bool:
    """Whether the answer to the query did not fit into a datagram. RFC 1035 section 4.1.1."""
    if not _has_header(wire, query) or not int.from_bytes(wire[2:4]) & Flag.TC:
        return False
    try:
        return query.is_response(dns.message.from_wire(wire, question_only=True))
    except Exception:  # as above
        return False


def _has_header(wire: bytes, query: QueryMessage) -> bool:
    """Whether it is worth reading: most of what a stranger sends has another id."""
    return len(wire) >= _HEADER_OCTETS and int.from_bytes(wire[:2]) == query.id


def _family(server: NameServer) -> socket.AddressFamily:
    return socket.AF_INET if server.ip.version == 4 else socket.AF_INET6
