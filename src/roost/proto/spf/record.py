"""SPF records as values. RFC 7208 sections 4.5, 4.6, 5, 6 and 12."""

import re
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_network

from roost.base.errors import ProtocolError
from roost.proto.spf.macro import MacroString, is_domain_spec, parse_macros

_VERSION = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
_DIRECTIVE = re.compile(r"([-+?~]?)([A-Za-z][A-Za-z0-9]*)((?:[:/].*)?)", re.DOTALL)
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)", re.DOTALL)
_PREFIXES = re.compile(
    r"(?P<spec>.*?)(?:/(?P<four>0|[1-9][0-9]?))?(?://(?P<six>0|[1-9][0-9]{0,2}))?", re.DOTALL
)
_IP4 = re.compile(r"(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})(?:/(?:0|[1-9][0-9]?))?")
_IP6 = re.compile(r"[0-9A-Fa-f:.]+(?:/(?:0|[1-9][0-9]{0,2}))?")


class RecordInvalid(ProtocolError):
    """The record breaks the grammar; term: the first part of it that does."""

    def __init__(self, term: str) -> None:
        super().__init__("the SPF record cannot be read")
        self.term = term


class Result(Enum):
    """What a check comes to. RFC 7208 section 2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - a result
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


QUALIFIERS = {
    "": Result.PASS,
    "+": Result.PASS,
    "?": Result.NEUTRAL,
    "~": Result.SOFTFAIL,
    "-": Result.FAIL,
}


class Kind(Enum):
    """The mechanisms. RFC 7208 section 5."""

    ALL = "all"
    INCLUDE = "include"
    A = "a"
    MX = "mx"
    PTR = "ptr"
    IP4 = "ip4"
    IP6 = "ip6"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True)
class Directive:
    """A mechanism, and the result when it matches.

    text: as the record has it. domain: None for the domain that is checked. network: of ip4 and
    ip6. four, six: how many bits of an address of `a` and `mx` count.
    """

    text: str
    result: Result
    kind: Kind
    domain: MacroString | None = None
    network: IPv4Network | IPv6Network | None = None
    four: int = 32
    six: int = 128


@dataclass(frozen=True, slots=True)
class Record:
    """A record. modifiers that nobody knows are checked and left out. RFC 7208 section 6."""

    directives: tuple[Directive, ...]
    redirect: MacroString | None = None
    explanation: MacroString | None = None


def is_record(text: str) -> bool:
    """Whether a TXT record is one of SPF, well made or not. RFC 7208 section 4.5."""
    return _VERSION.match(text) is not None


def parse_record(text: str) -> Record:
    """Read a record of which `is_record` holds. Raises RecordInvalid. RFC 7208 section 4.6."""
    if not text.isascii():
        raise RecordInvalid("a character outside ASCII")
    directives, modifiers = [], dict[str, MacroString]()
    for term in text[len("v=spf1") :].split(" "):
        if not term:
            continue
        if modifier := _MODIFIER.fullmatch(term):
            _add_modifier(modifiers, term, modifier[1].lower(), modifier[2])
        else:
            directives.append(_parse_directive(term))
    return Record(tuple(directives), modifiers.get("redirect"), modifiers.get("exp"))


def _add_modifier(modifiers: dict[str, MacroString], term: str, name: str, value: str) -> None:
    macros = parse_macros(value)
    if macros is None:
        raise RecordInvalid(term)
    if name not in ("redirect", "exp"):
        return
    if name in modifiers or not is_domain_spec(value):
        raise RecordInvalid(term)
    modifiers[name] = macros


def _parse_directive(term: str) -> Directive:
    found = _DIRECTIVE.fullmatch(term)
    try:
        kind = Kind(found[2].lower()) if found else None
    except ValueError:
        kind = None
    if found is None or kind is None:
        raise RecordInvalid(term)
    result, argument = QUALIFIERS[found[1]], found[3]
    match kind:
        case Kind.ALL:
            if argument:
                raise RecordInvalid(term)
            return Directive(term, result, kind)
        case Kind.IP4 | Kind.IP6:
            return Directive(term, result, kind, network=_network(term, kind, argument))
        case Kind.A | Kind.MX:
            return _with_prefixes(term, result, kind, argument)
        case _:
            required = kind is not Kind.PTR
            return Directive(term, result, kind, _domain(term, argument, required=required))


def _domain(term: str, argument: str, *, required: bool) -> MacroString | None:
    if not argument and not required:
        return None
    macros = parse_macros(argument[1:])
    if argument[:1] != ":" or macros is None or not is_domain_spec(argument[1:]):
        raise RecordInvalid(term)
    return macros


def _with_prefixes(term: str, result: Result, kind: Kind, argument: str) -> Directive:
    found = _PREFIXES.fullmatch(argument)
    assert found is not None, "the pattern takes every text"
    four = int(found["four"] or 32)
    six = int(found["six"] or 128)
    if four > 32 or six > 128:
        raise RecordInvalid(term)
    domain = _domain(term, found["spec"], required=False)
    return Directive(term, result, kind, domain, None, four, six)


def _network(term: str, kind: Kind, argument: str) -> IPv4Network | IPv6Network:
    grammar = _IP4 if kind is Kind.IP4 else _IP6
    if argument[:1] != ":" or not grammar.fullmatch(argument[1:]):
        raise RecordInvalid(term)
    try:
        network = ip_network(argument[1:], strict=False)
    except ValueError as error:
        raise RecordInvalid(term) from error
    if network.version != (4 if kind is Kind.IP4 else 6):
        raise RecordInvalid(term)
    return network
