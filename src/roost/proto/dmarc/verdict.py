"""What DMARC makes of the results of SPF and DKIM. RFC 9989 section 5.3."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from roost.base.lookup import Check
from roost.proto.dkim.prove import Result as DkimOutcome
from roost.proto.dkim.verify import DkimResult
from roost.proto.dmarc.align import Aligned, align, may_align
from roost.proto.dmarc.policy import Asking, Discovered, discover
from roost.proto.dmarc.record import Alignment, Policy, PolicyRecord
from roost.proto.spf.record import Result as SpfOutcome


class Result(Enum):
    """What a check comes to. RFC 8601 section 2.7.6 and RFC 9989 section 9.2."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a result
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class SpfIdentity:
    """What SPF came to. domain: of MAIL FROM, or the HELO name where that is empty."""

    domain: str
    outcome: SpfOutcome


@dataclass(frozen=True, slots=True)
class DmarcResult:
    """What came of it.

    domain: of the author. policy_domain: whose record it is, "" without one. organization: of
    the author domain. policy: what the record asks for mail of this domain that fails; tag: which
    tag asked so. spf_domain, dkim_domains: those that are aligned. reason: for people.
    authentic: whether DNSSEC vouched for the record.
    """

    result: Result
    domain: str
    policy_domain: str = ""
    organization: str = ""
    policy: Policy = Policy.NONE
    tag: str = ""
    record: PolicyRecord | None = None
    spf_domain: str = ""
    dkim_domains: tuple[str, ...] = ()
    reason: str = ""
    authentic: bool = False

    def to_apply(self, sample: int = 0) -> Policy:
        """What the domain asks to be done with this message.

        sample: a random number from 0 to 99, for `pct`. A domain that is testing, and a message
        that the percentage leaves out, get the policy one level below. Nothing is asked unless
        the message failed. RFC 9989 section 4.7, RFC 7489 section 6.6.4.
        """
        if self.result is not Result.FAIL or self.record is None:
            return Policy.NONE
        if self.record.is_testing or sample >= self.record.percent:
            return self.policy.weaker
        return self.policy


def check_author(
    domain: str, spf: SpfIdentity | None, dkim: Sequence[DkimResult]
) -> Check[DmarcResult]:
    """Whether what SPF and DKIM proved speaks for the author.

    domain: of the one address in the one From field, in A-labels and lower case; a message that
    has not exactly one is no matter of DMARC (RFC 9989 section 5.3.1). spf: None if it was not
    checked.
    """
    found = yield from discover(domain)
    early = _without_policy(found)
    if early is not None:
        return early
    assert found.place is not None, "there is a policy"
    assert found.place.record is not None, "there is a policy"
    record = found.place.record
    aligned = yield from _align(found, record, spf, dkim)
    spf_domain = _aligned_spf(spf, record, found, aligned)
    dkim_domains = _aligned_dkim(dkim, record, found, aligned)
    result = DmarcResult(
        Result.PASS,
        domain,
        found.place.domain,
        found.walk.organization(),
        found.policy,
        found.tag,
        record,
        spf_domain,
        dkim_domains,
        authentic=found.place.authentic,
    )
    if spf_domain or dkim_domains:
        return result
    if open_question := _open_question(found, aligned, spf, dkim):
        return replace(result, result=Result.TEMPERROR, reason=open_question)
    return replace(result, result=Result.FAIL, reason=_why_failed(spf, dkim))


def _without_policy(found: Discovered) -> DmarcResult | None:
    """The result if there is no policy, or if it is not sure which it is."""
    walk = found.walk
    own = walk.steps[0]
    # A policy of its own counts whatever is above; any other may lie at a name that was not seen.
    if walk.is_unknown and own.record is None:
        reason = "a look-up of the policy failed for the moment"
        return DmarcResult(Result.TEMPERROR, walk.domain, reason=reason)
    broken = own.is_broken or (found.place is None and any(step.is_broken for step in walk.steps))
    if broken:
        return DmarcResult(Result.PERMERROR, walk.domain, reason="the policy cannot be read")
    if found.place is None:
        return DmarcResult(Result.NONE, walk.domain, reason="there is no policy")
    return None


def _align(
    found: Discovered, record: PolicyRecord, spf: SpfIdentity | None, dkim: Sequence[DkimResult]
) -> Asking[Aligned]:
    proved = [(one.domain, record.dkim_alignment) for one in dkim if one.result is DkimOutcome.PASS]
    if spf is not None and spf.outcome is SpfOutcome.PASS:
        proved.append((spf.domain.lower(), record.spf_alignment))
    return (yield from align(found.walk, proved))


def _is_aligned(domain: str, mode: Alignment, found: Discovered, aligned: Aligned) -> bool:
    if domain == found.walk.domain:
        return True
    return mode is Alignment.RELAXED and domain in aligned.domains


def _aligned_spf(
    spf: SpfIdentity | None, record: PolicyRecord, found: Discovered, aligned: Aligned
) -> str:
    if spf is None or spf.outcome is not SpfOutcome.PASS:
        return ""
    domain = spf.domain.lower()
    return domain if _is_aligned(domain, record.spf_alignment, found, aligned) else ""


def _aligned_dkim(
    dkim: Sequence[DkimResult], record: PolicyRecord, found: Discovered, aligned: Aligned
) -> tuple[str, ...]:
    domains = dict.fromkeys(
        one.domain
        for one in dkim
        if one.result is DkimOutcome.PASS
        and _is_aligned(one.domain, record.dkim_alignment, found, aligned)
    )
    return tuple(domains)


def _open_question(
    found: Discovered, aligned: Aligned, spf: SpfIdentity | None, dkim: Sequence[DkimResult]
) -> str:
    """What could still make the message pass, "" if nothing. RFC 9989 section 5.3.6.

    Only a domain that could be aligned counts: a stranger cannot keep a forgery from failing by
    names of its own that never answer.
    """
    if aligned.unknown:
        return "a look-up of an organisation failed for the moment"
    if (
        spf is not None
        and spf.outcome is SpfOutcome.TEMPERROR
        and may_align(spf.domain.lower(), found.walk)
    ):
        return "SPF could not be checked for the moment"
    if any(
        one.result is DkimOutcome.TEMPERROR and may_align(one.domain, found.walk) for one in dkim
    ):
        return "the key of a signature could not be looked up for the moment"
    return ""


def _why_failed(spf: SpfIdentity | None, dkim: Sequence[DkimResult]) -> str:
    proved = dict.fromkeys(one.domain for one in dkim if one.result is DkimOutcome.PASS)
    if spf is not None and spf.outcome is SpfOutcome.PASS:
        proved[spf.domain] = None
    if not proved:
        return "neither SPF nor DKIM proved a domain"
    return f"only other domains were proved: {', '.join(proved)}"
