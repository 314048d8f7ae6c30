"""[dns]: whom to ask, and whether to believe what they say of DNSSEC."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Annotated, Literal, NamedTuple

import msgspec

from roost.config.setting import Duration, doc

DNS_PORT = 53
# An address with a port; IPv6 without one needs no brackets and is read as it is.
_SPELLED = re.compile(r"(?:\[(?P<six>[^]]+)\]|(?P<four>[0-9.]+))(?::(?P<port>[0-9]{1,5}))?")
_OURSELVES = (ip_address("127.0.0.1"), ip_address("::1"))


class NameServer(NamedTuple):
    """A resolver to ask."""

    ip: IPv4Address | IPv6Address
    port: int = DNS_PORT

    def __str__(self) -> str:
        if self.port == DNS_PORT:
            return str(self.ip)
        return f"{self.ip}:{self.port}" if self.ip.version == 4 else f"[{self.ip}]:{self.port}"


class DnsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where DNS is asked."""

    servers: Annotated[
        tuple[str, ...],
        doc('Resolvers, such as "127.0.0.1" or "[::1]:5353"; empty: those of /etc/resolv.conf.'),
    ] = ()
    timeout: Annotated[
        Duration, doc("Most time for one question, tries at all servers together.")
    ] = Duration("10s")
    trust_ad: Annotated[
        Literal["auto", "on", "off"],
        doc(
            "Whether a resolver on 127.0.0.1 or ::1 is believed to check DNSSEC, which DANE needs;"
            " auto: when a test shows that it does. Others are never believed."
        ),
    ] = "auto"
    signed_zone: Annotated[
        str, doc("For the test: a zone whose signatures are right; `.` is the root.")
    ] = "."
    bogus_zone: Annotated[str, doc("For the test: a zone whose signatures are wrong.")] = (
        "dnssec-failed.org"
    )


def read_server(text: str) -> NameServer:
    """The server that `text` names, an IP address, with a port after it or not.

    Raises ValueError, which says what it looks like.
    """
    found = _SPELLED.fullmatch(text)
    try:
        address = ip_address(found["six"] or found["four"] if found else text)
        port = int(found["port"] or DNS_PORT) if found else DNS_PORT
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        raise ValueError(f"{text!r} is no resolver, such as 192.0.2.1, ::1 or [::1]:5353")
    return NameServer(address, port)


def may_be_believed(server: NameServer) -> bool:
    """Whether nobody but this machine can speak in the name of the server.

    Not the whole of 127.0.0.0/8: on 127.0.0.53 sits a forwarder that tells what others say.
    """
    return server.ip in _OURSELVES
