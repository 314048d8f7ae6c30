"""Results that need no library of their own: reverse names and logins. RFC 8601 section 2.7."""

from enum import Enum

from roost.proto.mime.auth_results import MethodResult, Property


class IprevOutcome(Enum):
    """Whether the name of an address leads back to it. RFC 8601 section 2.7.3."""

    PASS = "pass"  # noqa: S105 - a result
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


def iprev_method(outcome: IprevOutcome, ip: str, name: str = "") -> MethodResult:
    """The result of the method `iprev`. name: what the address is called, for people."""
    return MethodResult("iprev", outcome.value, name, "", (Property("policy", "iprev", ip),))


def auth_method(login: str, mechanism: str = "") -> MethodResult:
    """The result of the method `auth` for somebody who has signed in. RFC 8601 section 2.7.4."""
    return MethodResult("auth", "pass", mechanism.lower(), "", (Property("smtp", "auth", login),))
