"""The resolver that the configuration describes."""

from ipaddress import ip_address

import pytest

from roost.adapters.dns_servers import system_servers
from roost.adapters.metrics import Metrics
from roost.app.dns import make_resolver, servers_of
from roost.base.lookup import Lookup
from roost.config.dns import DnsConfig, NameServer
from roost.testing.clock import StoppedClock
from roost.testing.dns_script import reply, scripted_dns
from roost.testing.log import ListLog
from roost.testing.random import SeededRandom


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("nameserver 192.0.2.1\nnameserver 2001:db8::1\n", ["192.0.2.1", "2001:db8::1"]),
        ("# x\n; y\nsearch a.test\noptions edns0\n nameserver\t192.0.2.1 # z\n", ["192.0.2.1"]),
        ("nameserver fe80::1%eth0\n", ["fe80::1%eth0"]),
        ("nameserver\nnameserver x\nnameserver 192.0.2.1", ["192.0.2.1"]),
        ("\n".join(f"nameserver 192.0.2.{one}" for one in range(1, 6)), ["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
        ("", ["127.0.0.1"]),
    ],
    ids=["two", "comments and other words", "zone of an address", "unreadable lines", "no more than three", "none"],
)  # fmt: skip
def test_the_servers_of_the_system(text: str, servers: list[str]) -> None:
    assert system_servers(text) == tuple(NameServer(ip_address(one)) for one in servers)


def test_the_servers_of_the_configuration_go_first() -> None:
    config = DnsConfig(servers=("192.0.2.1", "[::1]:5353"))
    assert servers_of(config) == (
        NameServer(ip_address("192.0.2.1")),
        NameServer(ip_address("::1"), 5353),
    )
    assert servers_of(DnsConfig())


async def test_it_asks_whom_it_is_told_to() -> None:
    async with scripted_dns(lambda query, tcp: [reply(query, "a.test 9 A 192.0.2.1")]) as there:
        config = DnsConfig(servers=(str(there.server),), trust_ad="on", signed_zone="bücher.test")
        resolver = make_resolver(config, StoppedClock(), SeededRandom(), ListLog(), Metrics())
        assert (await resolver.lookup(Lookup("a.test", "A"))).records == ("192.0.2.1",)
        await resolver.close()
