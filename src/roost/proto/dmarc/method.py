"""The result of DMARC as Authentication-Results has it. RFC 9989 section 9.1."""

from roost.proto.dmarc.record import Policy
from roost.proto.dmarc.verdict import DmarcResult, Result
from roost.proto.mime.auth_results import MethodResult, Property


def dmarc_method(found: DmarcResult, applied: Policy | None = None) -> MethodResult:
    """What the check came to. applied: what was done about a failure; None leaves it unsaid."""
    properties = [Property("header", "from", found.domain)]
    if applied is not None and found.record is not None and found.result is Result.FAIL:
        properties.append(Property("policy", "dmarc", applied.value))
    words = [found.reason] if found.reason else []
    if found.record is not None and found.tag:
        words.append(f"{found.tag}={found.policy.value} at {found.policy_domain}")
    return MethodResult("dmarc", found.result.value, ", ".join(words), "", tuple(properties))
