"""What every Resolver does: the one of the tests, and the real one in front of nsd and unbound."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import dns.name
import pytest

from roost.adapters.clock import SystemClock
from roost.adapters.dns_exchange import SocketExchanger
from roost.adapters.dns_trust import TrustSettings
from roost.adapters.metrics import Metrics
from roost.adapters.random import SystemRandom
from roost.adapters.resolver import DnsResolver, ResolverSettings
from roost.base.lookup import Fault, Lookup, Status
from roost.config.dns import NameServer
from roost.ports.resolver import Resolver
from roost.testing.dns_servers import make_zone, nsd, sign, spoil, unbound
from roost.testing.log import ListLog
from roost.testing.resolver import ZoneResolver

ZONE = {
    ("a.test", "MX"): ["10 mx.a.test", "20 mx2.a.test"],
    ("a.test", "TXT"): ["v=spf1 mx -all", "caf\xc3\xa9 \"quoted\" \\ " + "x" * 700],
    ("a.test", "CAA"): ['0 issue "ca.test"'],
    ("mx.a.test", "A"): ["192.0.2.1", "192.0.2.2"],
    ("mx.a.test", "AAAA"): ["2001:db8::1"],
    ("_25._tcp.mx.a.test", "TLSA"): ["3 1 1 " + "ab" * 32],
    ("www.a.test", "CNAME"): ["www2.a.test"],
    ("www2.a.test", "CNAME"): ["mx.a.test"],
    ("lost.a.test", "CNAME"): ["nobody.a.test"],
    ("null.a.test", "MX"): ["0 ."],
    ("1.a.test", "PTR"): ["mx.a.test"],
    ("_imaps._tcp.a.test", "SRV"): ["0 1 993 mx.a.test"],
    ("large.a.test", "TXT"): [f"{number} " + "y" * 250 for number in range(40)],
}  # fmt: skip
FORGED = {("forged.bogus.test", "A"): ["192.0.2.3"], ("bogus.test", "TXT"): ["x"]}


def real(server: NameServer, mode: str = "off") -> DnsResolver:
    zones = dns.name.from_text("a.test"), dns.name.from_text("bogus.test")
    settings = ResolverSettings([server], 10.0, TrustSettings(mode, *zones))  # type: ignore[arg-type]
    exchanger = SocketExchanger(SystemRandom())
    return DnsResolver(settings, exchanger, SystemClock(), ListLog(), Metrics())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NameServer, str, str]]:
    """nsd with a signed zone and one whose signatures are wrong; the server and both keys."""
    good, bad = sign(make_zone("a.test", ZONE)), sign(make_zone("bogus.test", FORGED))
    spoil(bad.zone, "forged.bogus.test", "A", "192.0.2.66")
    spoil(bad.zone, "bogus.test", "SOA", "ns.bogus.test. evil.bogus.test. 1 2 3 4 5")
    zones = {"a.test": good.zone, "bogus.test": bad.zone}
    with nsd(tmp_path_factory.mktemp("nsd"), zones) as daemon:
        yield daemon.server, good.key, bad.key


@pytest.fixture(scope="module", params=[True, False], ids=["with reasons", "without reasons"])
def validator(
    authority: tuple[NameServer, str, str],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[NameServer]:
    server, *keys = authority
    anchors = dict(zip(("a.test", "bogus.test"), keys, strict=True))
    folder = tmp_path_factory.mktemp("unbound")
    with unbound(folder, server, anchors, tells_why=request.param) as daemon:
        yield daemon.server


@pytest.fixture(params=["fake", pytest.param("nsd", marks=pytest.mark.external("nsd"))])
async def resolver(request: pytest.FixtureRequest) -> AsyncIterator[Resolver]:
    if request.param == "fake":
        yield ZoneResolver(ZONE)
        return
    server, *_ = request.getfixturevalue("authority")
    made = real(server)
    yield made
    await made.close()


@pytest.mark.parametrize(("name", "kind"), [one for one in ZONE if one[1] != "CNAME"], ids=str)
async def test_records_come_as_the_text_of_their_type(
    resolver: Resolver, name: str, kind: str
) -> None:
    answer = await resolver.lookup(Lookup(name, kind))
    assert (answer.name, answer.status) == (name, Status.OK)
    assert sorted(answer.records) == sorted(ZONE[name, kind])
    assert answer.ttl == 300
    assert not answer.authentic


@pytest.mark.parametrize(
    ("name", "kind", "status", "records"),
    [
        ("www.a.test", "A", Status.OK, ["192.0.2.1", "192.0.2.2"]),
        ("www.a.test", "CNAME", Status.OK, ["www2.a.test"]),
        ("www.a.test", "MX", Status.NONE, []),
        ("lost.a.test", "A", Status.NXDOMAIN, []),
        ("MX.A.Test", "AAAA", Status.OK, ["2001:db8::1"]),
        ("mx.a.test.", "AAAA", Status.OK, ["2001:db8::1"]),
        ("mx.a.test", "TXT", Status.NONE, []),
        ("nobody.a.test", "A", Status.NXDOMAIN, []),
        ("a..test", "A", Status.NXDOMAIN, []),
        ("\u00e4.a.test", "A", Status.NXDOMAIN, []),
        ("x" * 64 + ".a.test", "A", Status.NXDOMAIN, []),
    ],
    ids=["alias", "the alias itself", "alias without", "alias to nothing", "upper case", "last dot", "no data", "no name", "empty label", "not ascii", "long label"],
)  # fmt: skip
async def test_names_lead_to_records(
    resolver: Resolver, name: str, kind: str, status: Status, records: list[str]
) -> None:
    answer = await resolver.lookup(Lookup(name, kind))
    assert (answer.name, answer.status, sorted(answer.records)) == (name, status, records)


@pytest.mark.external("nsd")
async def test_a_name_of_another_zone_is_refused(authority: tuple[NameServer, str, str]) -> None:
    made = real(authority[0])
    answer = await made.lookup(Lookup("elsewhere.test", "A"))
    assert (answer.status, answer.fault) == (Status.TEMPORARY, Fault.REFUSED)
    await made.close()


@pytest.mark.external("nsd", "unbound")
@pytest.mark.parametrize(
    ("name", "kind", "status"),
    [
        ("a.test", "MX", Status.OK),
        ("www.a.test", "A", Status.OK),
        ("_25._tcp.mx.a.test", "TLSA", Status.OK),
        ("large.a.test", "TXT", Status.OK),
        ("mx.a.test", "TXT", Status.NONE),
        ("nobody.a.test", "A", Status.NXDOMAIN),
    ],
)
async def test_dnssec_vouches_for_what_is_there_and_what_is_not(
    validator: NameServer, name: str, kind: str, status: Status
) -> None:
    made = real(validator, "auto")
    answer = await made.lookup(Lookup(name, kind))
    assert (answer.status, answer.authentic) == (status, True)
    await made.close()


@pytest.mark.external("nsd", "unbound")
@pytest.mark.parametrize("mode", ["auto", "on"])
async def test_what_is_forged_is_bogus(validator: NameServer, mode: str) -> None:
    made = real(validator, mode)
    answer = await made.lookup(Lookup("forged.bogus.test", "A"))
    assert (answer.status, answer.fault) == (Status.TEMPORARY, Fault.BOGUS)
    await made.close()


@pytest.mark.external("nsd", "unbound")
async def test_a_resolver_that_checks_nothing_fails_the_test(
    authority: tuple[NameServer, str, str], tmp_path: Path
) -> None:
    with unbound(tmp_path, authority[0], {"a.test": None, "bogus.test": None}) as daemon:
        made = real(daemon.server, "auto")
        assert not (await made.lookup(Lookup("a.test", "MX"))).authentic
        assert (await made.lookup(Lookup("forged.bogus.test", "A"))).records == ("192.0.2.66",)
        await made.close()


@pytest.mark.external("nsd")
async def test_nsd_alone_is_not_believed(authority: tuple[NameServer, str, str]) -> None:
    made = real(authority[0], "auto")
    assert not (await made.lookup(Lookup("a.test", "MX"))).authentic
    await made.close()
