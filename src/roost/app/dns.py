"""The resolver, built from `[dns]` of roost.toml."""

from pathlib import Path

from dns.name import Name

from roost.adapters.dns_exchange import SocketExchanger
from roost.adapters.dns_records import name_of
from roost.adapters.dns_servers import system_servers
from roost.adapters.dns_trust import TrustSettings
from roost.adapters.metrics import Metrics
from roost.adapters.resolver import DnsResolver, ResolverSettings
from roost.base.domain import Domain
from roost.config.dns import DnsConfig, NameServer, read_server
from roost.ports.clock import Clock
from roost.ports.log import Log
from roost.ports.random import Random

RESOLV_CONF = Path("/etc/resolv.conf")


def make_resolver(
    config: DnsConfig, clock: Clock, random: Random, log: Log, metrics: Metrics
) -> DnsResolver:
    """A resolver of its own; close it at the end."""
    trust = TrustSettings(config.trust_ad, _zone(config.signed_zone), _zone(config.bogus_zone))
    settings = ResolverSettings(servers_of(config), config.timeout.total_seconds(), trust)
    return DnsResolver(settings, SocketExchanger(random), clock, log, metrics)


def _zone(text: str) -> Name:
    name = name_of(text if text == "." else Domain.parse(text).ascii)
    assert name is not None, "what is a Domain fits into DNS"
    return name


def servers_of(config: DnsConfig) -> tuple[NameServer, ...]:
    """The servers that are asked, in their order."""
    if config.servers:
        return tuple(map(read_server, config.servers))
    try:
        return system_servers(RESOLV_CONF.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return system_servers("")  # as the C library does without the file
