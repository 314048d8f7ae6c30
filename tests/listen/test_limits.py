"""Limits per address and network, as a peer meets them."""

from datetime import timedelta
from ipaddress import ip_address

import pytest

from roost.listen.limits import AddressLimits, ConnectionCap, LimitSettings, Refused
from roost.testing.clock import StoppedClock


def new_limits(
    clock: StoppedClock | None = None,
    *,
    per_minute: int = 300,
    open: int = 30,  # noqa: A002 - the setting's name
    max_tracked: int = 1000,
) -> AddressLimits:
    settings = LimitSettings(per_minute=per_minute, open=open, max_tracked=max_tracked)
    return AddressLimits(clock or StoppedClock(), settings)


def admitted(limits: AddressLimits, addresses: list[str]) -> list[Refused | None]:
    return [limits.admit(ip_address(address)) for address in addresses]


def test_one_address_has_so_many_open_and_gets_room_when_one_ends() -> None:
    limits = new_limits(open=2)
    address = "192.0.2.1"
    assert admitted(limits, [address] * 3) == [None, None, Refused.OPEN]
    limits.release(ip_address(address))
    assert admitted(limits, [address] * 2) == [None, Refused.OPEN]


def test_one_address_makes_so_many_a_minute() -> None:
    clock = StoppedClock()
    limits = new_limits(clock, per_minute=2, open=100)
    address = "192.0.2.1"
    assert admitted(limits, [address] * 3) == [None, None, Refused.RATE]
    assert admitted(limits, ["192.0.2.99"]) == [None]
    clock.advance(timedelta(seconds=60))
    assert admitted(limits, [address]) == [None]


@pytest.mark.parametrize(
    ("template", "refused_after"),
    [
        ("192.0.2.{}", 3),  # within /26
        ("192.0.{}.1", 9),  # within /21, beyond /26
        ("192.{}.2.1", None),
        ("2001:db8:0:0::{}", 1),  # one /64 is one user
        ("2001:db8:0:{}::1", 3),  # within /48
        ("2001:db8:{}::1", 9),  # within /32
        ("2001:{}::1", None),
    ],
)
def test_networks_have_three_and_nine_times_as_much(
    template: str, refused_after: int | None
) -> None:
    limits = new_limits(open=1)
    outcomes = admitted(limits, [template.format(number) for number in range(8)])
    # Eight addresses per larger network are not enough for the largest class: go round again.
    if refused_after == 9:
        assert outcomes == [None] * 8
        return
    expected: list[Refused | None] = [None] * 8
    if refused_after is not None:
        expected[refused_after:] = [Refused.OPEN] * (8 - refused_after)
    assert outcomes == expected


def test_the_largest_network_is_bounded_too() -> None:
    limits = new_limits(open=1)
    # Three /26 of three addresses each fill a /21.
    full = [f"192.0.2.{network * 64 + host}" for network in range(3) for host in range(3)]
    assert admitted(limits, full) == [None] * 9
    assert admitted(limits, ["192.0.7.1", "192.0.8.1"]) == [Refused.OPEN, None]


@pytest.mark.parametrize(("exempt", "outcome"), [(True, None), (False, Refused.OPEN)])
def test_loopback_is_exempt_by_option(exempt: bool, outcome: Refused | None) -> None:
    limits = AddressLimits(StoppedClock(), LimitSettings(open=0, exempt_loopback=exempt))
    assert admitted(limits, ["127.0.0.1", "::1"]) == [outcome, outcome]


def test_a_local_socket_has_no_address_to_limit() -> None:
    limits = new_limits(open=0)
    assert limits.admit(None) is None
    limits.release(None)


def test_memory_is_bounded_and_those_counted_stay_limited() -> None:
    limits = new_limits(per_minute=1, open=1000, max_tracked=3)
    assert admitted(limits, ["192.0.2.1", "198.51.100.1", "198.51.100.1"]) == [None, None, None]
    assert admitted(limits, ["192.0.2.1"]) == [Refused.RATE]
    assert len(limits._recent) == 3


def test_nothing_is_left_when_all_have_gone() -> None:
    limits = new_limits()
    addresses = ["192.0.2.1", "192.0.2.1", "2001:db8::1"]
    admitted(limits, addresses)
    for address in addresses:
        limits.release(ip_address(address))
    assert limits._open == {}


def test_the_cap_counts_all() -> None:
    cap = ConnectionCap(2)
    assert [cap.take(), cap.take(), cap.take()] == [True, True, False]
    cap.give()
    assert cap.take()
