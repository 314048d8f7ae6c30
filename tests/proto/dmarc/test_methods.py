"""What the field says of each check, as one server writes it. RFC 8601, RFC 8617 section 6."""

from datetime import UTC, datetime
from ipaddress import ip_address

from roost.proto.arc.chain import Status
from roost.proto.arc.method import arc_method
from roost.proto.arc.verify import ArcResult
from roost.proto.dkim.method import dkim_methods
from roost.proto.dkim.prove import Result as DkimOutcome
from roost.proto.dkim.verify import DkimResult
from roost.proto.dmarc.method import dmarc_method
from roost.proto.dmarc.verdict import SpfIdentity, check_author
from roost.proto.mime.auth_methods import IprevOutcome, auth_method, iprev_method
from roost.proto.mime.auth_results import AuthResults, parse_auth_results, spell_auth_results
from roost.proto.spf.check import Identity, SpfResult
from roost.proto.spf.method import spf_method
from roost.proto.spf.record import Result as SpfOutcome
from roost.testing.check import run_check
from roost.testing.resolver import ZoneResolver

IDENTITY = Identity(
    ip_address("192.0.2.1"),
    "joe",
    "a.test",
    "mx.a.test",
    "mx.test",
    datetime(2026, 1, 1, tzinfo=UTC),
)
SIGNED = DkimResult(
    DkimOutcome.PASS, "", "a.test", "one", "@a.test", "rsa-sha256", "relaxed/relaxed", 2048,
    octets=b"\xff" * 256,
)  # fmt: skip
BROKEN = DkimResult(DkimOutcome.FAIL, "the body was changed", "b.test", "two", key_bits=1024)
TESTED = DkimResult(DkimOutcome.PASS, domain="c.test", testing=True)


def test_the_field_of_a_message_that_passes() -> None:
    zone = ZoneResolver({("_dmarc.a.test", "TXT"): ["v=DMARC1; p=reject"]})
    spf = SpfResult(SpfOutcome.PASS, "a.test")
    dmarc = run_check(check_author("a.test", SpfIdentity("a.test", spf.result), [SIGNED]), zone)
    found = AuthResults(
        "mx.test",
        (
            spf_method(spf, IDENTITY),
            *dkim_methods([SIGNED, BROKEN, TESTED]),
            dmarc_method(dmarc),
            arc_method(ArcResult(Status.PASS, "", ("l.test", "m.test"), 0), "2001:db8::1"),
            iprev_method(IprevOutcome.PASS, "192.0.2.1", "mx.a.test"),
            auth_method("joe@a.test", "PLAIN"),
        ),
    )
    field = spell_auth_results(found)
    assert field.decode().split("\r\n") == [
        "Authentication-Results: mx.test;",
        "\tspf=pass smtp.mailfrom=a.test;",
        "\tdkim=pass (2048-bit key) header.d=a.test header.i=@a.test header.s=one",
        '\t\theader.a=rsa-sha256 header.b="////////";',
        "\tdkim=fail (the body was changed, 1024-bit key) header.d=b.test header.s=two;",
        "\tdkim=pass (testing) header.d=c.test;",
        "\tdmarc=pass (p=reject at a.test) header.from=a.test;",
        '\tarc=pass (sealed by l.test, m.test) smtp.remote-ip="2001:db8::1"',
        "\t\theader.oldest-pass=0;",
        "\tiprev=pass (mx.a.test) policy.iprev=192.0.2.1;",
        "\tauth=pass (plain) smtp.auth=joe@a.test",
        "",
    ]
    assert parse_auth_results(field.partition(b":")[2]) == found


def test_the_field_of_a_message_that_fails() -> None:
    zone = ZoneResolver({("_dmarc.a.test", "TXT"): ["v=DMARC1; p=reject"]})
    dmarc = run_check(check_author("x.a.test", None, []), zone)
    assert dmarc_method(dmarc, dmarc.to_apply()).value("policy", "dmarc") == "reject"
    assert dkim_methods([])[0].result == "none"
    spf = SpfResult(SpfOutcome.TEMPERROR, "mx.a.test", problem="no answer")
    assert spf_method(spf, IDENTITY, of_helo=True).value("smtp", "helo") == "a.test"
    assert arc_method(ArcResult(Status.FAIL, "gone")).comment == "gone"
