"""The resolver, against a DNS server that does whatever a test wants it to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from ipaddress import ip_address
from typing import Literal

import dns.message
import dns.name
import pytest
from dns.edns import EDECode, EDEOption
from dns.flags import Flag
from dns.message import Message
from dns.rcode import Rcode
from hypothesis import given
from hypothesis import strategies as st

from roost.adapters import resolver as module
from roost.adapters.dns_exchange import SocketExchanger
from roost.adapters.dns_records import name_of, spell_name
from roost.adapters.dns_trust import TrustSettings
from roost.adapters.metrics import Metrics
from roost.adapters.resolver import DnsResolver, ResolverSettings
from roost.base.lookup import Answer, Fault, Lookup, Status
from roost.config.dns import NameServer
from roost.ports.log_events import Event
from roost.testing.clock import StoppedClock
from roost.testing.dns_script import Script, ScriptedDns, cut, framed, reply, scripted_dns
from roost.testing.log import ListLog
from roost.testing.random import SeededRandom

SOA = "a.test 900 SOA ns.a.test. host.a.test. 1 2 3 4 60"
SIGNED, BOGUS = dns.name.from_text("signed.test"), dns.name.from_text("bogus.test")
LONG = (20.0,)  # on a busy machine too, an answer comes before anything is asked again


class House:
    """A resolver with what it is built on."""

    def __init__(
        self,
        servers: Sequence[NameServer],
        seconds: float = 30.0,
        mode: Literal["auto", "on", "off"] = "off",
        patience: Sequence[float] = LONG,
    ) -> None:
        self.clock, self.log, self.metrics = StoppedClock(), ListLog(), Metrics()
        settings = ResolverSettings(servers, seconds, TrustSettings(mode, SIGNED, BOGUS), patience)
        exchanger = SocketExchanger(SeededRandom())
        self.resolver = DnsResolver(settings, exchanger, self.clock, self.log, self.metrics)

    async def lookup(self, name: str, kind: str = "A") -> Answer:
        return await self.resolver.lookup(Lookup(name, kind))


@asynccontextmanager
async def house_with(
    *scripts: Script,
    seconds: float = 30.0,
    mode: Literal["auto", "on", "off"] = "off",
    patience: Sequence[float] = LONG,
) -> AsyncIterator[tuple[House, list[ScriptedDns]]]:
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(scripted_dns(one)) for one in scripts]
        house = House([one.server for one in servers], seconds, mode, patience)
        stack.push_async_callback(house.resolver.close)
        yield house, servers


def says(*records: str, **more: object) -> Script:
    return lambda query, tcp: [reply(query, *records, **more)]  # type: ignore[arg-type]


def silent(query: Message, tcp: bool) -> Sequence[bytes]:
    return []


@pytest.mark.parametrize(
    ("kind", "record", "text"),
    [
        ("A", "192.0.2.1", "192.0.2.1"),
        ("AAAA", "2001:DB8:0::1", "2001:db8::1"),
        ("MX", "10 MX.A.test.", "10 mx.a.test"),
        ("MX", "0 .", "0 ."),
        ("TXT", '"v=spf1 " "-all"', "v=spf1 -all"),
        ("TXT", '"caf\\195\\169\\000"', "cafÃ©\x00"),
        ("PTR", "Host.A.test.", "host.a.test"),
        ("NS", "NS.a.test.", "ns.a.test"),
        ("CNAME", "B.test.", "b.test"),
        ("TLSA", "3 1 1 " + "AB" * 32, "3 1 1 " + "ab" * 32),
        ("TLSA", "3 1 2 " + "AB" * 64, "3 1 2 " + "ab" * 64),
        ("SRV", "1 2 993 Imap.a.test.", "1 2 993 imap.a.test"),
        ("CAA", '0 issue "ca.test; policy=\\"x\\""', '0 issue "ca.test; policy=\\"x\\""'),
        ("SOA", "NS.a.test. host.a.test. 1 2 3 4 5", "ns.a.test host.a.test 1 2 3 4 5"),
        ("PTR", "a\\.b\\000.test.", "a\\.b\\000.test"),
    ],
    ids=["a", "aaaa", "mx", "null mx", "txt", "octets", "ptr", "ns", "cname", "tlsa", "tlsa long", "srv", "caa", "soa", "dot in a label"],
)  # fmt: skip
async def test_each_type_has_its_text(kind: str, record: str, text: str) -> None:
    async with house_with(says(f"a.test 300 {kind} {record}")) as (house, _):
        assert await house.lookup("A.Test", kind) == Answer("A.Test", Status.OK, (text,), ttl=300)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (says(rcode=Rcode.NXDOMAIN, soa=SOA), Answer("a.test", Status.NXDOMAIN, ttl=60)),
        (says(soa=SOA), Answer("a.test", Status.NONE, ttl=60)),
        (says(soa=SOA.replace(" 60", " 9999")), Answer("a.test", Status.NONE, ttl=300)),
        (says(), Answer("a.test", Status.NONE, ttl=5)),
        (says(rcode=Rcode.SERVFAIL), Answer("a.test", Status.TEMPORARY, fault=Fault.SERVFAIL)),
        (says(rcode=Rcode.FORMERR), Answer("a.test", Status.TEMPORARY, fault=Fault.SERVFAIL)),
        (says(rcode=Rcode.REFUSED), Answer("a.test", Status.TEMPORARY, fault=Fault.REFUSED)),
        (says("a.test 90000 A 192.0.2.1"), Answer("a.test", Status.OK, ("192.0.2.1",), ttl=3600)),
        (says("a.test 9 CNAME b.test.", "b.test 99 A 192.0.2.1"), Answer("a.test", Status.OK, ("192.0.2.1",), ttl=9)),
        (says("a.test 9 CNAME b.test.", rcode=Rcode.NXDOMAIN), Answer("a.test", Status.NXDOMAIN, ttl=5)),
        (says("a.test 9 CNAME a.test."), Answer("a.test", Status.TEMPORARY, fault=Fault.MALFORMED)),
        (says("a.test 9 A 192.0.2.1", rcode=Rcode.NXDOMAIN), Answer("a.test", Status.TEMPORARY, fault=Fault.MALFORMED)),
    ],
    ids=["no name", "no data", "ttl of no data", "no soa", "servfail", "formerr", "refused", "long ttl", "cname", "cname to nothing", "cname loop", "contradiction"],
)  # fmt: skip
async def test_each_way_a_lookup_ends(script: Script, expected: Answer) -> None:
    async with house_with(script) as (house, _):
        assert await house.lookup("a.test") == expected


async def test_a_chain_that_is_not_given_whole_is_followed() -> None:
    def script(query: Message, tcp: bool) -> list[bytes]:
        name = query.question[0].name.to_text()
        records = {"a.test.": "a.test 30 CNAME b.test.", "b.test.": "b.test 99 A 192.0.2.1"}
        return [reply(query, records[name])]

    async with house_with(script) as (house, (server,)):
        assert await house.lookup("a.test") == Answer("a.test", Status.OK, ("192.0.2.1",), ttl=30)
        assert server.asked == ["A a.test", "A b.test"]


async def test_a_chain_without_end_is_given_up() -> None:
    def script(query: Message, tcp: bool) -> list[bytes]:
        name = query.question[0].name.to_text()
        return [reply(query, f"{name} 30 CNAME x{name}")]

    async with house_with(script) as (house, (server,)):
        assert (await house.lookup("a.test")).fault is Fault.MALFORMED
        assert len(server.asked) == module.MAX_CHAINS


async def test_an_answer_that_is_cut_is_fetched_over_tcp() -> None:
    text = " ".join(['"' + "x" * 250 + '"'] * 200)

    def script(query: Message, tcp: bool) -> list[bytes]:
        return [framed(reply(query, f"a.test 300 TXT {text}"))] if tcp else [cut(query)]

    async with house_with(script) as (house, (server,)):
        assert (await house.lookup("a.test", "TXT")).records == ("x" * 50_000,)
        assert server.asked == ["TXT a.test", "TXT a.test+"]


@pytest.mark.parametrize(
    ("over_tcp", "fault"),
    [
        (lambda query: [], Fault.UNREACHABLE),
        (lambda query: [b"\x00"], Fault.UNREACHABLE),
        (lambda query: [framed(reply(query))[:9]], Fault.UNREACHABLE),
        (lambda query: [framed(b"")], Fault.MALFORMED),
        (lambda query: [framed(b"\xff" * 300)], Fault.MALFORMED),
        (lambda query: [framed(cut(query))], Fault.MALFORMED),
    ],
    ids=["closed", "half a length", "half an answer", "nothing", "garbage", "cut again"],
)
async def test_tcp_that_breaks(over_tcp: Callable[[Message], list[bytes]], fault: Fault) -> None:
    async with house_with(lambda query, tcp: over_tcp(query) if tcp else [cut(query)]) as (
        house,
        _,
    ):
        assert (await house.lookup("a.test")).fault is fault


def with_id(octets: bytes, other: int) -> bytes:
    return ((int.from_bytes(octets[:2]) + other) % 65536).to_bytes(2) + octets[2:]


def other_question(query: Message) -> bytes:
    other = dns.message.make_query("b.test", "A", id=query.id)
    return reply(other, "b.test 300 A 192.0.2.66")


@pytest.mark.parametrize(
    "odd",
    [
        lambda query: b"",
        lambda query: b"\x00",
        lambda query: query.to_wire()[:11],
        lambda query: query.id.to_bytes(2) + b"\xff" * 90,
        lambda query: reply(query, "a.test 300 A 192.0.2.66")[:-3],
        lambda query: with_id(reply(query, "a.test 300 A 192.0.2.66"), 1),
        lambda query: with_id(cut(query), 1),
        lambda query: query.to_wire(),
        other_question,
    ],
    ids=["empty", "an octet", "half a header", "garbage", "broken off", "wrong id", "wrong id, cut", "a query", "another question"],
)  # fmt: skip
async def test_what_is_no_answer_is_as_if_it_had_not_come(odd: Callable[[Message], bytes]) -> None:
    def script(query: Message, tcp: bool) -> list[bytes]:
        return [odd(query), reply(query, "a.test 300 A 192.0.2.1")]

    async with house_with(script) as (house, (server,)):
        assert (await house.lookup("a.test")).records == ("192.0.2.1",)
        assert server.asked == ["A a.test"]


async def test_somebody_who_guesses_ids_gets_no_more_than_a_hundred_tries() -> None:
    def script(query: Message, tcp: bool) -> list[bytes]:
        wrong = [with_id(reply(query, "a.test 300 A 192.0.2.66"), one) for one in range(1, 101)]
        return [*wrong, reply(query, "a.test 300 A 192.0.2.1")]

    async with house_with(script) as (house, _):
        assert (await house.lookup("a.test")).fault is Fault.MALFORMED


@pytest.mark.parametrize("rcode", [Rcode.SERVFAIL, Rcode.REFUSED], ids=["servfail", "refused"])
async def test_the_next_server_is_asked(rcode: Rcode) -> None:
    first = says(rcode=rcode)
    async with house_with(first, says("a.test 300 A 192.0.2.1")) as (house, servers):
        assert (await house.lookup("a.test")).records == ("192.0.2.1",)
        assert [len(one.asked) for one in servers] == [1, 1]


async def test_where_nobody_listens_is_known_at_once_and_remembered() -> None:
    async with house_with(says("a.test 300 A 192.0.2.1"), seconds=30.0) as (_, (there,)):
        dead = NameServer(ip_address("127.0.0.1"), 1)
        house = House([dead, there.server], seconds=30.0)
        assert (await house.lookup("a.test")).records == ("192.0.2.1",)
        assert [one.facts for one in house.log.named(Event.DNS_SERVER_SILENT)] == [
            {"server": "127.0.0.1:1", "reason": "unreachable"}
        ]
        await house.lookup("b.test")
        assert len(house.log.named(Event.DNS_SERVER_SILENT)) == 1
        await house.resolver.close()


async def test_a_datagram_that_is_lost_is_sent_again() -> None:
    lost = iter([True, True, False])

    def script(query: Message, tcp: bool) -> list[bytes]:
        return [] if next(lost) else [reply(query, "a.test 300 A 192.0.2.1")]

    async with house_with(script, patience=(0.02, 0.02, 20.0)) as (house, (server,)):
        assert (await house.lookup("a.test")).records == ("192.0.2.1",)
        assert len(server.asked) == 3


async def test_a_silent_server_comes_last_for_a_while() -> None:
    there = says("a.test 300 A 192.0.2.1")
    async with house_with(silent, there, patience=(0.25,)) as (house, (first, second)):
        await house.lookup("a.test")
        await house.lookup("b.test")
        assert (first.asked, second.asked) == (["A a.test"], ["A a.test", "A b.test"])
        house.clock.advance(timedelta(seconds=31))
        await house.lookup("c.test")
        assert first.asked == ["A a.test", "A c.test"]


async def test_when_every_round_is_silent_it_is_a_time_out() -> None:
    async with house_with(silent, silent, patience=(0.01, 0.01)) as (house, servers):
        assert (await house.lookup("a.test")).fault is Fault.TIMEOUT
        assert [len(one.asked) for one in servers] == [2, 2]


async def test_silence_is_a_time_out_within_the_bound() -> None:
    async with house_with(silent, seconds=0.05) as (house, _):
        async with asyncio.timeout(10.0):
            answer = await house.lookup("a.test")
        assert answer == Answer("a.test", Status.TEMPORARY, fault=Fault.TIMEOUT)
        assert b'roost_dns_lookups_total{result="timeout",type="A"} 1.0' in house.metrics.render()


@pytest.mark.parametrize(
    "name",
    ["a..test", ".test", "ä.test", "a." * 127 + "test", "x" * 64 + ".test", "a.test.."],
    ids=["empty label", "dot first", "not ascii", "long", "long label", "two dots"],
)
async def test_a_name_that_dns_cannot_hold_is_not_asked_for(name: str) -> None:
    async with house_with(silent) as (house, (server,)):
        assert await house.lookup(name) == Answer(name, Status.NXDOMAIN)
        assert server.asked == []


@pytest.mark.parametrize("name", ['"a b"@x.test', "a\\b.test", "_25._tcp.a.test", "\x00.test"])
async def test_a_name_of_any_ascii_is_asked_for_as_it_is(name: str) -> None:
    seen: list[tuple[bytes, ...]] = []

    def script(query: Message, tcp: bool) -> list[bytes]:
        seen.append(query.question[0].name.labels)
        return [reply(query, soa=SOA)]

    async with house_with(script) as (house, _):
        assert (await house.lookup(name)).status is Status.NONE
        assert seen == [(*name.encode().split(b"."), b"")]


async def test_the_root_can_be_asked_for() -> None:
    async with house_with(says(". 300 NS a.root.test.")) as (house, _):
        assert (await house.lookup(".", "NS")).records == ("a.root.test",)


async def test_a_type_without_a_text_is_not_asked_for() -> None:
    async with house_with(silent) as (house, _):
        assert (await house.lookup("a.test", "ANY")).fault is Fault.UNKNOWN_TYPE


async def test_answers_are_kept_as_long_as_they_say() -> None:
    async with house_with(says("a.test 300 A 192.0.2.1")) as (house, (server,)):
        assert (await house.lookup("a.test")).ttl == 300
        house.clock.advance(timedelta(seconds=100))
        assert await house.lookup("A.TEST.") == Answer(
            "A.TEST.", Status.OK, ("192.0.2.1",), ttl=200
        )
        assert len(server.asked) == 1
        house.clock.advance(timedelta(seconds=201))
        assert (await house.lookup("a.test")).ttl == 300
        assert len(server.asked) == 2


async def test_a_failure_is_kept_for_a_moment() -> None:
    async with house_with(says(rcode=Rcode.SERVFAIL)) as (house, (server,)):
        for _ in range(3):
            assert (await house.lookup("a.test")).fault is Fault.SERVFAIL
        assert len(server.asked) == 1
        house.clock.advance(timedelta(seconds=6))
        await house.lookup("a.test")
        assert len(server.asked) == 2


async def test_the_same_question_at_once_is_asked_once() -> None:
    async with house_with(says("a.test 0 A 192.0.2.1")) as (house, (server,)):
        answers = await asyncio.gather(*(house.lookup("a.test") for _ in range(50)))
        assert {one.records for one in answers} == {("192.0.2.1",)}
        assert len(server.asked) == 1
        await house.lookup("a.test")
        assert len(server.asked) == 2


async def test_whoever_stops_waiting_takes_nothing_from_others() -> None:
    async with house_with(says("a.test 300 A 192.0.2.1")) as (house, _):
        first = asyncio.create_task(house.lookup("a.test"))
        second = asyncio.create_task(house.lookup("a.test"))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).records == ("192.0.2.1",)


async def test_too_many_questions_at_once_are_refused() -> None:
    async with house_with(silent, seconds=0.2) as (house, _):
        names = [f"x{number}.test" for number in range(module.MAX_WAITING + 3)]
        answers = await asyncio.gather(*map(house.lookup, names))
        faults = [one.fault for one in answers]
        assert faults.count(Fault.BUSY) == 3
        assert faults.count(Fault.TIMEOUT) == module.MAX_WAITING


class Validator:
    """A resolver that checks signatures, or a forwarder that only says so."""

    def __init__(self, *, authentic: bool = True, checks: bool = True) -> None:
        self.authentic = authentic
        self.checks = checks

    def __call__(self, query: Message, tcp: bool) -> list[bytes]:
        name = query.question[0].name.to_text(omit_final_dot=True)
        if name == "bogus.test" and self.checks and not query.flags & Flag.CD:
            return [reply(query, rcode=Rcode.SERVFAIL)]
        kind = query.question[0].rdtype.name
        text = {"A": "192.0.2.1", "SOA": "ns.a.test. host.a.test. 1 2 3 4 5"}[kind]
        return [reply(query, f"{name} 300 {kind} {text}", authentic=self.authentic)]


@pytest.mark.parametrize(
    ("mode", "validator", "believed"),
    [
        ("auto", Validator(), True),
        ("auto", Validator(checks=False), False),
        ("auto", Validator(authentic=False), False),
        ("on", Validator(checks=False), True),
        ("off", Validator(), False),
    ],
    ids=["it checks", "it only says so", "it says nothing", "it is configured", "it is off"],
)
async def test_who_is_believed(
    mode: Literal["auto", "on", "off"], validator: Validator, believed: bool
) -> None:
    async with house_with(validator, mode=mode) as (house, _):
        assert (await house.lookup("a.test")).authentic is believed


@pytest.mark.parametrize("ip", ["127.0.0.2", "127.0.0.53"])
async def test_nobody_else_is_believed(ip: str) -> None:
    for mode in ("auto", "on"):
        async with scripted_dns(Validator(), ip) as there:
            house = House([there.server], mode=mode)
            assert (await house.lookup("a.test")).authentic is False
            assert there.asked == ["A a.test"]


async def test_the_test_is_made_once_an_hour_and_its_change_forgets_answers() -> None:
    validator = Validator()
    async with house_with(validator, mode="auto") as (house, (server,)):
        assert (await house.lookup("a.test")).authentic
        assert server.asked == ["SOA signed.test", "SOA bogus.test", "A a.test"]
        house.clock.advance(timedelta(minutes=59))
        await house.lookup("b.test")
        assert server.asked[3:] == ["A b.test"]
        validator.checks = False
        house.clock.advance(timedelta(minutes=2))
        await house.lookup("c.test")
        while len(house.log.named(Event.DNS_TRUST_CHANGED)) < 2:
            await asyncio.sleep(0.001)
        assert not (await house.lookup("c.test")).authentic
        assert house.log.named(Event.DNS_TRUST_CHANGED)[1].facts["believed"] is False


@pytest.mark.parametrize(
    ("script", "patience", "fault"),
    [
        (silent, (0.02, 0.02), Fault.TIMEOUT),
        (says(rcode=Rcode.SERVFAIL), LONG, Fault.SERVFAIL),
    ],
    ids=["silence", "servfail"],
)
async def test_what_a_believed_server_cannot_give_is_not_taken_from_another(
    script: Script, patience: Sequence[float], fault: Fault
) -> None:
    async with (
        scripted_dns(script) as believed,
        scripted_dns(says("a.test 300 A 192.0.2.66"), "127.0.0.2") as other,
    ):
        servers = [believed.server, other.server]
        house = House(servers, mode="on", patience=patience)
        for name in ("a.test", "b.test"):
            assert (await house.lookup(name)).fault is fault
        assert other.asked == []
        await house.resolver.close()


async def test_another_is_asked_when_the_believed_one_does_not_run() -> None:
    async with scripted_dns(says("a.test 300 A 192.0.2.1", authentic=True), "127.0.0.2") as other:
        dead = NameServer(ip_address("127.0.0.1"), 1)
        house = House([dead, other.server], mode="on")
        answer = await house.lookup("a.test")
        assert (answer.records, answer.authentic) == (("192.0.2.1",), False)
        await house.resolver.close()


async def test_a_chain_is_as_authentic_as_its_weakest_part() -> None:
    def script(query: Message, tcp: bool) -> list[bytes]:
        name = query.question[0].name.to_text()
        records = {"a.test.": "a.test 30 CNAME b.test.", "b.test.": "b.test 99 A 192.0.2.1"}
        return [reply(query, records[name], authentic=name == "a.test.")]

    async with house_with(script, mode="on") as (house, _):
        assert not (await house.lookup("a.test")).authentic


@pytest.mark.parametrize("says_why", [True, False], ids=["RFC 8914", "it says nothing"])
async def test_what_fails_its_checks_is_not_taken_unchecked_from_elsewhere(says_why: bool) -> None:
    def script(query: Message, tcp: bool) -> list[bytes]:
        if query.flags & Flag.CD:
            return [reply(query, "a.test 300 A 192.0.2.66")]
        message = dns.message.make_response(query)
        message.set_rcode(Rcode.SERVFAIL)
        if says_why:
            message.use_edns(options=[EDEOption(EDECode.DNSSEC_BOGUS)])
        return [message.to_wire()]

    async with house_with(script, says("a.test 300 A 192.0.2.66"), mode="on") as (house, servers):
        assert (await house.lookup("a.test")).fault is Fault.BOGUS
        assert servers[1].asked == []


async def test_no_octets_make_it_raise_or_wait() -> None:
    chance = SeededRandom()

    def spoilt(octets: bytes) -> bytes:
        wire = bytearray(octets)
        for _ in range(1 + chance.below(8)):
            wire[2 + chance.below(len(wire) - 2)] = chance.below(256)
        return bytes(wire[: len(wire) - chance.below(3) * chance.below(20)])

    def script(query: Message, tcp: bool) -> list[bytes]:
        name = query.question[0].name.to_text()
        records = [
            f'{name} 300 TXT "x" "y"',
            f"{name} 300 MX 10 mx.{name}",
            f"{name} 9 CNAME b{name}",
        ]
        good = reply(query, *records[: 1 + chance.below(3)], soa=SOA)
        return [framed(spoilt(good))] if tcp else [spoilt(good), good]

    async with house_with(script, seconds=10.0) as (house, _):
        for number in range(400):
            kind = ("TXT", "MX", "A", "TLSA")[number % 4]
            async with asyncio.timeout(20.0):
                answer = await house.lookup(f"x{number}.test", kind)
            assert (answer.fault is None) is (answer.status is not Status.TEMPORARY)


@given(st.binary(max_size=300))
def test_a_name_is_asked_for_as_it_is_or_not_at_all(octets: bytes) -> None:
    text = octets.decode("latin-1")
    name = name_of(text)
    if name is not None:
        assert b".".join(name.labels[:-1]) == text.lower().removesuffix(".").encode("ascii")
        assert sum(len(label) + 1 for label in name.labels) <= 255
        spelled = spell_name(name)
        assert spelled.isascii()
        assert spelled.isprintable()
