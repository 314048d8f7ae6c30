"""DNS names and records as the text that `roost.base.lookup.Answer` holds."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import dns.exception
import dns.name
from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType

# What is not printable ASCII, and what ends or escapes a quoted text. RFC 1035 section 5.1.
_QUOTED = {octet: f"\\{octet:03d}" for octet in range(256) if not 0x20 <= octet < 0x7F} | {
    ord('"'): '\\"',
    ord("\\"): "\\\\",
}


def name_of(text: str) -> Name | None:
    """The absolute name of a question, in lower case; None when DNS cannot hold it.

    text: labels between dots, without escapes, in ASCII; a last dot is allowed, "" and "." are
    the root. A label is 1 to 63 octets, all of it at most 255. RFC 1035 section 2.3.4.
    """
    if not text.isascii():
        return None
    labels = text.lower().removesuffix(".").encode("ascii").split(b".")
    try:
        return dns.name.root if labels == [b""] else Name([*labels, b""])
    except dns.exception.DNSException:
        return None


def spell_name(name: Name) -> str:
    """The name in lower case without its last dot; the root is ".".

    An octet of a label that is no plain character is escaped, so that no dot of a label's own and
    no control character comes out. RFC 1035 section 5.1, RFC 4343 section 2.1.
    """
    return name.canonicalize().to_text(omit_final_dot=name != dns.name.root)


def spell_record(rdata: Rdata) -> str:
    """The text of one record of a type in SPELLED."""
    return SPELLED[rdata.rdtype](rdata)


def _address(rdata: Any) -> str:
    text: str = rdata.address
    return text


def _txt(rdata: Any) -> str:
    # An octet becomes the character of its number: lossless, and fit for a log or JSON.
    return b"".join(rdata.strings).decode("latin-1")


def _mx(rdata: Any) -> str:
    return f"{rdata.preference} {spell_name(rdata.exchange)}"


def _target(rdata: Any) -> str:
    return spell_name(rdata.target)


def _tlsa(rdata: Any) -> str:
    return f"{rdata.usage} {rdata.selector} {rdata.mtype} {rdata.cert.hex()}"


def _soa(rdata: Any) -> str:
    numbers = (rdata.serial, rdata.refresh, rdata.retry, rdata.expire, rdata.minimum)
    return " ".join((spell_name(rdata.mname), spell_name(rdata.rname), *map(str, numbers)))


def _srv(rdata: Any) -> str:
    return f"{rdata.priority} {rdata.weight} {rdata.port} {spell_name(rdata.target)}"


def _caa(rdata: Any) -> str:
    value = rdata.value.decode("latin-1").translate(_QUOTED)
    return f'{rdata.flags} {rdata.tag.decode("latin-1")} "{value}"'


# Each type that can be asked for, and how a record of it is spelled.
SPELLED: MappingProxyType[RdataType, Callable[[Any], str]] = MappingProxyType(
    {
        RdataType.A: _address,
        RdataType.AAAA: _address,
        RdataType.CAA: _caa,
        RdataType.CNAME: _target,
        RdataType.MX: _mx,
        RdataType.NS: _target,
        RdataType.PTR: _target,
        RdataType.SOA: _soa,
        RdataType.SRV: _srv,
        RdataType.TLSA: _tlsa,
        RdataType.TXT: _txt,
    }
)

# The same by the name that a question has.
TYPES: MappingProxyType[str, RdataType] = MappingProxyType({one.name: one for one in SPELLED})
