"""The ARC sets of a message, and whether they can be a chain. RFC 8617 sections 4 and 5.2."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from roost.base.errors import ProtocolError
from roost.proto.dkim.canonical import BodyHash
from roost.proto.dkim.header import Header
from roost.proto.dkim.signature import (
    MAX_FIELD_OCTETS,
    Algorithm,
    Signature,
    algorithm_of,
    place_of_key,
    read_signature,
    text_of,
)
from roost.proto.dkim.tags import Tags, TagsInvalid, parse_tags
from roost.proto.mime.comment import comment_end
from roost.proto.mime.header import Field

MAX_SETS = 50

AAR, AMS, SEAL = b"arc-authentication-results", b"arc-message-signature", b"arc-seal"
_FIELD_NAMES = (AAR, AMS, SEAL)

_BLANKS = re.compile(rb"[ \t\r\n]*+")
_INSTANCE = re.compile(rb"i[ \t\r\n]*+=[ \t\r\n]*+([0-9]{1,4})")
# What sealers mean who leave `c=` out, though RFC 8617 section 4.1.2 refers to DKIM, where it is
# simple: the public suite and those who made it agree on this.
_DEFAULT_FORMS = "relaxed/relaxed"
_NEVER_SEALED = frozenset((SEAL,))


class Status(Enum):
    """What a chain comes to, as `cv=` says it. RFC 8617 section 4.4."""

    NONE = "none"
    FAIL = "fail"
    PASS = "pass"  # noqa: S105 - a status


class ChainInvalid(ProtocolError):
    """The sets of a message are no chain; the text says why."""


@dataclass(frozen=True, slots=True)
class Seal:
    """An ARC-Seal. octets: of `b=`. made: seconds since 1970. RFC 8617 section 4.1.3."""

    domain: str
    selector: str
    algorithm: Algorithm
    octets: bytes
    status: Status
    made: int | None = None


@dataclass(frozen=True, slots=True)
class ArcSet:
    """The three fields that one server added, in the order in which they are sealed."""

    instance: int
    results: Field
    message: Field
    sealed: Field
    signature: Signature
    seal: Seal

    @property
    def fields(self) -> tuple[Field, Field, Field]:
        """The results, the signature of the message and the seal."""
        return self.results, self.message, self.sealed


@dataclass(frozen=True, slots=True)
class Chain:
    """What of ARC a message has.

    sets: oldest first, empty if they are no chain. problem: for people, why they are none.
    highest: the highest instance of all fields, 0 without any. is_failed: whether the last
    server that sealed it said that it had failed already.
    """

    sets: tuple[ArcSet, ...] = ()
    problem: str = ""
    highest: int = 0
    is_failed: bool = False

    @property
    def bodies(self) -> set[BodyHash]:
        """The hashes of the body that `verify_chain` will ask for."""
        signatures = (one.signature for one in self.sets)
        return {one.body for one in signatures if one.algorithm is not Algorithm.RSA_SHA1}


def read_chain(header: Header) -> Chain:
    """The chain of a message. Never raises: what is wrong with it is its problem.

    RFC 8617 section 5.2, steps 1 to 3.
    """
    found: dict[int, list[Field]] = {}
    problem = ""
    for name in _FIELD_NAMES:
        for field in header.fields(name):
            try:
                found.setdefault(_instance_of(header.value(field), name), []).append(field)
            except ProtocolError as error:
                problem = problem or f"{name.decode()}: {error.text}"
    if not found:
        return Chain(problem=problem)
    highest = max(found)
    is_failed = any(_says_failed(header, field) for field in found[highest])
    if not problem:
        try:
            return Chain(_sets(header, found), "", highest, is_failed)
        except ProtocolError as error:
            problem = error.text
    return Chain((), problem, highest, is_failed)


def _instance_of(value: bytes, name: bytes) -> int:
    """`i=`, which of results comes first and of the others is a tag like any."""
    if name != AAR:
        number = parse_tags(text_of(value)).number("i")
    else:
        found = _INSTANCE.match(value, _after_blanks(value, 0))
        end = _after_blanks(value, found.end()) if found else 0
        number = int(found[1]) if found and value[end : end + 1] == b";" else None
    if number is None or number < 1:
        raise ChainInvalid("its instance cannot be read")
    return number


def _after_blanks(value: bytes, at: int) -> int:
    """Where what follows blanks and comments begins."""
    if len(value) > MAX_FIELD_OCTETS * 4:
        raise ChainInvalid("it is too long")
    while True:
        blanks = _BLANKS.match(value, at)
        assert blanks is not None, "the pattern matches the empty string"
        at = blanks.end()
        if value[at : at + 1] != b"(":
            return at
        at = comment_end(value, at)


def _says_failed(header: Header, field: Field) -> bool:
    """Whether a field is a seal that says that the chain had failed. Section 5.2, step 2."""
    return field.name == SEAL and parse_tags(text_of(header.value(field))).text("cv", "") == "fail"


def _sets(header: Header, found: dict[int, list[Field]]) -> tuple[ArcSet, ...]:
    if max(found) > MAX_SETS:
        raise ChainInvalid(f"the chain has more than {MAX_SETS} sets")
    if sorted(found) != list(range(1, len(found) + 1)):
        raise ChainInvalid("an instance of the chain is missing")
    sets = tuple(_set(header, number, found[number]) for number in range(1, len(found) + 1))
    for one in sets:
        wanted = Status.NONE if one.instance == 1 else Status.PASS
        if one.seal.status is not wanted:
            raise ChainInvalid(f"the seal of instance {one.instance} says {one.seal.status.value}")
    return sets


def _set(header: Header, instance: int, fields: Sequence[Field]) -> ArcSet:
    if tuple(field.name for field in fields) != _FIELD_NAMES:
        raise ChainInvalid(f"instance {instance} has not one field of each kind")
    results, message, sealed = fields
    try:
        tags = parse_tags(text_of(header.value(message)))
        signature = read_signature(tags, default_forms=_DEFAULT_FORMS)
        seal = _read_seal(parse_tags(text_of(header.value(sealed))))
    except TagsInvalid as error:
        raise ChainInvalid(f"instance {instance}: {error.text}") from error
    if not _NEVER_SEALED.isdisjoint(signature.fields):
        raise ChainInvalid(f"instance {instance} signs a seal")
    return ArcSet(instance, results, message, sealed, signature, seal)


def _read_seal(tags: Tags) -> Seal:
    if "h" in tags:
        raise TagsInvalid("a seal has no tag h=", "h")
    try:
        status = Status(tags.text("cv"))
    except ValueError as error:
        raise TagsInvalid("the tag cv= is neither none, pass nor fail", "cv") from error
    octets = tags.octets("b")
    if not octets:
        raise TagsInvalid("the tag b= is empty", "b")
    domain, selector = place_of_key(tags)
    return Seal(domain, selector, algorithm_of(tags), octets, status, tags.number("t"))
