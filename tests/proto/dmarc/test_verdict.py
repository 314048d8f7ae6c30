"""What DMARC comes to. RFC 9989 sections 4.4 and 5.3."""

import pytest

from roost.proto.dkim.prove import Result as DkimOutcome
from roost.proto.dkim.verify import DkimResult
from roost.proto.dmarc.record import Policy
from roost.proto.dmarc.verdict import DmarcResult, Result, SpfIdentity, check_author
from roost.proto.spf.record import Result as SpfOutcome
from roost.testing.check import run_check
from roost.testing.resolver import TEMPORARY, ZoneResolver


def zone_of(**records: str) -> ZoneResolver:
    return ZoneResolver(
        {(f"_dmarc.{name.replace('_', '.')}", "TXT"): [text] for name, text in records.items()}
    )


ZONE = zone_of(a_test="v=DMARC1; p=reject", own_a_test="v=DMARC1; p=quarantine; psd=n")
STRICT = zone_of(a_test="v=DMARC1; p=reject; adkim=s; aspf=s")
PASSED = DkimOutcome.PASS


def checked(
    author: str,
    spf: tuple[str, SpfOutcome] | None = None,
    *dkim: tuple[str, DkimOutcome],
    zone: ZoneResolver = ZONE,
) -> DmarcResult:
    results = [DkimResult(outcome, domain=domain) for domain, outcome in dkim]
    identity = SpfIdentity(*spf) if spf else None
    return run_check(check_author(author, identity, results), zone)


@pytest.mark.parametrize(
    ("author", "spf", "dkim", "zone", "result"),
    [
        ("a.test", "a.test", "", ZONE, Result.PASS),
        ("a.test", "A.Test", "", ZONE, Result.PASS),
        ("a.test", "", "a.test", ZONE, Result.PASS),
        ("a.test", "", "x.a.test", ZONE, Result.PASS),
        ("x.a.test", "y.a.test", "", ZONE, Result.PASS),
        ("x.a.test", "", "a.test", ZONE, Result.PASS),
        ("a.test", "", "own.a.test", ZONE, Result.FAIL),
        ("own.a.test", "", "a.test", ZONE, Result.FAIL),
        ("x.own.a.test", "", "own.a.test", ZONE, Result.PASS),
        ("a.test", "b.test", "b.test", ZONE, Result.FAIL),
        ("a.test", "xa.test", "", ZONE, Result.FAIL),
        ("a.test", "", "", ZONE, Result.FAIL),
        ("a.test", "", "x.a.test", STRICT, Result.FAIL),
        ("a.test", "x.a.test", "", STRICT, Result.FAIL),
        ("a.test", "a.test", "", STRICT, Result.PASS),
        ("b.test", "b.test", "b.test", ZONE, Result.NONE),
    ],
)
def test_alignment(author: str, spf: str, dkim: str, zone: ZoneResolver, result: Result) -> None:
    found = checked(
        author,
        (spf, SpfOutcome.PASS) if spf else None,
        *([(dkim, PASSED)] if dkim else []),
        zone=zone,
    )
    assert found.result is result
    assert bool(found.reason) is (result is not Result.PASS)


def test_what_a_pass_says() -> None:
    found = checked("x.a.test", ("b.test", SpfOutcome.PASS), ("a.test", PASSED), ("b.test", PASSED))
    assert (found.result, found.spf_domain, found.dkim_domains) == (Result.PASS, "", ("a.test",))
    assert (found.policy_domain, found.organization, found.tag) == ("a.test", "a.test", "p")
    assert found.to_apply() is Policy.NONE


@pytest.mark.parametrize("outcome", [one for one in SpfOutcome if one is not SpfOutcome.PASS])
def test_only_a_pass_of_spf_counts(outcome: SpfOutcome) -> None:
    found = checked("a.test", ("a.test", outcome))
    wanted = Result.TEMPERROR if outcome is SpfOutcome.TEMPERROR else Result.FAIL
    assert (found.result, found.spf_domain) == (wanted, "")


@pytest.mark.parametrize("outcome", [one for one in DkimOutcome if one is not PASSED])
def test_only_a_pass_of_dkim_counts(outcome: DkimOutcome) -> None:
    found = checked("a.test", None, ("x.a.test", outcome))
    wanted = Result.TEMPERROR if outcome is DkimOutcome.TEMPERROR else Result.FAIL
    assert (found.result, found.dkim_domains) == (wanted, ())


def test_a_stranger_cannot_keep_a_forgery_from_failing() -> None:
    """A key or an SPF record of its own that never answers changes nothing."""
    found = checked("a.test", ("b.test", SpfOutcome.TEMPERROR), ("b.test", DkimOutcome.TEMPERROR))
    assert (found.result, found.to_apply()) == (Result.FAIL, Policy.REJECT)


def test_a_name_that_only_ends_alike_is_a_stranger() -> None:
    assert checked("a.test", ("xa.test", SpfOutcome.TEMPERROR)).result is Result.FAIL


def test_a_pass_needs_nothing_that_is_open() -> None:
    found = checked("a.test", ("a.test", SpfOutcome.TEMPERROR), ("a.test", PASSED))
    assert found.result is Result.PASS


def test_lookups_that_fail() -> None:
    """RFC 9989 section 5.3.6: neither pass nor fail, and no policy."""
    zone = ZoneResolver(
        {("_dmarc.a.test", "TXT"): ["v=DMARC1; p=reject"], ("_dmarc.x.a.test", "TXT"): TEMPORARY}
    )
    found = checked("x.a.test", ("x.a.test", SpfOutcome.PASS), zone=zone)
    assert (found.result, found.to_apply()) == (Result.TEMPERROR, Policy.NONE)
    found = checked("a.test", ("x.a.test", SpfOutcome.PASS), zone=zone)
    assert found.result is Result.TEMPERROR
    found = checked("a.test", ("a.test", SpfOutcome.PASS), zone=zone)
    assert found.result is Result.PASS


def test_an_organisation_that_is_not_known_leaves_the_rest_open() -> None:
    zone = ZoneResolver(
        {("_dmarc.a.test", "TXT"): ["v=DMARC1; p=reject"], ("_dmarc.test", "TXT"): TEMPORARY}
    )
    assert checked("a.test", None, ("x.a.test", PASSED), zone=zone).result is Result.TEMPERROR
    assert checked("a.test", None, ("b.other", PASSED), zone=zone).result is Result.FAIL
    assert checked("a.test", None, ("a.test", PASSED), zone=zone).result is Result.PASS


@pytest.mark.parametrize(
    ("author", "failing", "proved"),
    [
        ("x.b.a.test", "b.a.test", "a.test"),
        ("x.b.test", "b.test", "y.b.test"),
    ],
    ids=["a part between could be an organisation", "a name above could be the organisation"],
)
def test_a_name_that_was_not_seen_could_decide(author: str, failing: str, proved: str) -> None:
    zone = ZoneResolver(
        {
            (f"_dmarc.{author}", "TXT"): ["v=DMARC1; p=reject"],
            (f"_dmarc.{failing}", "TXT"): TEMPORARY,
            ("_dmarc.a.test", "TXT"): ["v=DMARC1; p=reject"],
        }
    )
    found = checked(author, None, (proved, PASSED), zone=zone)
    assert (found.result, found.dkim_domains) == (Result.TEMPERROR, ())


def test_a_broken_policy_is_not_replaced_by_one_above() -> None:
    zone = zone_of(x_a_test="v=DMARC1; p=maybe", a_test="v=DMARC1; p=reject")
    assert checked("x.a.test", zone=zone).result is Result.PERMERROR


def test_a_policy_that_cannot_be_read() -> None:
    found = checked("a.test", ("a.test", SpfOutcome.PASS), zone=zone_of(a_test="v=DMARC1; p=maybe"))
    assert (found.result, found.to_apply()) == (Result.PERMERROR, Policy.NONE)


@pytest.mark.parametrize(
    ("tags", "sample", "policy"),
    [
        ("p=reject", 99, Policy.REJECT),
        ("p=reject; t=y", 0, Policy.QUARANTINE),
        ("p=quarantine; t=y", 0, Policy.NONE),
        ("p=none; t=y", 0, Policy.NONE),
        ("p=reject; pct=50", 49, Policy.REJECT),
        ("p=reject; pct=50", 50, Policy.QUARANTINE),
        ("p=quarantine; pct=0", 0, Policy.NONE),
        ("p=reject; t=y; pct=0", 0, Policy.QUARANTINE),
    ],
)
def test_what_is_applied(tags: str, sample: int, policy: Policy) -> None:
    """RFC 9989 section 4.7 for `t`, RFC 7489 section 6.6.4 for `pct`."""
    found = checked("a.test", zone=zone_of(a_test=f"v=DMARC1; {tags}"))
    assert found.to_apply(sample) is policy


def test_all_organisations_are_looked_up_at_once() -> None:
    dkim = [DkimResult(PASSED, domain=f"s{number}.a.test") for number in range(8)]
    check = check_author("a.test", None, dkim)
    questions = next(check)
    answers = tuple(map(ZONE.answer, questions))
    second = check.send(answers)
    assert {one.name for one in second} == {
        *(f"_dmarc.s{number}.a.test" for number in range(8)),
        "_dmarc.a.test",
        "_dmarc.test",
    }
