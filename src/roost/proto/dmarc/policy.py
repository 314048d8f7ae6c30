"""The DNS tree walk: which policy is for a domain, and to which organisation it belongs.

RFC 9989 section 4.10, which took the place of the public suffix list of RFC 7489.
"""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from roost.base.lookup import Answer, Lookup, Status
from roost.proto.dmarc.record import Policy, PolicyRecord, PublicSuffix, is_record, parse_record

T = TypeVar("T")
Asking = Generator[tuple[Lookup, ...], tuple[Answer, ...], T]

MAX_WALK = 8
MAX_NAME_OCTETS = 253


@dataclass(frozen=True, slots=True)
class Step:
    """One place of a walk. record: None without a record that counts.

    is_unknown: the look-up failed for the moment. is_broken: there is a record, but none that
    can be a policy.
    """

    domain: str
    record: PolicyRecord | None = None
    is_unknown: bool = False
    is_broken: bool = False
    authentic: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk from a domain up to the root. steps: up to where it ends, longest name first."""

    steps: tuple[Step, ...]

    @property
    def domain(self) -> str:
        """Where it began."""
        return self.steps[0].domain

    @property
    def is_unknown(self) -> bool:
        """Whether a look-up failed, so that what the walk says may not be so."""
        return any(step.is_unknown for step in self.steps)

    def organization(self) -> str:
        """The organisational domain. RFC 9989 section 4.10.2."""
        found = [step for step in self.steps if step.record is not None]
        for step in found:
            assert step.record is not None, "only these are looked at"
            if step.record.public_suffix is PublicSuffix.NO:
                return step.domain
            if step.record.public_suffix is PublicSuffix.YES and step.domain != self.domain:
                return _one_label_below(step.domain, self.domain)
        return found[-1].domain if found else self.domain

    def policy(self) -> Step | None:
        """Where the policy for the domain is: its own, of its organisation, of a public suffix.

        None if there is none. RFC 9989 section 4.10.1.
        """
        organization = self.organization()
        places = {step.domain: step for step in self.steps if step.record is not None}
        if own := places.get(self.domain) or places.get(organization):
            return own
        return next(iter(reversed(places.values())), None)


@dataclass(frozen=True, slots=True)
class Discovered:
    """The policy for a domain.

    walk: how it was found. place: where, None without one. policy: what is asked for this very
    domain, before testing and percentages. tag: "p", "sp" or "np", which said so.
    """

    walk: Walk
    place: Step | None = None
    policy: Policy = Policy.NONE
    tag: str = ""


def names_of_walk(domain: str) -> tuple[str, ...]:
    """The domains that are asked for a record, at most eight. RFC 9989 section 4.10."""
    labels = domain.split(".")
    rest = labels[-(MAX_WALK - 1) :] if len(labels) >= MAX_WALK else labels[1:]
    return domain, *(".".join(rest[number:]) for number in range(len(rest)))


def walk_trees(domains: Iterable[str]) -> Asking[Mapping[str, Walk]]:
    """Walk from each of these domains, in A-labels and lower case; all look-ups run at once."""
    walks = {domain: names_of_walk(domain) for domain in domains}
    names = dict.fromkeys(name for walk in walks.values() for name in walk)
    questions = tuple(_question(name) for name in names if len(name) <= MAX_NAME_OCTETS - 7)
    answers = yield questions if questions else ()
    steps = {
        question.name: _step(question.name.removeprefix("_dmarc."), answer)
        for question, answer in zip(questions, answers, strict=True)
    }
    return {
        domain: Walk(tuple(_until_end(steps.get(f"_dmarc.{name}", Step(name)) for name in walk)))
        for domain, walk in walks.items()
    }


def discover(domain: str) -> Asking[Discovered]:
    """Find the policy for an author domain, in A-labels and lower case."""
    walk = (yield from walk_trees((domain,)))[domain]
    place = walk.policy()
    if place is None or place.record is None:
        return Discovered(walk)
    record = place.record
    if place.domain == domain:
        return Discovered(walk, place, record.policy, "p")
    if record.missing_policy is not None:
        # RFC 9989 section 3.2.13: only NXDOMAIN means that a domain is not there.
        (answer,) = yield (Lookup(domain, "A"),)
        if answer.status is Status.NXDOMAIN:
            return Discovered(walk, place, record.missing_policy, "np")
    if record.subdomain_policy is not None:
        return Discovered(walk, place, record.subdomain_policy, "sp")
    return Discovered(walk, place, record.policy, "p")


def _question(domain: str) -> Lookup:
    return Lookup(f"_dmarc.{domain}", "TXT")


def _step(domain: str, answer: Answer) -> Step:
    if answer.status is Status.TEMPORARY:
        return Step(domain, is_unknown=True)
    records = [text for text in answer.records if is_record(text)]
    if len(records) != 1:
        return Step(domain)
    record = parse_record(records[0])
    if not record.is_usable:
        return Step(domain, is_broken=True)
    return Step(domain, record, authentic=answer.authentic)


def _until_end(steps: Iterable[Step]) -> Iterable[Step]:
    """Up to the record that says where the organisation is. RFC 9989 section 4.10, steps 2, 6."""
    for step in steps:
        yield step
        if step.record is not None and step.record.public_suffix is not PublicSuffix.UNSAID:
            return


def _one_label_below(suffix: str, domain: str) -> str:
    below = domain.removesuffix("." + suffix).rpartition(".")[2]
    return f"{below}.{suffix}"
