"""The DKIM-Signature field as a value. RFC 6376 section 3.5."""

import re
from dataclasses import dataclass
from enum import Enum

from roost.base.domain import Domain, DomainInvalid
from roost.proto.dkim.canonical import BodyHash, Canonical
from roost.proto.dkim.tags import Tags, TagsInvalid, parse_tags

FIELD_NAME = b"dkim-signature"
# A field of a signature with a key of 16,384 bits and hundreds of signed fields has less.
MAX_FIELD_OCTETS = 16_384
MAX_NAME_OCTETS = 253

_FIELD_NAME = re.compile(r"[!-9;-~]+")
_B_VALUE = re.compile(rb"((?:\A[^:]*+:|;)[ \t\r\n]*+b[ \t\r\n]*+=)[^;]*+")
_QUERY = "dns/txt"


class Algorithm(Enum):
    """How a signature is made. RFC 6376 section 3.3, RFC 8463 section 3."""

    RSA_SHA1 = "rsa-sha1"
    RSA_SHA256 = "rsa-sha256"
    ED25519_SHA256 = "ed25519-sha256"

    @property
    def key_type(self) -> str:
        """As `k=` of a key record has it."""
        return self.value.partition("-")[0]

    @property
    def hash(self) -> str:
        """As `h=` of a key record has it."""
        return self.value.partition("-")[2]


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature, and what it signs.

    domain, selector: where its key is. octets, body_hash: of `b=` and `bh=`. fields: names of
    the signed fields, in lower case. identity: of `i=`, "" where the kind of signature has none.
    length: of `l=`, in octets of the canonical body. made, expires: seconds since 1970.
    """

    domain: str
    selector: str
    algorithm: Algorithm
    octets: bytes
    body_hash: bytes
    header_form: Canonical
    body_form: Canonical
    fields: tuple[bytes, ...]
    identity: str = ""
    length: int | None = None
    made: int | None = None
    expires: int | None = None

    @property
    def body(self) -> BodyHash:
        """The hash of the body that it speaks of."""
        return BodyHash(self.algorithm.hash, self.body_form, self.length)


def parse_signature(value: bytes) -> Signature:
    """Read the value of a DKIM-Signature field, folded or not.

    Raises TagsInvalid: a missing tag is told apart from what cannot be read. RFC 6376 section
    6.1.1 asks to be strict.
    """
    tags = parse_tags(text_of(value))
    if tags.text("v") != "1":
        raise TagsInvalid("its version is not 1", "v")
    signature = read_signature(tags, _identity(tags, tags.domain("d")))
    if b"from" not in signature.fields:
        raise TagsInvalid("it does not sign the From field", "h", missing=True)
    return signature


def read_signature(
    tags: Tags, identity: str = "", default_forms: str = "simple/simple"
) -> Signature:
    """The tags that DKIM and ARC have in common. Raises TagsInvalid. RFC 8617 section 4.1.2.

    default_forms: what stands for `c=` where it is not there.
    """
    if _QUERY not in (query.lower() for query in tags.names("q", _QUERY)):
        raise TagsInvalid(f"its key is not to be found by {_QUERY}", "q")
    header_form, body_form = _forms(tags, default_forms)
    domain, selector = place_of_key(tags)
    return Signature(
        domain=domain,
        selector=selector,
        algorithm=algorithm_of(tags),
        octets=_filled(tags, "b"),
        body_hash=_filled(tags, "bh"),
        header_form=header_form,
        body_form=body_form,
        fields=_field_names(tags),
        identity=identity,
        length=tags.number("l"),
        made=tags.number("t"),
        expires=_expiry(tags),
    )


def place_of_key(tags: Tags) -> tuple[str, str]:
    """Domain and selector. Raises TagsInvalid also if they are too long for a name of DNS."""
    domain, selector = tags.domain("d"), tags.selector("s")
    if len(selector) + len("._domainkey.") + len(domain) > MAX_NAME_OCTETS:
        raise TagsInvalid("the name of its key is too long", "s")
    return domain, selector


def text_of(value: bytes) -> str:
    """The value of a field as text. Raises TagsInvalid if it is too long or no UTF-8."""
    if len(value) > MAX_FIELD_OCTETS:
        raise TagsInvalid(f"it has more than {MAX_FIELD_OCTETS} octets")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise TagsInvalid("it is not UTF-8") from error


def algorithm_of(tags: Tags) -> Algorithm:
    """What `a=` says. Raises TagsInvalid for an algorithm that is not known."""
    try:
        return Algorithm(tags.text("a"))
    except ValueError as error:
        raise TagsInvalid("its algorithm is not known", "a") from error


def without_signature(field: bytes) -> bytes:
    """A whole field with the value of its `b=` taken out. RFC 6376 section 3.7."""
    return _B_VALUE.sub(rb"\1", field.removesuffix(b"\r\n"), count=1)


def _filled(tags: Tags, name: str) -> bytes:
    octets = tags.octets(name)
    if not octets:
        raise TagsInvalid(f"the tag {name}= is empty", name)
    return octets


def _forms(tags: Tags, default: str) -> tuple[Canonical, Canonical]:
    header, slash, body = tags.text("c", default).partition("/")
    try:
        return Canonical(header), Canonical(body if slash else "simple")
    except ValueError as error:
        raise TagsInvalid("its canonicalization is not known", "c") from error


def _field_names(tags: Tags) -> tuple[bytes, ...]:
    """Names in lower case. An empty one among them stands for a field that never is there."""
    names = tags.names("h")
    if not all(_FIELD_NAME.fullmatch(name) for name in names if name):
        raise TagsInvalid("the tag h= has what is no name of a field", "h")
    return tuple(name.lower().encode() for name in names)


def _identity(tags: Tags, domain: str) -> str:
    """`i=` with its domain in A-labels; it has to be within `d=`. RFC 6376 section 3.5."""
    if "i" not in tags:
        return "@" + domain
    local, at, name = tags.text("i").rpartition("@")
    if not at:
        raise TagsInvalid("the tag i= has no @", "i")
    try:
        within = Domain.parse(name)
    except DomainInvalid as error:
        raise TagsInvalid("the domain of i= is none", "i") from error
    if not within.is_within(Domain(domain, domain)):
        raise TagsInvalid("the domain of i= is not within d=", "i")
    return f"{local}@{within.ascii}"


def _expiry(tags: Tags) -> int | None:
    made, expires = tags.number("t"), tags.number("x")
    if made is not None and expires is not None and expires <= made:
        raise TagsInvalid("it expires before it is made", "x")
    return expires
