"""DMARC policy records. RFC 9989 sections 4.7 and 4.8."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.proto.dmarc.record import (
    Alignment,
    Policy,
    PolicyRecord,
    PublicSuffix,
    RecordInvalid,
    is_record,
    parse_record,
    parse_uris,
    spell_record,
)


def test_reads_every_tag() -> None:
    record = parse_record(
        "v=DMARC1; p=reject; sp=quarantine; np=none; adkim=s; aspf=S; "
        "rua=mailto:a@a.test!10m , mailto:b%2Bc@b.test; ruf=https://c.test/x; fo=1:d; pct=20; "
        "t=y; psd=n; ri=3600; rf=afrf; x=y;"
    )
    assert (record.policy, record.subdomain_policy, record.missing_policy) == (
        Policy.REJECT,
        Policy.QUARANTINE,
        Policy.NONE,
    )
    assert (record.dkim_alignment, record.spf_alignment) == (Alignment.STRICT, Alignment.STRICT)
    assert [str(uri.address) for uri in record.aggregate] == ["a@a.test", "b+c@b.test"]
    assert record.aggregate[0].max_octets == 10 << 20
    assert [(uri.text, uri.address) for uri in record.failure] == [("https://c.test/x", None)]
    assert record.failure_options == ("1", "d")
    assert (record.percent, record.interval) == (20, 3600)
    assert record.is_testing
    assert record.public_suffix is PublicSuffix.NO


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("v=DMARC1", True),
        ("v = DMARC1 ;", True),
        ("v=DMARC1;p=none", True),
        ("v=DMARC10", False),
        ("v=dmarc1; p=none", False),
        (" v=DMARC1; p=none", False),
        ("p=none; v=DMARC1", False),
        ("v=spf1 -all", False),
        ("v=DMARC1; p=none; x=" + "x" * 17_000, False),
    ],
)
def test_what_is_a_record(text: str, held: bool) -> None:
    assert is_record(text) is held
    if not held:
        with pytest.raises(RecordInvalid):
            parse_record(text)


@pytest.mark.parametrize(
    ("tags", "policy", "usable"),
    [
        ("p=reject", Policy.REJECT, True),
        ("P=Reject", Policy.REJECT, True),
        ("sp=none; p=reject", Policy.REJECT, True),
        ("", Policy.NONE, False),
        ("p=maybe", Policy.NONE, False),
        ("p=reject; p=reject", Policy.NONE, False),
        ("p=reject; sp=maybe", Policy.NONE, False),
        ("p=reject; np=", Policy.NONE, False),
        ("rua=mailto:a@a.test", Policy.NONE, True),
        ("p=reject; sp=maybe; rua=mailto:a@a.test", Policy.NONE, True),
        ("p=maybe; rua=nobody", Policy.NONE, False),
        ("p=maybe; rua=mailto:nobody", Policy.NONE, False),
    ],
)
def test_policies_that_cannot_be_read(tags: str, policy: Policy, usable: bool) -> None:
    """RFC 9989 section 4.10.1: with somewhere to send reports it is p=none, else no policy."""
    record = parse_record(f"v=DMARC1; {tags}")
    assert (record.policy, record.is_usable) == (policy, usable)
    if policy is Policy.NONE:
        assert record.subdomain_policy is None


def test_other_tags_that_cannot_be_read_have_their_default() -> None:
    """RFC 9989 section 4.8."""
    text = "v=DMARC1; p=reject; adkim=x; aspf=; fo=z; pct=101; t=maybe; psd=x; ri=-1; rua=,; junk"
    assert parse_record(text) == PolicyRecord(Policy.REJECT)


URIS = st.lists(st.sampled_from(["mailto:a@a.test", "mailto:b@b.test!5", "https://c.test/x"]))
RECORDS = st.builds(
    PolicyRecord,
    st.sampled_from(Policy),
    st.sampled_from([*Policy, None]),
    st.sampled_from([*Policy, None]),
    st.sampled_from(Alignment),
    st.sampled_from(Alignment),
    URIS.map(lambda uris: parse_uris(",".join(uris))),
    URIS.map(lambda uris: parse_uris(",".join(uris))),
    st.sampled_from([("0",), ("1", "d", "s"), ("d",)]),
    st.integers(0, 100),
    st.booleans(),
    st.sampled_from(PublicSuffix),
    st.integers(0, 100_000),
)


@given(RECORDS)
def test_what_is_spelled_is_read(record: PolicyRecord) -> None:
    assert parse_record(spell_record(record)) == record


def test_defaults_are_not_spelled() -> None:
    assert spell_record(PolicyRecord(Policy.REJECT)) == "v=DMARC1; p=reject"


@given(st.text(max_size=80) | st.text("psnrua=;:,!@mtoil.%4", max_size=60))
def test_any_text(text: str) -> None:
    assert parse_record("v=DMARC1;" + text).percent <= 100
