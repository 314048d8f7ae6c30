"""Whether a key in DNS proves a signature, whatever it signs. RFC 6376 sections 6.1.2 and 6.1.3."""

import hashlib
from enum import Enum
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from roost.base.errors import ProtocolError
from roost.base.lookup import Answer, Lookup, Status
from roost.proto.dkim.key import KeyRecord, PublicKey, key_bits, parse_record, public_key
from roost.proto.dkim.signature import Algorithm

PrivateKey = RSAPrivateKey | Ed25519PrivateKey

MIN_RSA_BITS = 1_024  # RFC 8301 section 3.2
MAX_RSA_BITS = 8_192  # what is larger costs more than it proves
MAX_RECORDS = 4


class Result(Enum):
    """What a signature comes to. RFC 8601 section 2.7.1."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a result
    FAIL = "fail"
    POLICY = "policy"
    NEUTRAL = "neutral"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class Verdict(NamedTuple):
    """What one signature comes to, and for people why.

    testing: whether the key says that the domain only tries. services: those of the key.
    """

    result: Result
    reason: str = ""
    key_bits: int = 0
    testing: bool = False
    services: tuple[str, ...] = ()


class Claim(NamedTuple):
    """A signature to be proved.

    data: what was signed. octets: the signature. identity: of `i=`, "" where there is none.
    broken: what is wrong with it whatever its key is, such as another body.
    """

    domain: str
    selector: str
    algorithm: Algorithm
    data: bytes
    octets: bytes
    identity: str = ""
    broken: Verdict | None = None


def key_lookup(domain: str, selector: str) -> Lookup:
    """Where the key of a selector is. RFC 6376 section 3.6.2.1."""
    return Lookup(f"{selector}._domainkey.{domain}", "TXT")


def prove(claim: Claim, answer: Answer, service: str = "email") -> Verdict:
    """Whether one of the keys in the answer to `key_lookup` proves the claim.

    service: what the key has to be allowed for. At most four records are tried.
    """
    if answer.status is Status.TEMPORARY:
        return Verdict(Result.TEMPERROR, "its key could not be looked up")
    if not answer.records:
        return Verdict(Result.PERMERROR, "there is no key for it in DNS")
    tried: list[Verdict] = []
    for text in answer.records[:MAX_RECORDS]:
        try:
            record = parse_record(text)
        except ProtocolError as error:
            tried.append(Verdict(Result.PERMERROR, f"its key cannot be read: {error.text}"))
            continue
        verdict = _prove_by(claim, record, service)
        if verdict.result is Result.PASS:
            return verdict
        tried.insert(0, verdict)
    return tried[0]


def sign_octets(key: PrivateKey, data: bytes) -> bytes:
    """Sign by rsa-sha256 or, of a key for it, ed25519-sha256. RFC 8463 section 3."""
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(hashlib.sha256(data).digest())
    return key.sign(data, PKCS1v15(), SHA256())


def algorithm_for(key: PrivateKey) -> Algorithm:
    """The algorithm that `sign_octets` uses with a key."""
    if isinstance(key, Ed25519PrivateKey):
        return Algorithm.ED25519_SHA256
    return Algorithm.RSA_SHA256


def _prove_by(claim: Claim, record: KeyRecord, service: str) -> Verdict:
    verdict = _judge(claim, record, service)._replace(
        testing=record.is_testing, services=record.services
    )
    if verdict.testing and verdict.result in (Result.FAIL, Result.PERMERROR, Result.POLICY):
        # RFC 6376 section 3.6.1: a failure counts no more than if there were no signature.
        return verdict._replace(
            result=Result.NEUTRAL, reason=f"the domain is testing, and {verdict.reason}"
        )
    return verdict


def _judge(claim: Claim, record: KeyRecord, service: str) -> Verdict:
    if problem := _misfit(claim, record, service):
        return Verdict(Result.PERMERROR, problem)
    try:
        key = public_key(record)
    except ProtocolError as error:
        return Verdict(Result.PERMERROR, f"its key is unusable: {error.text}")
    bits = key_bits(key)
    if isinstance(key, RSAPublicKey) and not MIN_RSA_BITS <= bits <= MAX_RSA_BITS:
        reason = f"its key of {bits} bits is too {'short' if bits < MIN_RSA_BITS else 'long'}"
        return Verdict(Result.POLICY, reason, bits)
    if claim.broken is not None:
        return claim.broken._replace(key_bits=bits)
    if not _is_signed(key, claim):
        return Verdict(Result.FAIL, "what it signs was changed, or another key signed it", bits)
    return Verdict(Result.PASS, "", bits)


def _misfit(claim: Claim, record: KeyRecord, service: str) -> str:
    """Why the key is not for the claim, "" if it is. RFC 6376 section 3.6.1."""
    if record.key_type != claim.algorithm.key_type:
        return f"its key is not for {claim.algorithm.value}"
    if record.hashes is not None and claim.algorithm.hash not in record.hashes:
        return f"its key is not to be used with {claim.algorithm.hash}"
    if not record.is_for(service):
        return f"its key is not for the service {service}"
    if not record.octets:
        return "its key is revoked"
    if record.is_strict and claim.identity.rpartition("@")[2] not in ("", claim.domain):
        return "its key does not allow an identity below the domain"
    return ""


def _is_signed(key: PublicKey, claim: Claim) -> bool:
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(claim.octets, claim.data, PKCS1v15(), SHA256())
        else:
            key.verify(claim.octets, hashlib.sha256(claim.data).digest())
    except InvalidSignature:
        return False
    return True
