"""What the DKIM signatures of a message come to. RFC 6376 section 6."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from roost.base.lookup import Answer, Check, Lookup
from roost.proto.dkim.canonical import BodyHash, BodyHashes, canonical_field
from roost.proto.dkim.header import Header
from roost.proto.dkim.prove import Claim, Result, Verdict, key_lookup, prove
from roost.proto.dkim.signature import (
    FIELD_NAME,
    Algorithm,
    Signature,
    parse_signature,
    without_signature,
)
from roost.proto.dkim.tags import TagsInvalid
from roost.proto.mime.header import Field

MAX_SIGNATURES = 8
CLOCK_SLACK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Found:
    """A signature of a message. signature: None for one that cannot be read; problem says why."""

    field: Field
    signature: Signature | None
    problem: TagsInvalid | None = None


@dataclass(frozen=True, slots=True)
class DkimResult:
    """What one signature comes to.

    reason: for people, "" for one that passes. canonicalization: such as "relaxed/simple".
    authentic: whether DNSSEC vouched for the key. testing: whether the domain only tries DKIM;
    a failure is then neutral. length: of `l=`. services: those the key may be used for.
    octets: the signature itself, for `header.b` (RFC 6008). What is not known is "" or 0.
    """

    result: Result
    reason: str = ""
    domain: str = ""
    selector: str = ""
    identity: str = ""
    algorithm: str = ""
    canonicalization: str = ""
    key_bits: int = 0
    authentic: bool = False
    testing: bool = False
    length: int | None = None
    services: tuple[str, ...] = ()
    octets: bytes = b""


def find_signatures(header: Header, max_signatures: int = MAX_SIGNATURES) -> tuple[Found, ...]:
    """The topmost signatures of a message, which are the latest; those beyond are passed over."""
    return tuple(_read(header, field) for field in header.fields(FIELD_NAME)[:max_signatures])


def bodies_of(found: Iterable[Found]) -> set[BodyHash]:
    """The hashes of the body that `verify` will ask for."""
    signatures = (one.signature for one in found if one.signature is not None)
    return {one.body for one in signatures if one.algorithm is not Algorithm.RSA_SHA1}


def verify(
    header: Header, found: Sequence[Found], bodies: BodyHashes, now: datetime
) -> Check[tuple[DkimResult, ...]]:
    """What each signature comes to, in the order of `found`.

    bodies: fed with the whole body; made for at least `bodies_of(found)`. The keys of all
    signatures are looked up at once. RFC 6376 section 6.1.
    """
    early = [_refused(one, now) for one in found]
    asking = [one for one, result in zip(found, early, strict=True) if result is None]
    questions = tuple(dict.fromkeys(map(_lookup, asking)))
    answers = dict(zip(questions, (yield questions), strict=True)) if questions else {}
    return tuple(
        result or _proved(header, one, bodies, answers[_lookup(one)])
        for one, result in zip(found, early, strict=True)
    )


def claim_of(header: Header, field: Field, signature: Signature, bodies: BodyHashes) -> Claim:
    """What the signature in `field` claims of this message. RFC 6376 section 3.7."""
    lines = header.signed(signature.fields, signature.header_form)
    own = canonical_field(without_signature(header.whole(field)), signature.header_form)
    return Claim(
        signature.domain,
        signature.selector,
        signature.algorithm,
        b"\r\n".join([*lines, own]),
        signature.octets,
        signature.identity,
        _body_problem(signature, bodies),
    )


def unsigned_octets(signature: Signature, bodies: BodyHashes) -> int:
    """How much of the body is behind `l=`: anybody could have added it. RFC 6376 section 8.2."""
    if signature.length is None:
        return 0
    return max(bodies.octets(signature.body) - signature.length, 0)


def _read(header: Header, field: Field) -> Found:
    try:
        return Found(field, parse_signature(header.value(field)))
    except TagsInvalid as error:
        return Found(field, None, error)


def _lookup(one: Found) -> Lookup:
    assert one.signature is not None, "what cannot be read is refused before"
    return key_lookup(one.signature.domain, one.signature.selector)


def _proved(header: Header, one: Found, bodies: BodyHashes, answer: Answer) -> DkimResult:
    assert one.signature is not None, "what cannot be read is refused before"
    verdict = prove(claim_of(header, one.field, one.signature, bodies), answer)
    if verdict.result is Result.PASS and (reason := _unsigned(header, one.signature, bodies)):
        verdict = verdict._replace(result=Result.POLICY, reason=reason)
    return _result(verdict, one.signature, answer)


def _refused(one: Found, now: datetime) -> DkimResult | None:
    """What a signature comes to whatever its key is; None if the key decides."""
    if one.problem is not None:
        # RFC 8601 section 2.7.1: what misses something is an error, what is garbled is neutral.
        result = Result.PERMERROR if one.problem.missing else Result.NEUTRAL
        return DkimResult(result, f"the signature cannot be read: {one.problem.text}")
    assert one.signature is not None, "it has no problem"
    reason = _unacceptable(one.signature, now)
    return _result(Verdict(Result.POLICY, reason), one.signature, None) if reason else None


def _unacceptable(signature: Signature, now: datetime) -> str:
    slack = CLOCK_SLACK.total_seconds()
    if signature.algorithm is Algorithm.RSA_SHA1:
        return "rsa-sha1 proves nothing any more (RFC 8301)"
    if signature.expires is not None and signature.expires + slack < now.timestamp():
        return "the signature has expired"
    if signature.made is not None and signature.made - slack > now.timestamp():
        return "the signature says it was made in the future"
    return ""


def _body_problem(signature: Signature, bodies: BodyHashes) -> Verdict | None:
    if signature.length is not None and signature.length > bodies.octets(signature.body):
        return Verdict(Result.FAIL, "the body is shorter than what was signed")
    if bodies.digest(signature.body) != signature.body_hash:
        return Verdict(Result.FAIL, "the body was changed")
    return None


def _unsigned(header: Header, signature: Signature, bodies: BodyHashes) -> str:
    """What others may have added for people to see, "" for nothing. RFC 6376 sections 8.2, 8.15."""
    if header.count(b"from") > signature.fields.count(b"from"):
        return "the message has a From field that is not signed"
    if octets := unsigned_octets(signature, bodies):
        return f"the last {octets} octets of the body are not signed"
    return ""


def _result(verdict: Verdict, signature: Signature, answer: Answer | None) -> DkimResult:
    return DkimResult(
        verdict.result,
        verdict.reason,
        signature.domain,
        signature.selector,
        signature.identity,
        signature.algorithm.value,
        f"{signature.header_form.value}/{signature.body_form.value}",
        verdict.key_bits,
        answer is not None and answer.authentic,
        verdict.testing,
        signature.length,
        verdict.services,
        signature.octets,
    )
