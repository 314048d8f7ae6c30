"""The tree walk. RFC 9989 section 4.10."""

import pytest

from roost.proto.dmarc.policy import discover, names_of_walk, walk_trees
from roost.proto.dmarc.record import Policy
from roost.testing.check import run_check
from roost.testing.resolver import TEMPORARY, ZoneResolver


def zone_of(records: dict[str, str], *others: str) -> ZoneResolver:
    zone = {(f"_dmarc.{name}", "TXT"): [f"v=DMARC1; {text}"] for name, text in records.items()}
    return ZoneResolver(zone | {(name, "A"): ["192.0.2.1"] for name in others})


def test_the_names_of_section_4_10() -> None:
    """RFC 9989 section 4.10: never more than eight."""
    assert names_of_walk("a.b.c.d.e.f.g.h.i.j.mail.example.com") == (
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "g.h.i.j.mail.example.com",
        "h.i.j.mail.example.com",
        "i.j.mail.example.com",
        "j.mail.example.com",
        "mail.example.com",
        "example.com",
        "com",
    )
    assert names_of_walk("a.mail.example.com")[1:] == ("mail.example.com", "example.com", "com")
    assert len(names_of_walk("a.b.c.d.e.f.g.h")) == 8


@pytest.mark.parametrize(
    ("records", "domain", "organization"),
    [
        ({"mail.example.com": "p=none", "example.com": "p=none"}, "a.mail.example.com", "example.com"),
        ({"mail.example.com": "p=none; psd=n", "example.com": "p=none"}, "a.mail.example.com",
         "mail.example.com"),
        ({"com": "p=none; psd=y"}, "a.mail.example.com", "example.com"),
        ({}, "a.mail.example.com", "a.mail.example.com"),
        ({"com": "p=none; psd=y"}, "com", "com"),
        ({"example.com": "p=none", "com": "p=none; psd=y"}, "example.com", "example.com"),
        ({"example.com": "p=none", "com": "p=none"}, "example.com", "com"),
        ({"example.com": "p=maybe"}, "mail.example.com", "mail.example.com"),
    ],
    ids=[
        "fewest labels", "psd=n", "psd=y", "no record", "the public suffix itself",
        "record and public suffix", "a record above", "a record that does not count",
    ],
)  # fmt: skip
def test_organizations(records: dict[str, str], domain: str, organization: str) -> None:
    """RFC 9989 section 4.10.2 and appendix B.4."""
    walks = run_check(walk_trees([domain]), zone_of(records))
    assert walks[domain].organization() == organization


def test_two_records_are_none() -> None:
    zone = ZoneResolver({("_dmarc.example.com", "TXT"): ["v=DMARC1; p=none", "v=DMARC1; p=reject"]})
    assert run_check(discover("example.com"), zone).place is None
    zone = ZoneResolver({("_dmarc.example.com", "TXT"): ["v=spf1 -all", "v=DMARC1; p=reject"]})
    assert run_check(discover("example.com"), zone).policy is Policy.REJECT


@pytest.mark.parametrize(
    ("records", "domain", "place", "policy", "tag"),
    [
        ({"a.test": "p=reject; sp=none"}, "a.test", "a.test", Policy.REJECT, "p"),
        ({"a.test": "p=reject; sp=none"}, "here.a.test", "a.test", Policy.NONE, "sp"),
        ({"a.test": "p=reject"}, "here.a.test", "a.test", Policy.REJECT, "p"),
        ({"a.test": "p=none; np=reject"}, "here.a.test", "a.test", Policy.NONE, "p"),
        ({"a.test": "p=none; sp=quarantine; np=reject"}, "x.a.test", "a.test", Policy.REJECT, "np"),
        ({"a.test": "p=none; sp=quarantine"}, "x.a.test", "a.test", Policy.QUARANTINE, "sp"),
        ({"test": "p=reject; psd=y"}, "x.a.test", "test", Policy.REJECT, "p"),
        ({"x.a.test": "p=none", "a.test": "p=reject"}, "x.a.test", "x.a.test", Policy.NONE, "p"),
        ({"b.a.test": "p=none", "a.test": "p=reject"}, "x.b.a.test", "a.test", Policy.REJECT, "p"),
    ],
    ids=[
        "its own", "sp", "p for subdomains", "np, and it exists", "np", "sp for what is not there",
        "public suffix", "its own before its organisation's", "organisation's before what lies between",
    ],
)  # fmt: skip
def test_policies(
    records: dict[str, str], domain: str, place: str, policy: Policy, tag: str
) -> None:
    """RFC 9989 section 4.10.1."""
    found = run_check(discover(domain), zone_of(records, "here.a.test", "a.test"))
    assert found.place is not None
    assert (found.place.domain, found.policy, found.tag) == (place, policy, tag)


def test_everything_is_asked_at_once() -> None:
    check = discover("mail.a.test")
    assert [one.name for one in next(check)] == [
        "_dmarc.mail.a.test",
        "_dmarc.a.test",
        "_dmarc.test",
    ]


def test_failed_lookups_and_vouched_for_records() -> None:
    zone = ZoneResolver(
        {("_dmarc.a.test", "TXT"): ["v=DMARC1; p=none; psd=n"], ("_dmarc.test", "TXT"): TEMPORARY},
        frozenset(("_dmarc.a.test",)),
    )
    found = run_check(discover("a.test"), zone)
    assert not found.walk.is_unknown
    assert found.place is not None
    assert found.place.authentic
    assert run_check(discover("b.test"), zone).walk.is_unknown


def test_names_too_long_to_ask_are_passed_over() -> None:
    domain = ".".join(["a" * 63] * 3 + ["b" * 57, "b"])
    zone = zone_of({"b": "p=none"})
    assert run_check(discover(domain), zone).place is not None
    assert all(len(one.name) <= 253 for one in zone.asked)
