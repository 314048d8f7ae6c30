"""What commands that ask DNS by themselves have in common: no server has to run for them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import click
import msgspec

from roost.adapters.clock import SystemClock
from roost.adapters.log import Level, LineLog, Sink, logfmt
from roost.adapters.metrics import Metrics
from roost.adapters.random import SystemRandom
from roost.app.dns import make_resolver, servers_of
from roost.base.lookup import Answer, Fault, Lookup, Status
from roost.cli.control import DEFAULT_CONFIG, fail, load_config
from roost.config.dns import DnsConfig, read_server
from roost.delivery.lookups import Lookups

T = TypeVar("T")

# What can be done about each fault.
MENDS = MappingProxyType(
    {
        Fault.TIMEOUT: "no answer in time from {servers}. Check that it can be reached, or name"
        " another one with --server or in [dns] of roost.toml",
        Fault.UNREACHABLE: "nobody answers at {servers}. Start the resolver, or name another one"
        " with --server or in [dns] of roost.toml",
        Fault.SERVFAIL: "{servers} could not find out. The servers of the name may be down, or its"
        " DNSSEC signatures wrong: try again later, or tell its owner",
        Fault.REFUSED: "{servers} does not answer this machine. Allow it there, or name another"
        " one with --server or in [dns] of roost.toml",
        Fault.BOGUS: "the DNSSEC signatures are wrong, so the answer may be forged. The owner of"
        " the name has to mend them",
        Fault.MALFORMED: "{servers} gave an answer that cannot be, such as CNAMEs in a circle. Tell"
        " the owner of the name, or ask another one with --server",
    }
)


@dataclass(slots=True)
class Asking:
    """How such a command was called. config_file: as named; as_json: how answers are printed.

    servers: instead of those of the configuration.
    """

    config_file: Path | None
    as_json: bool
    servers: tuple[str, ...] = ()
    asked: list[tuple[Lookup, Answer]] = field(default_factory=list)

    def run(self, work: Callable[[Lookups], Awaitable[T]]) -> T:
        """What `work` comes to; what it asks is in `asked` afterwards."""
        return asyncio.run(self._run(work))

    def say(self, answer: object, text: str) -> None:
        """Print the answer: as JSON for scripts (--json), else `text` for people."""
        click.echo(json.dumps(answer, ensure_ascii=False) if self.as_json else text)

    def mend(self, answer: Answer) -> str:
        """What is wrong with a temporary failure, and what helps."""
        words = MENDS.get(answer.fault or Fault.SERVFAIL, "too much was asked. Try again later")
        return words.format(servers=" ".join(map(str, servers_of(self._config()))))

    async def _run(self, work: Callable[[Lookups], Awaitable[T]]) -> T:
        clock = SystemClock()
        log = LineLog(Sink(clock, logfmt(), Level.ERROR))
        resolver = make_resolver(self._config(), clock, SystemRandom(), log, Metrics())
        try:
            return await work(Lookups(resolver, clock, log, watch=self._watch))
        finally:
            await resolver.close()

    def _watch(self, question: Lookup, answer: Answer) -> None:
        self.asked.append((question, answer))

    def _config(self) -> DnsConfig:
        config = DnsConfig()
        if self.config_file is not None or DEFAULT_CONFIG.exists():
            config = load_config(self.config_file or DEFAULT_CONFIG).dns
        if self.servers:
            config = msgspec.structs.replace(config, servers=self.servers)
        return config


def read_servers(
    ctx: click.Context, _parameter: click.Parameter, servers: tuple[str, ...]
) -> tuple[str, ...]:
    """Keep what --server says; ends the command when it says nothing that can be asked."""
    for server in servers:
        try:
            read_server(server)
        except ValueError as error:
            fail(str(error))
    if servers and isinstance(ctx.obj, Asking):
        ctx.obj.servers = servers
    return servers


ask_servers = click.option(
    "--server",
    metavar="IP[:PORT]",
    multiple=True,
    expose_value=False,
    callback=read_servers,
    help="Ask this resolver, not those of the configuration; may be given more than once.",
)


def facts_of(question: Lookup, answer: Answer) -> dict[str, object]:
    """A look-up and its answer, for JSON."""
    return {
        "name": question.name,
        "type": question.type,
        "status": answer.status.value,
        "fault": answer.fault.value if answer.fault else None,
        "records": list(answer.records),
        "authentic": answer.authentic,
        "ttl": answer.ttl,
    }


def spell_status(answer: Answer) -> str:
    """How a look-up ended, in a few words."""
    match answer.status:
        case Status.OK:
            return f"{len(answer.records)} record{'s' if len(answer.records) > 1 else ''}"
        case Status.NONE:
            return "no record of this type"
        case Status.NXDOMAIN:
            return "no such name"
        case _:
            return f"no answer ({answer.fault.value if answer.fault else 'temporary'})"


def printable(text: str) -> str:
    """Text of strangers that cannot move a terminal or begin a line."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
