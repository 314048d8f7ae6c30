"""Chains of ARC sets: sealed, checked, continued, broken. RFC 8617."""

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.base.lookup import Lookup
from roost.proto.arc.chain import MAX_SETS, Status, read_chain
from roost.proto.arc.seal import Sealer, seal
from roost.proto.arc.verify import ArcResult, verify_chain
from roost.proto.dkim.canonical import Canonical, canonical_field
from roost.proto.dkim.header import Header
from roost.proto.dkim.key import record_of, spell_record
from roost.proto.dkim.prove import sign_octets
from roost.proto.mime.auth_results import AuthResults, MethodResult
from roost.testing.check import run_check
from roost.testing.dkim import ED25519_KEY, NOW, hashes_of, rsa_key
from roost.testing.resolver import TEMPORARY, ZoneResolver

MESSAGE = b"From: a@a.test\r\nTo: b@b.test\r\nSubject: x\r\n\r\nHello\r\n"
SEALERS = [Sealer("l.test", "one", ED25519_KEY), Sealer("m.test", "two", rsa_key())]
RESULTS = AuthResults("mx.l.test", (MethodResult("spf", "pass"), MethodResult("dmarc", "pass")))
ZONE = {
    (f"{one.selector}._domainkey.{one.domain}", "TXT"): [
        spell_record(record_of(one.key.public_key()))
    ]
    for one in SEALERS
}


def sealed(message: bytes, sealer: Sealer, status: Status) -> bytes:
    header = Header(message)
    bodies = hashes_of(message, {sealer.body})
    return seal(header, read_chain(header), status, bodies, sealer, RESULTS, NOW) + message


def checked(message: bytes, zone: ZoneResolver | None = None) -> ArcResult:
    header = Header(message)
    chain = read_chain(header)
    check = verify_chain(header, chain, hashes_of(message, chain.bodies))
    return run_check(check, zone or ZoneResolver(ZONE))


ONE = sealed(MESSAGE, SEALERS[0], Status.NONE)
TWO = sealed(ONE, SEALERS[1], Status.PASS)


def test_a_message_without_a_chain() -> None:
    assert checked(MESSAGE) == ArcResult(Status.NONE)


def test_a_chain_of_two_passes() -> None:
    zone = ZoneResolver(ZONE, frozenset(name for name, _ in ZONE))
    found = checked(TWO, zone)
    assert found == ArcResult(Status.PASS, "", ("l.test", "m.test"), 0, authentic=True)
    assert zone.asked == [Lookup(name, "TXT") for name, _ in ZONE]


def test_a_seal_as_it_leaves() -> None:
    lines = TWO.split(b"\r\n")
    assert lines[0] == b"ARC-Seal: a=rsa-sha256;"
    assert lines[2] == b"\tcv=pass; d=m.test; i=2; s=two; t=1767225600"
    assert b"ARC-Authentication-Results: i=2; mx.l.test;\r\n\tspf=pass;\r\n\tdmarc=pass\r\n" in TWO
    assert max(map(len, lines)) < 998


def test_the_oldest_message_signature_that_holds() -> None:
    """RFC 8617 section 5.2, step 5: a list that changes the subject leaves the chain whole."""
    changed = ONE.replace(b"Subject: x", b"Subject: [list] x")
    found = checked(sealed(changed, SEALERS[1], Status.PASS))
    assert (found.status, found.oldest_pass) == (Status.PASS, 2)


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        (b"Hello", b"Hullo", "message signature of instance 2"),
        (b"Subject: x", b"Subject: y", "message signature of instance 2"),
        (b"i=1; mx.l.test;\r\n\tspf=pass", b"i=1; mx.l.test;\r\n\tspf=fail", "seal of instance 2"),
        (b"ARC-Authentication-Results: i=1", b"X: i=1", "instance 1 has not one field of each"),
        (b"i=2; ", b"i=3; ", "instance of the chain is missing"),
        (b"cv=pass", b"cv=none", "says none"),
        (b"cv=none", b"cv=pass", "says pass"),
        (b"cv=pass", b"cv=fail", "an earlier server"),
        (b"cv=pass", b"cv=maybe", "cv="),
        (b"cv=pass", b"h=from; cv=pass", "h="),
        (b"h=from", b"h=arc-seal:from", "signs a seal"),
        (b"i=2; mx", b"mx", "instance cannot be read"),
        (b"a=rsa-sha256", b"a=rsa-sha1", "rsa-sha1"),
    ],
)
def test_what_breaks_a_chain(before: bytes, after: bytes, word: str) -> None:
    assert before in TWO
    found = checked(TWO.replace(before, after))
    assert found.status is Status.FAIL
    assert word in found.reason
    assert found.oldest_pass is None


def test_a_key_that_cannot_be_looked_up_fails_the_chain() -> None:
    """RFC 8617 section 5.2.1: all failures are permanent."""
    found = checked(TWO, ZoneResolver(dict.fromkeys(ZONE, TEMPORARY)))
    assert found.status is Status.FAIL


def test_a_chain_that_fails_is_sealed_once_more_and_then_left_alone() -> None:
    """RFC 8617 sections 5.1.2 and 5.1.3."""
    failed = sealed(TWO.replace(b"Hello", b"Hullo"), SEALERS[0], Status.FAIL)
    assert b"cv=fail; d=l.test; i=3;" in failed
    found = checked(failed)
    assert (found.status, "earlier" in found.reason) == (Status.FAIL, True)
    assert sealed(failed, SEALERS[1], Status.FAIL) == failed


def test_the_seal_of_a_failed_chain_covers_its_own_set_alone() -> None:
    """RFC 8617 section 5.1.2."""
    one, other = (
        sealed(TWO.replace(b"t=1767225600", made), SEALERS[0], Status.FAIL)
        for made in (b"t=1767225601", b"t=1767225602")
    )
    assert one.partition(b"ARC-Message")[0] == other.partition(b"ARC-Message")[0]


def test_a_body_that_is_signed_in_part_fails_the_chain() -> None:
    """RFC 6376 section 8.2: anybody may have added the rest."""

    def with_length(octets: int) -> ArcResult:
        digest = b64encode(sha256(b"Hello\r\n"[:octets]).digest()).decode()
        message = _signed(
            f"ARC-Message-Signature: i=1; a=ed25519-sha256; d=l.test; s=one; l={octets};"
            f" h=from; bh={digest}; b=",
            b"from:a@a.test",
        )
        results = b"ARC-Authentication-Results: i=1; mx.test; none\r\n"
        seal_field = _signed(
            "ARC-Seal: i=1; a=ed25519-sha256; cv=none; d=l.test; s=one; b=",
            *(canonical_field(field, Canonical.RELAXED) for field in (results, message)),
        )
        return checked(seal_field + message + results + MESSAGE)

    assert with_length(7).status is Status.PASS
    found = with_length(5)
    assert (found.status, "not signed" in found.reason) == (Status.FAIL, True)


def _signed(field: str, *covered: bytes) -> bytes:
    own = canonical_field(field.encode(), Canonical.RELAXED)
    octets = sign_octets(ED25519_KEY, b"\r\n".join([*covered, own]))
    return field.encode() + b64encode(octets) + b"\r\n"


def test_a_chain_ends_at_fifty_sets() -> None:
    message, status = MESSAGE, Status.NONE
    for _ in range(MAX_SETS):
        message, status = sealed(message, SEALERS[0], status), Status.PASS
    assert checked(message).status is Status.PASS
    assert sealed(message, SEALERS[0], Status.PASS) == message
    more = message.replace(b"i=50;", b"i=51;")
    assert checked(more).status is Status.FAIL
    assert sealed(more, SEALERS[0], Status.FAIL) == more


def test_fields_of_arc_are_never_signed_by_the_message_signature() -> None:
    """RFC 8617 section 4.1.2."""
    sealer = replace(SEALERS[0], fields=("from", "arc-seal", "arc-message-signature"))
    chain = read_chain(Header(sealed(ONE, sealer, Status.PASS)))
    assert not {b"arc-seal", b"arc-message-signature"} & set(chain.sets[1].signature.fields)


@given(st.binary(max_size=60), st.integers(0, len(TWO)))
def test_any_octets(octets: bytes, at: int) -> None:
    checked(TWO[:at] + octets + TWO[at:])
    checked(b"ARC-Seal: i=1;" + octets)
    checked(b"ARC-Authentication-Results:" + octets)
