"""A question to several DNS servers, until one of them answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from dns.edns import EDECode, EDEOption
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from roost.adapters.dns_exchange import ExchangeFailed, Exchanger
from roost.adapters.dns_trust import Trust
from roost.base.lookup import Fault
from roost.config.dns import NameServer
from roost.ports.clock import Clock

# How long a server has, by round: a datagram is lost now and then, a slow answer is repeated.
PATIENCE_SECONDS = (1.0, 2.0, 4.0)
# A server that did not answer is asked last for so long.
ASIDE_SECONDS = 30.0
MOST_SERVERS = 3  # as in resolv.conf(5)

# RFC 8914 section 4: what a resolver says when DNSSEC is the reason.
_DNSSEC_ERRORS = frozenset(
    {
        EDECode.DNSSEC_INDETERMINATE,
        EDECode.DNSSEC_BOGUS,
        EDECode.SIGNATURE_EXPIRED,
        EDECode.SIGNATURE_NOT_YET_VALID,
        EDECode.DNSKEY_MISSING,
        EDECode.RRSIGS_MISSING,
        EDECode.NO_ZONE_KEY_BIT_SET,
        EDECode.NSEC_MISSING,
    }
)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that can be used. believed: whether the AD bit of who gave it means something."""

    message: Message
    believed: bool


class Servers:
    """Asks one after the other, in their order; those that were silent come last for a while.

    silent: called with a server that has stopped to answer. patience: seconds for each round.
    """

    def __init__(
        self,
        servers: Sequence[NameServer],
        exchanger: Exchanger,
        trust: Trust,
        clock: Clock,
        silent: Callable[[NameServer, Fault], None],
        patience: Sequence[float] = PATIENCE_SECONDS,
    ) -> None:
        self._patience = patience
        self._servers = tuple(servers)
        self._exchanger = exchanger
        self._trust = trust
        self._clock = clock
        self._silent = silent
        self._aside: dict[NameServer, float] = {}

    async def ask(self, name: Name, kind: RdataType) -> Reply:
        """The first answer that says something of the name: records, none, or no such name.

        Raises ExchangeFailed with the last server's fault.
        """
        left = self._in_order()
        last, guarded = ExchangeFailed(Fault.UNREACHABLE), False
        for seconds in self._patience:
            for server in tuple(left):
                believed = await self._trust.believes(server)
                if guarded and not believed:
                    continue
                try:
                    message = await self._usable(server, name, kind, seconds, believed=believed)
                    return Reply(message, believed)
                except ExchangeFailed as failed:
                    last = failed
                if last.fault is Fault.BOGUS:
                    raise last
                # What a server that checks could not give is not taken unchecked from elsewhere:
                # whoever can forge answers can as well hold up its questions.
                guarded = guarded or (believed and last.fault is not Fault.UNREACHABLE)
                if last.fault is not Fault.TIMEOUT:
                    left.remove(server)
        raise last

    async def _usable(
        self, server: NameServer, name: Name, kind: RdataType, seconds: float, *, believed: bool
    ) -> Message:
        try:
            message = await self._exchanger.ask(server, name, kind, seconds)
        except ExchangeFailed as failed:
            if not believed or failed.fault is Fault.UNREACHABLE:
                self._put_aside(server, failed.fault)
            raise
        self._aside.pop(server, None)
        if message.rcode() in (Rcode.NOERROR, Rcode.NXDOMAIN):
            return message
        if message.rcode() == Rcode.REFUSED:
            raise ExchangeFailed(Fault.REFUSED)
        if _blames_dnssec(message) or (
            believed and await self._is_there_unchecked(server, name, kind, seconds)
        ):
            raise ExchangeFailed(Fault.BOGUS)
        raise ExchangeFailed(Fault.SERVFAIL)

    async def _is_there_unchecked(
        self, server: NameServer, name: Name, kind: RdataType, seconds: float
    ) -> bool:
        """Whether an answer exists that the server keeps back. Not all say so by RFC 8914."""
        try:
            message = await self._exchanger.ask(server, name, kind, seconds, check=False)
        except ExchangeFailed:
            return False
        return message.rcode() in (Rcode.NOERROR, Rcode.NXDOMAIN)

    def _in_order(self) -> list[NameServer]:
        now = self._clock.monotonic()
        return sorted(self._servers, key=lambda one: self._aside.get(one, now) > now)

    def _put_aside(self, server: NameServer, fault: Fault) -> None:
        now = self._clock.monotonic()
        if self._aside.get(server, now) <= now:
            self._silent(server, fault)
        self._aside[server] = now + ASIDE_SECONDS


def _blames_dnssec(message: Message) -> bool:
    errors = (one for one in message.options if isinstance(one, EDEOption))
    return any(one.code in _DNSSEC_ERRORS for one in errors)


def system_servers(resolv_conf: str) -> tuple[NameServer, ...]:
    """The servers that the content of /etc/resolv.conf names; this machine where it names none.

    See resolv.conf(5). Lines that cannot be read are passed over.
    """
    found = []
    for line in resolv_conf.splitlines():
        words = line.split()
        if len(words) < 2 or words[0] != "nameserver":
            continue
        try:
            found.append(NameServer(ip_address(words[1])))
        except ValueError:
            continue
    return tuple(found[:MOST_SERVERS]) or (NameServer(ip_address("127.0.0.1")),)
