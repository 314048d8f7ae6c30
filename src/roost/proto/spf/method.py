"""The result of SPF as Authentication-Results has it. RFC 8601 section 2.7.2."""

from roost.proto.mime.auth_results import MethodResult, Property
from roost.proto.spf.check import Identity, SpfResult


def spf_method(found: SpfResult, identity: Identity, *, of_helo: bool = False) -> MethodResult:
    """What the check of `identity` came to.

    of_helo: the HELO name was checked, not MAIL FROM. The local part is left out: policies say
    nothing of it, with exceptions nobody has.
    """
    checked = Property("smtp", "helo" if of_helo else "mailfrom", identity.domain)
    return MethodResult("spf", found.result.value, found.problem, "", (checked,))
