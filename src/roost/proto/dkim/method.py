"""The results of DKIM as Authentication-Results has them. RFC 8601 section 2.7.1."""

from base64 import b64encode
from collections.abc import Sequence

from roost.proto.dkim.prove import Result
from roost.proto.dkim.verify import DkimResult
from roost.proto.mime.auth_results import MethodResult, Property

_B_CHARACTERS = 8  # RFC 6008 section 3


def dkim_methods(results: Sequence[DkimResult]) -> tuple[MethodResult, ...]:
    """One result for each signature, or the one that says that there is none."""
    if not results:
        return (MethodResult("dkim", Result.NONE.value),)
    return tuple(map(_method, results))


def _method(found: DkimResult) -> MethodResult:
    words = [found.reason] if found.reason else []
    if found.key_bits:
        words.append(f"{found.key_bits}-bit key")
    if found.testing and found.result is Result.PASS:
        words.append("testing")
    properties = (
        ("d", found.domain),
        ("i", found.identity),
        ("s", found.selector),
        ("a", found.algorithm),
        ("b", b64encode(found.octets).decode()[:_B_CHARACTERS]),
    )
    return MethodResult(
        "dkim",
        found.result.value,
        ", ".join(words),
        "",
        tuple(Property("header", name, value) for name, value in properties if value),
    )
