"""roost spf: what SPF says of a host, and whether a record can be read. RFC 7208."""

from dataclasses import asdict
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import MappingProxyType

import click

from roost.adapters.clock import SystemClock
from roost.base.address import Address, AddressInvalid
from roost.base.domain import Domain, DomainInvalid
from roost.base.lookup import Status
from roost.cli.asking import Asking, ask_servers, facts_of, printable, spell_status
from roost.cli.control import columns, fail
from roost.delivery.lookups import Lookups, Unfinished
from roost.proto.spf.check import Identity, SpfResult, check_host
from roost.proto.spf.received import received_spf
from roost.proto.spf.record import Record, RecordInvalid, is_record, parse_record

MODIFIERS = MappingProxyType({"redirect": "goes on at", "exp": "explains by"})
RECEIVER = "unknown"  # for the macro `r`, as nobody receives here: RFC 7208 section 7.3


@click.group()
def spf() -> None:
    """SPF: which hosts may send mail for a domain; no server has to run."""


@spf.command()
@click.argument("ip")
@click.argument("mailfrom")
@click.argument("helo", required=False)
@ask_servers
@click.pass_obj
def check(asking: Asking, ip: str, mailfrom: str, helo: str | None) -> None:
    """Say whether the host with the address IP may send mail from MAILFROM.

    MAILFROM is an address or a domain; "" is a bounce, for which the name HELO is checked. Each
    look-up is told with what it found.
    """
    identity = _identity(ip, mailfrom, helo)

    async def run(lookups: Lookups) -> SpfResult | Unfinished:
        return await lookups.run(check_host(identity))

    found = asking.run(run)
    if isinstance(found, Unfinished):
        fail(f"the check came to no end: {found.fault.value}. Try again later")
    field = received_spf(found, identity, of_helo=not mailfrom.strip("<>"))
    answer = {
        **asdict(found),
        "result": found.result.value,
        "received_spf": field.decode(),
        "asked": [facts_of(*one) for one in asking.asked],
    }
    asking.say(answer, "\n".join(_told(asking, found, field)))


@spf.command()
@click.argument("record")
@click.pass_obj
def parse(asking: Asking, record: str) -> None:
    """Read the SPF RECORD and say what each of its terms does.

    A term that breaks the grammar is named, with exit status 1.
    """
    if not is_record(record):
        fail('this is no SPF record: it begins with "v=spf1" and a space. RFC 7208 section 4.5')
    try:
        read = parse_record(record)
    except RecordInvalid as error:
        fail(f"the record cannot be read at {printable(error.term)!r}: see RFC 7208 section 12")
    terms = _terms(record, read)
    lines = columns([(one["does"], one["term"]) for one in terms]) if terms else "no terms: neutral"
    asking.say({"terms": terms}, lines)


def _identity(ip: str, mailfrom: str, helo: str | None) -> Identity:
    local, domain = _sender(mailfrom.removeprefix("<").removesuffix(">"), helo)
    now = SystemClock().now()
    return Identity(_address(ip), local, domain, helo or domain, RECEIVER, now)


def _address(text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError:
        fail(f"{text!r} is no IP address, such as 192.0.2.1 or 2001:db8::1")


def _sender(mailfrom: str, helo: str | None) -> tuple[str, str]:
    """Local part and domain of what is checked. RFC 7208 sections 2.3, 2.4 and 4.3."""
    domain = mailfrom or helo
    if not domain:
        fail("a bounce is checked by the name of its host: give HELO too")
    try:
        if "@" in mailfrom:
            address = Address.parse(mailfrom)
            return address.local, address.domain.ascii
        return "postmaster", Domain.parse(domain).ascii
    except (AddressInvalid, DomainInvalid) as error:
        fail(f"{domain}: {error}")


def _told(asking: Asking, found: SpfResult, field: bytes) -> list[str]:
    lines = [field.decode().rstrip().replace("\r\n", "\n")]
    if found.problem:
        lines.append(f"problem: {printable(found.problem)}")
    if found.explanation:
        lines.append(f"the domain explains: {printable(found.explanation)}")
    rows = [
        (question.type, printable(question.name), spell_status(answer), _records(answer.records))
        for question, answer in asking.asked
    ]
    lines += ["asked:", columns(rows)] if rows else ["nothing was asked"]
    failed = [answer for _, answer in asking.asked if answer.status is Status.TEMPORARY]
    return lines + [asking.mend(answer) for answer in failed[:1]]


def _records(records: tuple[str, ...]) -> str:
    return " | ".join(map(printable, records))


def _terms(text: str, read: Record) -> list[dict[str, str]]:
    """Each term in its order, with the result of a mechanism or what a modifier does."""
    does = {one.text: one.result.value for one in read.directives}
    terms = [term for term in text[len("v=spf1") :].split(" ") if term]
    for term in terms:
        does.setdefault(term, MODIFIERS.get(term.partition("=")[0].lower(), "is passed over"))
    return [{"term": term, "does": does[term]} for term in terms]
