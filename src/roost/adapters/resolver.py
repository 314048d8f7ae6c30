"""DNS as `roost.ports.resolver.Resolver`: other resolvers are asked, answers are kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dns.exception import DNSException
from dns.flags import Flag
from dns.message import ChainingResult, QueryMessage
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from roost.adapters.dns_cache import DnsCache
from roost.adapters.dns_exchange import ExchangeFailed, Exchanger
from roost.adapters.dns_records import TYPES, name_of, spell_record
from roost.adapters.dns_servers import PATIENCE_SECONDS, Reply, Servers
from roost.adapters.dns_trust import Trust, TrustSettings
from roost.adapters.metrics import Metrics
from roost.base.lookup import Answer, Fault, Lookup, Status
from roost.config.dns import NameServer
from roost.ports.clock import Clock
from roost.ports.log import Log
from roost.ports.log_events import Event

MAX_TTL = 3600
MAX_NEGATIVE_TTL = 300
UNTOLD_TTL = 5  # of "none" without an SOA record, which says nothing of time: RFC 2308 section 5
# RFC 9520 section 3.2: a failure is kept too, so that nobody is asked in vain a thousand times.
FAILURE_SECONDS = 5.0

# Questions at servers at once, and questions that wait or are asked.
MAX_ASKED = 200
MAX_WAITING = 5_000
# A resolver gives a chain of CNAMEs whole; so often we ask for its rest ourselves.
MAX_CHAINS = 8


@dataclass(frozen=True, slots=True)
class ResolverSettings:
    """servers: in the order they are asked. seconds: bound on one question, waiting included.

    patience: seconds that a server has to answer, one for each round through all of them.
    """

    servers: Sequence[NameServer]
    seconds: float
    trust: TrustSettings
    patience: Sequence[float] = PATIENCE_SECONDS


class DnsResolver:
    """Asks DNS servers. Two who ask the same at once share one question."""

    def __init__(
        self,
        settings: ResolverSettings,
        exchanger: Exchanger,
        clock: Clock,
        log: Log,
        metrics: Metrics,
    ) -> None:
        self._seconds = settings.seconds
        self._clock = clock
        self._log = log
        self._metrics = metrics.dns
        self._cache = DnsCache(clock)
        self._trust = Trust(exchanger, clock, settings.trust, self._trust_changed)
        self._servers = Servers(
            settings.servers, exchanger, self._trust, clock, self._silent, settings.patience
        )
        self._asked = asyncio.Semaphore(MAX_ASKED)
        self._running: dict[Lookup, asyncio.Task[Answer]] = {}

    async def lookup(self, question: Lookup) -> Answer:
        """See `Resolver.lookup`."""
        key = Lookup(question.name.lower().removesuffix("."), question.type)
        answer = self._cache.get(key)
        if answer is None:
            answer = await self._look_up(question, key)
        else:
            self._metrics.kept(question.type)
        return answer if answer.name == question.name else replace(answer, name=question.name)

    async def close(self) -> None:
        """End what is being asked."""
        running = tuple(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._trust.close()

    async def _look_up(self, question: Lookup, key: Lookup) -> Answer:
        name, kind = name_of(question.name), TYPES.get(key.type)
        if kind is None:
            return _failed(key, Fault.UNKNOWN_TYPE)
        if name is None:
            return Answer(key.name, Status.NXDOMAIN)
        if key not in self._running and len(self._running) >= MAX_WAITING:
            return _failed(key, Fault.BUSY)
        # Whoever stops waiting does not take the answer away from others.
        return await asyncio.shield(self._ask_once(key, name, kind))

    def _ask_once(self, key: Lookup, name: Name, kind: RdataType) -> asyncio.Task[Answer]:
        running = self._running.get(key)
        if running is None:
            running = asyncio.create_task(self._ask_and_keep(key, name, kind))
            self._running[key] = running
            running.add_done_callback(lambda _: self._running.pop(key))
        return running

    async def _ask_and_keep(self, key: Lookup, name: Name, kind: RdataType) -> Answer:
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._seconds), self._asked:
                answer = await self._ask(key, name, kind)
        except TimeoutError:
            answer = _failed(key, Fault.TIMEOUT)
        except ExchangeFailed as failed:
            answer = _failed(key, failed.fault)
        failed_now = answer.status is Status.TEMPORARY
        self._cache.put(key, answer, FAILURE_SECONDS if failed_now else answer.ttl)
        result = answer.fault.value if answer.fault else answer.status.value
        self._metrics.asked(key.type, result, self._clock.monotonic() - began)
        return answer

    async def _ask(self, key: Lookup, name: Name, kind: RdataType) -> Answer:
        """Ask, and go on where a chain of CNAMEs leads out of an answer. RFC 1034 section 3.6.2."""
        authentic, ttl, seen = True, MAX_TTL, {name}
        while True:
            reply = await self._servers.ask(name, kind)
            chain = _chain(reply)
            authentic = authentic and reply.believed and bool(reply.message.flags & Flag.AD)
            ttl = min(ttl, chain.minimum_ttl)
            if chain.answer is not None:
                records = tuple(spell_record(rdata) for rdata in chain.answer)
                return Answer(key.name, Status.OK, records, authentic, ttl)
            if status := _negative(reply, chain, name):
                most = MAX_NEGATIVE_TTL if _has_soa(reply) else UNTOLD_TTL
                return Answer(key.name, status, (), authentic, min(ttl, most))
            name = chain.canonical_name
            if name in seen or len(seen) >= MAX_CHAINS:
                raise ExchangeFailed(Fault.MALFORMED)
            seen.add(name)

    def _trust_changed(self, server: NameServer, believed: bool) -> None:
        self._cache.clear()
        self._log.info(Event.DNS_TRUST_CHANGED, server=str(server), believed=believed)

    def _silent(self, server: NameServer, fault: Fault) -> None:
        self._log.warning(Event.DNS_SERVER_SILENT, server=str(server), reason=fault.value)


def _failed(question: Lookup, fault: Fault) -> Answer:
    return Answer(question.name, Status.TEMPORARY, fault=fault)


def _chain(reply: Reply) -> ChainingResult:
    assert isinstance(reply.message, QueryMessage), "it answers a question"
    try:
        return reply.message.resolve_chaining()
    except DNSException as error:
        # Too long a chain, or a record of a name that is said not to be there.
        raise ExchangeFailed(Fault.MALFORMED) from error


def _negative(reply: Reply, chain: ChainingResult, asked: Name) -> Status | None:
    """What an answer without the records says; None when its CNAMEs lead on. RFC 2308 section 2."""
    if reply.message.rcode() == Rcode.NXDOMAIN:
        return Status.NXDOMAIN
    return Status.NONE if chain.canonical_name == asked or _has_soa(reply) else None


def _has_soa(reply: Reply) -> bool:
    """Whether the answer is a negative one, and not the beginning of a chain. RFC 2308 2.2."""
    return any(rrset.rdtype == RdataType.SOA for rrset in reply.message.authority)
