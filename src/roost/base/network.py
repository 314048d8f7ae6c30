"""The networks that an address lies in, from one user to one provider: what limits count by."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

# How many low bits of an address its three classes leave out.
_IPV4_SHIFTS = (0, 6, 11)  # /32 /26 /21
_IPV6_SHIFTS = (64, 80, 96)  # /64 /48 /32
_SCALES = (1, 3, 9)


def network_classes(ip: IPv4Address | IPv6Address) -> Iterator[tuple[int, int]]:
    """The three networks of `ip`, the smallest first, each with how often its limit counts.

    IPv4: /32, /26, /21. IPv6: /64, /48, /32. A network is a number: its prefix with version and
    class in the low bits, so that no two are equal.
    """
    number = int(ip)
    shifts = _IPV4_SHIFTS if ip.version == 4 else _IPV6_SHIFTS
    for which, (shift, scale) in enumerate(zip(shifts, _SCALES, strict=True)):
        yield (number >> shift) << 3 | which << 1 | (ip.version == 6), scale
