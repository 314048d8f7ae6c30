"""Whether a host may send mail for a domain: the check_host function. RFC 7208 section 4."""

import re
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TypeVar

from roost.base.lookup import Answer, Check, Lookup, Status
from roost.proto.spf.macro import MacroString, parse_macros
from roost.proto.spf.record import (
    Directive,
    Kind,
    Record,
    RecordInvalid,
    Result,
    is_record,
    parse_record,
)

T = TypeVar("T")
IpAddress = IPv4Address | IPv6Address
Asking = Generator[tuple[Lookup, ...], tuple[Answer, ...], T]

# RFC 7208 section 4.6.4.
MAX_TERMS_WITH_LOOKUPS = 10
MAX_VOID_LOOKUPS = 2
MAX_MX_NAMES = 10
MAX_PTR_NAMES = 10
MAX_EXPLANATION_CHARACTERS = 800

_LABEL = re.compile(r"[^.\x00-\x1f\x7f]{1,63}")
_LIMIT = "more than {} terms that need DNS (RFC 7208 section 4.6.4)"
_ASKS_DNS = frozenset((Kind.INCLUDE, Kind.A, Kind.MX, Kind.PTR, Kind.EXISTS))
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Identity:
    """What is checked: a host that says it sends for a domain. RFC 7208 section 2.

    local, domain: of MAIL FROM; for the HELO identity, "postmaster" and the HELO name.
    helo: as the host gave it. receiver, now: who checks, and when, for explanations.
    """

    ip: IpAddress
    local: str
    domain: str
    helo: str
    receiver: str
    now: datetime


@dataclass(frozen=True, slots=True)
class SpfResult:
    """What came of it.

    directive: the mechanism that decided, as the record has it, "" when none did. domain: whose
    record that was. explanation: what the domain says to a host that fails; of strangers, so
    never shown unquoted. problem: for temperror and permerror, what is wrong. lookups: how many
    terms that need DNS were met. authentic: whether DNSSEC vouched for every answer used.
    """

    result: Result
    domain: str
    directive: str = ""
    explanation: str = ""
    problem: str = ""
    lookups: int = 0
    authentic: bool = False


class _Stopped(Exception):
    """The check ends at once, whatever record it is in."""

    def __init__(self, result: Result, problem: str) -> None:
        super().__init__(problem)
        self.result = result
        self.problem = problem


@dataclass(slots=True)
class _Spent:
    """What the whole check used so far, over all records it went through."""

    terms: int = 0
    voids: int = 0
    authentic: bool = True


@dataclass(frozen=True, slots=True)
class _Found:
    """Where one record led. domain: the one whose explanation counts."""

    result: Result
    domain: str
    directive: str = ""
    explanation: MacroString | None = None


def check_host(identity: Identity) -> Check[SpfResult]:
    """Evaluate the SPF policy of `identity.domain`. RFC 7208 section 4."""
    if isinstance(identity.ip, IPv6Address) and identity.ip.ipv4_mapped is not None:
        identity = replace(identity, ip=identity.ip.ipv4_mapped)
    identity = replace(identity, local=identity.local or "postmaster")
    evaluation = _Evaluation(identity)
    try:
        found = yield from evaluation.evaluate(identity.domain)
    except _Stopped as stopped:
        return evaluation.result(stopped.result, identity.domain, problem=stopped.problem)
    explanation = ""
    if found.result is Result.FAIL and found.explanation is not None:
        explanation = yield from evaluation.explain(found.explanation, found.domain)
    return evaluation.result(found.result, found.domain, found.directive, explanation)


@dataclass(slots=True)
class _Evaluation:
    """One check, with what it has used of its limits."""

    identity: Identity
    spent: _Spent = field(default_factory=_Spent)

    def result(
        self,
        result: Result,
        domain: str,
        directive: str = "",
        explanation: str = "",
        problem: str = "",
    ) -> SpfResult:
        spent = self.spent
        authentic = spent.authentic and result is not Result.NONE
        return SpfResult(result, domain, directive, explanation, problem, spent.terms, authentic)

    def evaluate(self, domain: str) -> Asking[_Found]:
        """Find and apply the record of a domain. Sections 4.3 to 4.7."""
        if not _is_name(domain):
            return _Found(Result.NONE, domain)
        record = yield from self._record_of(domain)
        if record is None:
            return _Found(Result.NONE, domain)
        for directive in record.directives:
            if (yield from self._matches(directive, domain)):
                return _Found(directive.result, domain, directive.text, record.explanation)
        if record.redirect is None:
            return _Found(Result.NEUTRAL, domain)
        return (yield from self._redirected(record.redirect, domain))

    def _record_of(self, domain: str) -> Asking[Record | None]:
        (answer,) = yield from self._ask(Lookup(domain, "TXT"))
        texts = [text for text in answer.records if is_record(text)]
        if not texts:
            return None
        if len(texts) > 1:
            raise _Stopped(Result.PERMERROR, f"{domain} has more than one SPF record")
        try:
            return parse_record(texts[0])
        except RecordInvalid as error:
            problem = f"the SPF record of {domain} cannot be read at {error.term!r}"
            raise _Stopped(Result.PERMERROR, problem) from error

    def _redirected(self, target: MacroString, domain: str) -> Asking[_Found]:
        """RFC 7208 section 6.1."""
        self._count_term()
        name = yield from self._expand(target, domain)
        found = yield from self.evaluate(name)
        if found.result is Result.NONE:
            raise _Stopped(Result.PERMERROR, f"{name}, a redirection, has no SPF record")
        return found

    def _matches(self, directive: Directive, domain: str) -> Asking[bool]:
        """RFC 7208 section 5."""
        if directive.kind is Kind.ALL:
            return True
        if directive.network is not None:
            return self.identity.ip in directive.network
        if directive.kind in _ASKS_DNS:
            self._count_term()
        name = domain
        if directive.domain is not None:
            name = yield from self._expand(directive.domain, domain)
        match directive.kind:
            case Kind.INCLUDE:
                return (yield from self._included(name))
            case Kind.A:
                return (yield from self._is_address_of((name,), directive))
            case Kind.MX:
                return (yield from self._is_mail_host(name, directive))
            case Kind.PTR:
                return (yield from self._is_named_within(name))
            case _:
                return (yield from self._exists(name))

    def _included(self, name: str) -> Asking[bool]:
        """RFC 7208 section 5.2."""
        found = yield from self.evaluate(name)
        if found.result is Result.NONE:
            raise _Stopped(Result.PERMERROR, f"{name}, which is included, has no SPF record")
        return found.result is Result.PASS

    def _is_address_of(self, names: Iterable[str], directive: Directive) -> Asking[bool]:
        """RFC 7208 section 5.3."""
        ip = self.identity.ip
        kind, bits = ("A", directive.four) if ip.version == 4 else ("AAAA", directive.six)
        answers = yield from self._ask(*(Lookup(name, kind) for name in names if _is_name(name)))
        network = ip_network((ip, bits), strict=False)
        return any(address in network for answer in answers for address in _addresses(answer))

    def _is_mail_host(self, name: str, directive: Directive) -> Asking[bool]:
        """RFC 7208 section 5.4."""
        if not _is_name(name):
            return False
        (answer,) = yield from self._ask(Lookup(name, "MX"))
        hosts = [record.partition(" ")[2].rstrip(".") for record in answer.records]
        if len(hosts) > MAX_MX_NAMES:
            raise _Stopped(Result.PERMERROR, f"{name} has more than {MAX_MX_NAMES} MX records")
        return (yield from self._is_address_of(hosts, directive))

    def _is_named_within(self, name: str) -> Asking[bool]:
        """RFC 7208 section 5.5."""
        validated = yield from self._validated_names()
        return any(_is_within(one, name) for one in validated)

    def _exists(self, name: str) -> Asking[bool]:
        """RFC 7208 section 5.7: an A record, whatever family the host's address is of."""
        if not _is_name(name):
            return False
        (answer,) = yield from self._ask(Lookup(name, "A"))
        return bool(answer.records)

    def _validated_names(self) -> Asking[list[str]]:
        """Names of the host that lead back to its address; none when DNS fails. Section 5.5."""
        ip = self.identity.ip
        (answer,) = yield (Lookup(ip.reverse_pointer, "PTR"),)
        self._note(answer)
        names = [record.rstrip(".") for record in answer.records][:MAX_PTR_NAMES]
        if not names:
            return []
        kind = "A" if ip.version == 4 else "AAAA"
        answers = yield tuple(Lookup(name, kind) for name in names)
        for one in answers:
            self._note(one)
        return [name for name, one in zip(names, answers, strict=True) if ip in _addresses(one)]

    def _expand(self, macros: MacroString, domain: str) -> Asking[str]:
        values = yield from self._values(macros, domain)
        return macros.expand_name(values)

    def explain(self, macros: MacroString, domain: str) -> Asking[str]:
        """The explanation of the domain, "" when anything is wrong with it. Section 6.2."""
        name = yield from self._expand(macros, domain)
        if not _is_name(name):
            return ""
        (answer,) = yield (Lookup(name, "TXT"),)
        if len(answer.records) != 1 or not answer.records[0].isascii():
            return ""
        text = parse_macros(answer.records[0], explanation=True)
        if text is None:
            return ""
        values = yield from self._values(text, domain)
        return text.expand(values)[:MAX_EXPLANATION_CHARACTERS]

    def _values(self, macros: MacroString, domain: str) -> Asking[dict[str, str]]:
        """What each macro stands for. RFC 7208 section 7.2."""
        who = self.identity
        values = {
            "s": f"{who.local}@{who.domain}",
            "l": who.local,
            "o": who.domain,
            "d": domain,
            "i": _dotted(who.ip),
            "v": "in-addr" if who.ip.version == 4 else "ip6",
            "h": who.helo,
            "c": str(who.ip),
            "r": who.receiver,
            "t": str(int(who.now.timestamp())),
        }
        if "p" in macros.letters():
            names = yield from self._validated_names()
            values["p"] = _nearest(names, domain)
        return values

    def _count_term(self) -> None:
        self.spent.terms += 1
        if self.spent.terms > MAX_TERMS_WITH_LOOKUPS:
            raise _Stopped(Result.PERMERROR, _LIMIT.format(MAX_TERMS_WITH_LOOKUPS))

    def _ask(self, *lookups: Lookup) -> Asking[tuple[Answer, ...]]:
        """Answers to all, each of which counts. RFC 7208 sections 2.6.6 and 4.6.4."""
        if not lookups:
            return ()
        answers = yield lookups
        for answer in answers:
            if answer.status is Status.TEMPORARY:
                raise _Stopped(Result.TEMPERROR, f"DNS does not answer for {answer.name}")
            self._note(answer)
        self.spent.voids += sum(not answer.records for answer in answers)
        if self.spent.voids > MAX_VOID_LOOKUPS:
            problem = f"more than {MAX_VOID_LOOKUPS} look-ups that find nothing"
            raise _Stopped(Result.PERMERROR, problem)
        return answers

    def _note(self, answer: Answer) -> None:
        self.spent.authentic = self.spent.authentic and answer.authentic


def _is_name(name: str) -> bool:
    """Whether DNS can be asked for a name of more than one label. RFC 7208 section 4.3."""
    labels = name.removesuffix(".").split(".")
    return len(labels) > 1 and len(name) <= 254 and all(_LABEL.fullmatch(label) for label in labels)


def _is_within(name: str, domain: str) -> bool:
    name, domain = name.lower(), domain.lower().removesuffix(".")
    return name == domain or name.endswith("." + domain)


def _addresses(answer: Answer) -> list[IpAddress]:
    found: list[IpAddress] = []
    for record in answer.records:
        try:
            found.append(ip_address(record))
        except ValueError:
            continue
    return found


def _dotted(ip: IpAddress) -> str:
    """The `i` macro: of IPv6 every nibble by itself. RFC 7208 section 7.3."""
    return str(ip) if ip.version == 4 else ".".join(ip.exploded.replace(":", "").upper())


def _nearest(names: list[str], domain: str) -> str:
    """The `p` macro: the domain itself, else a name below it, else any. RFC 7208 section 7.3."""
    for wanted in (
        [name for name in names if name.lower() == domain.lower()],
        [name for name in names if _is_within(name, domain)],
        names,
    ):
        if wanted:
            return wanted[0]
    return _UNKNOWN
