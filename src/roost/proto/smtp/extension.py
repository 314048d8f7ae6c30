"""The extensions of SMTP we know: what is switched on, and how EHLO announces it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FutureRelease:
    """How long and until when a client may ask to have a message held. RFC 4865 section 4.

    latest: an aware time in UTC.
    """

    max_seconds: int
    latest: datetime


@dataclass(frozen=True, slots=True)
class Extensions:
    """What a server offers besides the extensions that are always on.

    max_message_octets: SIZE (RFC 1870). max_recipients: LIMITS RCPTMAX (RFC 9422).
    dsn: NOTIFY, ORCPT, RET and ENVID (RFC 3461). require_tls: REQUIRETLS (RFC 8689).
    future_release: HOLDFOR and HOLDUNTIL (RFC 4865), for submission only.
    """

    max_message_octets: int = 100 * 1024 * 1024
    max_recipients: int = 1000
    dsn: bool = False
    require_tls: bool = False
    future_release: FutureRelease | None = None


def announce(
    extensions: Extensions, *, starttls: bool, tls: bool, mechanisms: Sequence[str]
) -> list[str]:
    """The lines of an EHLO reply after the first. RFC 5321 section 4.1.1.1.

    starttls: whether TLS can be started now. tls: whether it is on. mechanisms: for AUTH, none
    means that AUTH is not announced.
    """
    lines = [
        "PIPELINING",  # RFC 2920
        f"SIZE {extensions.max_message_octets}",
    ]
    if starttls:
        lines.append("STARTTLS")  # RFC 3207
    if mechanisms:
        lines.append("AUTH " + " ".join(mechanisms))  # RFC 4954
    if extensions.require_tls and tls:
        lines.append("REQUIRETLS")
    if extensions.dsn:
        lines.append("DSN")
    if (future := extensions.future_release) is not None:
        lines.append(f"FUTURERELEASE {future.max_seconds} {future.latest:%Y-%m-%dT%H:%M:%SZ}")
    return [
        *lines,
        "8BITMIME",  # RFC 6152
        "SMTPUTF8",  # RFC 6531
        "ENHANCEDSTATUSCODES",  # RFC 2034
        "CHUNKING",  # RFC 3030
        f"LIMITS RCPTMAX={extensions.max_recipients}",
    ]
