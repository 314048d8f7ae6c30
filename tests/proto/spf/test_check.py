"""What the public suite does not ask: limits in parallel look-ups, DNSSEC, any octets."""

from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.spf.check import Identity, SpfResult, check_host
from roost.proto.spf.record import RecordInvalid, Result, parse_record
from roost.testing.check import run_check
from roost.testing.resolver import TEMPORARY, ZoneResolver

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Zone = dict[tuple[str, str], tuple[str, ...]]


def check(zone: ZoneResolver, ip: str = "192.0.2.1", local: str = "ann") -> SpfResult:
    identity = Identity(ip_address(ip), local, "a.example", "mail.a.example", "mx.b.example", NOW)
    return run_check(check_host(identity), zone)


@pytest.mark.parametrize("hosts", [10, 11])
def test_mail_hosts_are_asked_for_at_once_and_have_a_bound(hosts: int) -> None:
    zone: Zone = {
        ("a.example", "TXT"): ("v=spf1 mx -all",),
        ("a.example", "MX"): tuple(f"10 mx{n}.a.example." for n in range(hosts)),
    }
    zone |= {(f"mx{n}.a.example", "A"): (f"192.0.2.{n}",) for n in range(hosts)}
    found = check(ZoneResolver(zone), "192.0.2.9")
    assert found.result is (Result.PASS if hosts == 10 else Result.PERMERROR)


def test_an_address_of_ipv4_written_as_ipv6_is_one_of_ipv4() -> None:
    zone = ZoneResolver({("a.example", "TXT"): ("v=spf1 ip4:192.0.2.1 -all",)})
    assert check(zone, "::ffff:192.0.2.1").result is Result.PASS


@pytest.mark.parametrize(
    ("signed", "authentic"),
    [
        ({"a.example", "b.example"}, True),
        ({"a.example"}, False),
        (set(), False),
    ],
    ids=["all", "not the included", "none"],
)
def test_authentic_when_all_of_it_was(signed: set[str], authentic: bool) -> None:
    zone = {
        ("a.example", "TXT"): ("v=spf1 include:b.example -all",),
        ("b.example", "TXT"): ("v=spf1 ip4:192.0.2.1 -all",),
    }
    found = check(ZoneResolver(zone, frozenset(signed)))
    assert (found.result, found.authentic) == (Result.PASS, authentic)


def test_who_decided_is_told() -> None:
    zone = {
        ("a.example", "TXT"): ("v=spf1 redirect=b.example",),
        ("b.example", "TXT"): ("v=spf1 ~all",),
    }
    found = check(ZoneResolver(zone))
    assert (found.result, found.domain, found.directive) == (
        Result.SOFTFAIL,
        "b.example",
        "~all",
    )


def test_a_loop_of_includes_ends() -> None:
    zone = ZoneResolver({("a.example", "TXT"): ("v=spf1 include:a.example -all",)})
    found = check(zone)
    assert found.result is Result.PERMERROR
    assert len(zone.asked) == 11


def test_dns_that_does_not_answer_is_named() -> None:
    zone = ZoneResolver(
        {("a.example", "TXT"): ("v=spf1 a:b.example -all",), ("b.example", "A"): TEMPORARY}
    )
    found = check(zone)
    assert (found.result, found.problem) == (
        Result.TEMPERROR,
        "DNS does not answer for b.example",
    )


@pytest.mark.parametrize(
    "term",
    ["a:", "ip4:1.2.3", "ip4:1.2.3.4/33", "ip6:1.2.3.4", "mx/33", "a//129", "all:x", "x", "=a"],
)
def test_the_term_that_cannot_be_read_is_named(term: str) -> None:
    with pytest.raises(RecordInvalid) as caught:
        parse_record(f"v=spf1 ip4:1.2.3.4 {term} -all")
    assert caught.value.term == term


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=20))
def test_any_record_has_a_result(terms: str, local: str) -> None:
    zone = ZoneResolver({("a.example", "TXT"): ("v=spf1 " + terms,)})
    found = check(zone, local=local)
    assert isinstance(found.result, Result)
    assert len(zone.asked) < 200
