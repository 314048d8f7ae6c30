"""What signatures come to. RFC 6376 section 6, RFC 8301, RFC 8601 section 2.7.1."""

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.dkim.canonical import BodyHashes, Canonical
from roost.proto.dkim.header import Header, HeaderTooLong
from roost.proto.dkim.key import record_of, spell_record
from roost.proto.dkim.prove import Result, sign_octets
from roost.proto.dkim.sign import Signer
from roost.proto.dkim.verify import bodies_of, find_signatures, verify
from roost.testing.check import run_check
from roost.testing.dkim import (
    ED25519_KEY,
    NOW,
    rsa_key,
    sign_message,
    signer_zone,
    verify_message,
)
from roost.testing.resolver import TEMPORARY, ZoneResolver

MESSAGE = (
    b"From: a@a.test\r\nTo: b@b.test\r\nSubject: a  word\r\nX-One: 1\r\n\r\n"
    b"Some  text.\r\nMore \r\n\r\n"
)
SIGNER = Signer("a.test", "one", ED25519_KEY)
RSA = Signer("a.test", "two", rsa_key())
SIGNED = sign_message(MESSAGE, SIGNER)
KEY_AT = ("one._domainkey.a.test", "TXT")
RECORD = record_of(ED25519_KEY.public_key())


def result_with(record: str, message: bytes = SIGNED) -> tuple[Result, str]:
    (found,) = verify_message(message, ZoneResolver({KEY_AT: [record]}))
    return found.result, found.reason


@pytest.mark.parametrize(
    ("record", "result", "word"),
    [
        (spell_record(RECORD), Result.PASS, ""),
        (spell_record(replace(RECORD, flags=("s",))), Result.PASS, ""),
        (spell_record(replace(RECORD, octets=b"")), Result.PERMERROR, "revoked"),
        (spell_record(replace(RECORD, octets=b"x")), Result.PERMERROR, "unusable"),
        (spell_record(replace(RECORD, key_type="rsa")), Result.PERMERROR, "not for ed25519"),
        (spell_record(replace(RECORD, hashes=("sha1",))), Result.PERMERROR, "sha256"),
        (spell_record(replace(RECORD, services=("tlsrpt",))), Result.PERMERROR, "service"),
        (spell_record(replace(RECORD, octets=b"\1" * 32)), Result.FAIL, "changed"),
        (
            spell_record(replace(RECORD, octets=b"\1" * 32, flags=("y",))),
            Result.NEUTRAL,
            "testing",
        ),
        ("v=spf1 -all", Result.PERMERROR, "cannot be read"),
    ],
    ids=[
        "fits", "strict", "revoked", "no key", "other type", "other hash", "other service",
        "other key", "other key, testing", "other record",
    ],
)  # fmt: skip
def test_records(record: str, result: Result, word: str) -> None:
    found, reason = result_with(record)
    assert found is result
    assert word in reason
    assert bool(reason) is (found is not Result.PASS)


def test_a_pass_of_a_domain_that_tests_says_so() -> None:
    (found,) = verify_message(SIGNED, signer_zone(SIGNER, flags=("y",)))
    assert (found.result, found.testing) == (Result.PASS, True)


def test_one_of_several_records_is_enough() -> None:
    records = [
        "v=spf1 -all",
        spell_record(replace(RECORD, octets=b"\1" * 32)),
        spell_record(RECORD),
    ]
    (found,) = verify_message(SIGNED, ZoneResolver({KEY_AT: records}))
    assert found.result is Result.PASS
    (found,) = verify_message(SIGNED, ZoneResolver({KEY_AT: records[:2]}))
    assert found.result is Result.FAIL


def test_dns() -> None:
    (found,) = verify_message(SIGNED, ZoneResolver({}))
    assert (found.result, found.domain) == (Result.PERMERROR, "a.test")
    (found,) = verify_message(SIGNED, ZoneResolver({KEY_AT: TEMPORARY}))
    assert found.result is Result.TEMPERROR
    zone = ZoneResolver({KEY_AT: [spell_record(RECORD)]}, frozenset((KEY_AT[0],)))
    (found,) = verify_message(SIGNED, zone)
    assert (found.result, found.authentic) == (Result.PASS, True)


def test_a_strict_key_allows_no_identity_below() -> None:
    signer = replace(SIGNER, identity="joe@x.a.test")
    signed = sign_message(MESSAGE, signer)
    assert result_with(spell_record(RECORD), signed)[0] is Result.PASS
    result, reason = result_with(spell_record(replace(RECORD, flags=("s",))), signed)
    assert result is Result.PERMERROR
    assert "identity" in reason


def test_short_keys_prove_nothing() -> None:
    """RFC 8301 section 3.2; 512 bits cannot be made any more, so the limit is tried from a record."""
    key = (
        "v=DKIM1; k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAIeHrh0rWVI9AhhIaT+YrUx3Q0bXnqmhe0P"
        "sD7P/aKzT1UEtXsSuVAPDXIJMvcTW8HX+r4ujnYYGsLlHZ5dRgpUCAwEAAQ=="
    )
    signed = sign_message(MESSAGE, replace(RSA, selector="one"))
    result, reason = result_with(key, signed)
    assert result is Result.POLICY
    assert "512 bits" in reason


def test_sha1_is_told_apart_and_never_passes() -> None:
    """RFC 8301 section 3.1."""
    signed = sign_message(MESSAGE, RSA).replace(b"rsa-sha256", b"rsa-sha1")
    zone = signer_zone(RSA)
    (found,) = verify_message(signed, zone)
    assert (found.result, found.algorithm) == (Result.POLICY, "rsa-sha1")
    assert zone.asked == []


@pytest.mark.parametrize(
    ("later", "result"),
    [
        (timedelta(0), Result.PASS),
        (timedelta(days=1, minutes=4), Result.PASS),
        (timedelta(days=1, minutes=6), Result.POLICY),
        (timedelta(minutes=-4), Result.PASS),
        (timedelta(minutes=-6), Result.POLICY),
    ],
    ids=["now", "clocks differ", "expired", "clocks differ the other way", "in the future"],
)
def test_times(later: timedelta, result: Result) -> None:
    signer = replace(SIGNER, lifetime=timedelta(days=1))
    (found,) = verify_message(sign_message(MESSAGE, signer), signer_zone(signer), NOW + later)
    assert found.result is result


@pytest.mark.parametrize(
    ("octets", "result"),
    [(18, Result.PASS), (12, Result.POLICY), (0, Result.POLICY), (19, Result.FAIL)],
    ids=["all", "a part", "nothing", "more than there is"],
)
def test_lengths(octets: int, result: Result) -> None:
    """RFC 6376 sections 3.5 and 8.2: what anybody may add behind `l=` is not vouched for."""
    (found,) = verify_message(_sign_length(octets), signer_zone(SIGNER))
    assert found.result is result, found
    assert found.length == octets


def _sign_length(octets: int) -> bytes:
    digest = b64encode(sha256(b"Some text.\r\nMore\r\n"[:octets]).digest())
    field = (
        b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=a.test; s=one; l=%d;"
        b" h=from; bh=%b; b=" % (octets, digest)
    )
    data = b"from:a@a.test\r\n" + field.replace(b"DKIM-Signature: ", b"dkim-signature:")
    return field + b64encode(sign_octets(ED25519_KEY, data)) + b"\r\n" + MESSAGE


def test_a_from_field_that_is_not_signed() -> None:
    """RFC 6376 section 8.15: the signature holds, but people would see another author."""
    signer = replace(SIGNER, oversigned=())
    signed = b"From: other@c.test\r\n" + sign_message(MESSAGE, signer)
    (found,) = verify_message(signed, signer_zone(signer))
    assert found.result is Result.POLICY
    assert "From" in found.reason


@pytest.mark.parametrize(
    ("value", "result"),
    [
        (b"v=1; a=rsa-sha256", Result.PERMERROR),
        (b"rubbish", Result.NEUTRAL),
        (b"", Result.PERMERROR),
    ],
    ids=["tags missing", "no tags", "empty"],
)
def test_what_cannot_be_read(value: bytes, result: Result) -> None:
    zone = ZoneResolver({})
    (found,) = verify_message(b"DKIM-Signature: " + value + b"\r\n" + MESSAGE, zone)
    assert found.result is result
    assert found.reason
    assert zone.asked == []


def test_keys_are_looked_up_at_once_and_signatures_bounded() -> None:
    signers = [replace(SIGNER, selector=f"s{number}") for number in range(10)]
    signed = sign_message(MESSAGE, *signers)
    header = Header(signed)
    found = find_signatures(header)
    bodies = BodyHashes(bodies_of(found))
    assert len(bodies_of(found)) == 1
    bodies.feed(signed[signed.index(b"\r\n\r\n") + 4 :])
    check = verify(header, found, bodies, NOW)
    questions = next(check)
    assert [one.name for one in questions] == [f"s{i}._domainkey.a.test" for i in range(8)]
    check.close()
    results = run_check(verify(header, found, bodies, NOW), signer_zone(*signers))
    assert [one.result for one in results] == [Result.PASS] * 8


def test_a_message_without_signatures_asks_nothing() -> None:
    zone = ZoneResolver({})
    assert verify_message(MESSAGE, zone) == ()
    assert zone.asked == []


def test_a_header_without_end_is_refused() -> None:
    with pytest.raises(HeaderTooLong):
        Header(b"A:\r\n" * 6_000)


FORMS = [(header, body) for header in Canonical for body in Canonical]
CHANGES = {
    "more blanks in a field": (b"a  word", b"a \t word", {"header"}),
    "fold in a field": (b"a  word", b"a \r\n word", {"header"}),
    "case of a name": (b"Subject: ", b"SUBJECT: ", {"header"}),
    "blanks before the colon": (b"Subject: ", b"Subject : ", {"header"}),
    "blanks at the end of a field": (b"b@b.test\r\n", b"b@b.test \r\n", {"header"}),
    "more blanks in a line": (b"Some  text", b"Some \t text", {"body"}),
    "no blanks at the end of a line": (b"More \r\n", b"More\r\n", {"body"}),
    "empty lines at the end": (b"More \r\n\r\n", b"More \r\n\r\n\r\n", set()),
    "a field that is not signed": (b"X-One: 1", b"X-One: 2", set()),
    "a word in a field": (b"a  word", b"a  ward", {"header", "both"}),
    "a field that was not there": (b"X-One: 1", b"Date: 1", {"both"}),
    "a second field": (b"X-One: 1", b"From: c@c.test", {"both"}),
    "a word in the body": (b"text", b"test", {"body", "both"}),
    "blanks that were none": (b"Some", b"S ome", {"both"}),
    "empty lines inside": (b"More", b"\r\nMore", {"both"}),
}


@pytest.mark.parametrize("key", [rsa_key(), ED25519_KEY], ids=["rsa", "ed25519"])
@pytest.mark.parametrize("forms", FORMS, ids=lambda forms: f"{forms[0].value}/{forms[1].value}")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changes_on_the_way(
    change: tuple[bytes, bytes, set[str]], forms: tuple[Canonical, Canonical], key: object
) -> None:
    """Relaxed forms survive what section 3.4 says they do, simple ones nothing of it."""
    before, after, breaks = change
    signer = Signer("a.test", "one", key, header_form=forms[0], body_form=forms[1])  # type: ignore[arg-type]
    signed = sign_message(MESSAGE, signer)
    assert before in signed
    place = signed.index(MESSAGE)
    changed = signed[:place] + MESSAGE.replace(before, after)
    (found,) = verify_message(changed, signer_zone(signer))
    simple = {"header"} if forms[0] is Canonical.SIMPLE else set()
    simple |= {"body"} if forms[1] is Canonical.SIMPLE else set()
    broken = bool(breaks & simple) or "both" in breaks
    assert found.result is (Result.FAIL if broken else Result.PASS), found
    (found,) = verify_message(signed, signer_zone(signer))
    assert found.result is Result.PASS


FIELDS = st.lists(
    st.tuples(
        st.sampled_from([b"To", b"Subject", b"X-A", b"Received"]),
        st.text("ab \t", max_size=20).map(str.encode),
    ),
    max_size=6,
)


@settings(max_examples=50)
@given(FIELDS, st.binary(max_size=60), st.sampled_from(FORMS), st.integers(0, 80))
def test_what_is_signed_passes(
    fields: list[tuple[bytes, bytes]], body: bytes, forms: tuple[Canonical, Canonical], cut: int
) -> None:
    header = b"".join(b"%b: %b\r\n" % field for field in [(b"From", b"a@a.test"), *fields])
    signer = replace(SIGNER, header_form=forms[0], body_form=forms[1])
    signed = sign_message(header + b"\r\n" + body, signer)
    (found,) = verify_message(signed, signer_zone(signer))
    assert found.result is Result.PASS, found


@given(st.binary(max_size=300))
def test_any_octets(octets: bytes) -> None:
    verify_message(b"DKIM-Signature: " + octets, signer_zone(SIGNER))
    verify_message(SIGNED[:100] + octets + SIGNED[100:], signer_zone(SIGNER))


def test_a_key_of_2048_bits() -> None:
    signer = replace(RSA, key=generate_private_key(65537, 2048))
    (found,) = verify_message(sign_message(MESSAGE, signer), signer_zone(signer))
    assert (found.result, found.key_bits) == (Result.PASS, 2048)
