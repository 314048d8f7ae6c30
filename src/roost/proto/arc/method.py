"""The result of ARC as Authentication-Results has it. RFC 8617 section 6."""

from roost.proto.arc.chain import Status
from roost.proto.arc.verify import ArcResult
from roost.proto.mime.auth_results import MethodResult, Property


def arc_method(found: ArcResult, remote_ip: str = "") -> MethodResult:
    """What a chain came to. remote_ip: of the host that handed the message over, "" if unsaid."""
    properties = [Property("smtp", "remote-ip", remote_ip)] if remote_ip else []
    if found.oldest_pass is not None:
        properties.append(Property("header", "oldest-pass", str(found.oldest_pass)))
    words = found.reason
    if found.status is Status.PASS:
        words = f"sealed by {', '.join(found.domains)}"
    return MethodResult("arc", found.status.value, words, "", tuple(properties))
