"""roost dns: ask DNS as the server does."""

import sys
from ipaddress import ip_address

import click

from roost.adapters.dns_records import TYPES
from roost.base.domain import Domain, DomainInvalid
from roost.base.lookup import Answer, Lookup, Status
from roost.cli.asking import Asking, ask_servers, facts_of, printable, spell_status
from roost.cli.control import fail
from roost.delivery.lookups import Lookups


@click.group()
def dns() -> None:
    """Ask DNS as the server does; no server has to run."""


@dns.command()
@click.argument("kind", metavar="TYPE", type=click.Choice(sorted(TYPES), case_sensitive=False))
@click.argument("name")
@ask_servers
@click.pass_obj
def lookup(asking: Asking, kind: str, name: str) -> None:
    """Look up records of TYPE for NAME, and say whether DNSSEC vouches for them.

    For PTR, NAME may be an IP address. Exit status 1 when there are no records.
    """
    question = Lookup(_name(kind, name), kind)

    async def ask(lookups: Lookups) -> Answer:
        return await lookups.resolver.lookup(question)

    answer = asking.run(ask)
    lines = [f"{printable(question.name)} {kind}: {_told(answer)}"]
    lines += [f"  {printable(record)}" for record in answer.records]
    if answer.status is Status.TEMPORARY:
        lines.append(asking.mend(answer))
    asking.say(facts_of(question, answer), "\n".join(lines))
    if answer.status is not Status.OK:
        sys.exit(1)


def _name(kind: str, name: str) -> str:
    if kind == "PTR":
        try:
            return ip_address(name).reverse_pointer
        except ValueError:
            pass  # the name itself
    if name == "." or name.isascii():
        return name
    try:
        return Domain.parse(name).ascii
    except DomainInvalid as error:
        fail(f"{name}: {error}")


def _told(answer: Answer) -> str:
    said = spell_status(answer)
    if answer.status is Status.TEMPORARY:
        return said
    vouched = "DNSSEC vouches for it" if answer.authentic else "DNSSEC vouches for nothing"
    return f"{said}, for {answer.ttl} s; {vouched}"
