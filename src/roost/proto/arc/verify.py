"""Whether the chain of a message holds. RFC 8617 section 5.2."""

from collections.abc import Sequence
from dataclasses import dataclass

from roost.base.lookup import Answer, Check, Lookup
from roost.proto.arc.chain import ArcSet, Chain, Status
from roost.proto.dkim.canonical import BodyHashes, Canonical, canonical_field
from roost.proto.dkim.header import Header
from roost.proto.dkim.prove import Claim, Result, key_lookup, prove
from roost.proto.dkim.signature import Algorithm, without_signature
from roost.proto.dkim.verify import claim_of, unsigned_octets

_TOO_WEAK = "rsa-sha1 proves nothing any more (RFC 8301)"


@dataclass(frozen=True, slots=True)
class ArcResult:
    """What a chain comes to.

    reason: for people, why it failed. domains: who sealed it, oldest first; of a chain that
    passes they may be believed as far as they are trusted. oldest_pass: the oldest instance
    whose signature of the message still holds, 0 if all do (RFC 8617 section 5.2, step 5), None
    for a chain that does not pass. authentic: whether DNSSEC vouched for every key.
    """

    status: Status
    reason: str = ""
    domains: tuple[str, ...] = ()
    oldest_pass: int | None = None
    authentic: bool = False


def verify_chain(header: Header, chain: Chain, bodies: BodyHashes) -> Check[ArcResult]:
    """What the chain comes to.

    bodies: fed with the whole body; made for at least `chain.bodies`. All keys are looked up at
    once. Every error fails the chain, also that of a look-up (RFC 8617 section 5.2.1).
    """
    domains = tuple(one.seal.domain for one in chain.sets)
    if chain.is_failed:
        reason = "an earlier server found that the chain had failed"
        return ArcResult(Status.FAIL, reason, domains)
    if chain.problem:
        return ArcResult(Status.FAIL, chain.problem, domains)
    if not chain.sets:
        return ArcResult(Status.NONE)
    questions = tuple(dict.fromkeys(lookup for one in chain.sets for lookup in _lookups(one)))
    answers = dict(zip(questions, (yield questions), strict=True))
    proof = _Proof(header, chain.sets, bodies, answers)
    if reason := proof.broken_message(chain.sets[-1]):
        return ArcResult(Status.FAIL, reason, domains)
    for one in reversed(chain.sets):
        if reason := proof.broken_seal(one):
            return ArcResult(Status.FAIL, reason, domains)
    authentic = all(answer.authentic for answer in answers.values())
    return ArcResult(Status.PASS, "", domains, proof.oldest_pass(), authentic)


def _lookups(one: ArcSet) -> tuple[Lookup, Lookup]:
    return (
        key_lookup(one.signature.domain, one.signature.selector),
        key_lookup(one.seal.domain, one.seal.selector),
    )


@dataclass(frozen=True, slots=True)
class _Proof:
    """A chain with the keys for it."""

    header: Header
    sets: Sequence[ArcSet]
    bodies: BodyHashes
    answers: dict[Lookup, Answer]

    def broken_message(self, one: ArcSet) -> str:
        """Why the signature of the message does not hold, "" if it does."""
        what = f"the message signature of instance {one.instance}"
        if one.signature.algorithm is Algorithm.RSA_SHA1:
            return f"{what}: {_TOO_WEAK}"
        if unsigned_octets(one.signature, self.bodies):
            return f"{what}: a part of the body is not signed"
        return self._broken(claim_of(self.header, one.message, one.signature, self.bodies), what)

    def broken_seal(self, one: ArcSet) -> str:
        """Why a seal does not hold, "" if it does. RFC 8617 section 5.1.1."""
        fields = [field for each in self.sets[: one.instance] for field in each.fields]
        lines = [self.header.canonical(field, Canonical.RELAXED) for field in fields[:-1]]
        own = without_signature(self.header.whole(one.sealed))
        data = b"\r\n".join([*lines, canonical_field(own, Canonical.RELAXED)])
        seal = one.seal
        claim = Claim(seal.domain, seal.selector, seal.algorithm, data, seal.octets)
        return self._broken(claim, f"the seal of instance {one.instance}")

    def oldest_pass(self) -> int:
        """RFC 8617 section 5.2, step 5."""
        for one in reversed(self.sets[:-1]):
            if self.broken_message(one):
                return one.instance + 1
        return 0

    def _broken(self, claim: Claim, what: str) -> str:
        if claim.algorithm is Algorithm.RSA_SHA1:
            return f"{what}: {_TOO_WEAK}"
        verdict = prove(claim, self.answers[key_lookup(claim.domain, claim.selector)])
        return "" if verdict.result is Result.PASS else f"{what}: {verdict.reason}"
