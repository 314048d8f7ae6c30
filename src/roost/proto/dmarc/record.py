"""DMARC policy records as values. RFC 9989 sections 4.7 and 4.8, RFC 7489 section 6.3."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from roost.base.address import Address
from roost.base.errors import ProtocolError, ServiceError

MAX_RECORD_CHARACTERS = 16_384
MAX_URIS = 10
WHOLE_DAY = 86_400  # seconds

_VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):([^\s!,;]+)(?:!([0-9]{1,12})([kmgtKMGT]?))?")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_NUMBER = re.compile(r"[0-9]{1,10}")
_FAILURE_OPTIONS = re.compile(r"[01ds](?:[ \t]*:[ \t]*[01ds])*")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}

Word = TypeVar("Word", bound=Enum)


class RecordInvalid(ProtocolError):
    """The text is no policy record."""


class Policy(Enum):
    """What a domain asks to be done with mail that fails. RFC 9989 section 4.7, `p`."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"

    @property
    def weaker(self) -> "Policy":
        """One level below, as for a domain that is testing."""
        return Policy.QUARANTINE if self is Policy.REJECT else Policy.NONE


class Alignment(Enum):
    """How alike two domains have to be. RFC 9989 section 4.4."""

    RELAXED = "r"
    STRICT = "s"


class PublicSuffix(Enum):
    """What a record says of the place of its domain. RFC 9989 section 4.7, `psd`."""

    YES = "y"
    NO = "n"
    UNSAID = "u"


@dataclass(frozen=True, slots=True)
class ReportUri:
    """Where reports go.

    text: as the record has it, without a size. address: the mailbox, None where the URI is none
    of mail. max_octets: obsolete, of RFC 7489; None without a limit.
    """

    text: str
    address: Address | None = None
    max_octets: int | None = None


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """A record. What it leaves out, or garbles, has its default.

    subdomain_policy, missing_policy: `sp` and `np`, for domains below it that exist and that do
    not. aggregate, failure: where reports go. percent: `pct`, which RFC 9989 took away. is_usable:
    whether it counts as a policy; without a valid `p` and anywhere to send reports it does not.
    """

    policy: Policy = Policy.NONE
    subdomain_policy: Policy | None = None
    missing_policy: Policy | None = None
    dkim_alignment: Alignment = Alignment.RELAXED
    spf_alignment: Alignment = Alignment.RELAXED
    aggregate: tuple[ReportUri, ...] = ()
    failure: tuple[ReportUri, ...] = ()
    failure_options: tuple[str, ...] = ("0",)
    percent: int = 100
    is_testing: bool = False
    public_suffix: PublicSuffix = PublicSuffix.UNSAID
    interval: int = WHOLE_DAY
    is_usable: bool = True


def is_record(text: str) -> bool:
    """Whether a TXT record is one of DMARC, well made or not. RFC 9989 section 4.7, `v`.

    One of more than 16 KiB is taken for none.
    """
    return len(text) <= MAX_RECORD_CHARACTERS and _VERSION.match(text) is not None


def parse_record(text: str) -> PolicyRecord:
    """Read a record. Raises RecordInvalid where `is_record` does not hold.

    What cannot be read is left out, as RFC 9989 section 4.8 asks, a tag that is there twice too.
    Section 4.10.1 says what becomes of a policy that cannot be read.
    """
    if not is_record(text):
        raise RecordInvalid("it does not begin with v=DMARC1, or is too long")
    tags = _tags(text)
    aggregate = parse_uris(tags.get("rua", ""))
    policy = _word(Policy, tags.get("p"))
    others = [_word(Policy, tags.get(name)) for name in ("sp", "np")]
    is_valid = policy is not None and not any(
        name in tags and other is None for name, other in zip(("sp", "np"), others, strict=True)
    )
    subdomain_policy, missing_policy = others if is_valid else (None, None)
    return PolicyRecord(
        policy=policy if policy is not None and is_valid else Policy.NONE,
        subdomain_policy=subdomain_policy,
        missing_policy=missing_policy,
        dkim_alignment=_word(Alignment, tags.get("adkim")) or Alignment.RELAXED,
        spf_alignment=_word(Alignment, tags.get("aspf")) or Alignment.RELAXED,
        aggregate=aggregate,
        failure=parse_uris(tags.get("ruf", "")),
        failure_options=_failure_options(tags.get("fo", "")),
        percent=_number(tags.get("pct", ""), 100, 100),
        is_testing=tags.get("t", "").lower() == "y",
        public_suffix=_word(PublicSuffix, tags.get("psd")) or PublicSuffix.UNSAID,
        interval=_number(tags.get("ri", ""), WHOLE_DAY, 1 << 32),
        is_usable=is_valid or bool(aggregate),
    )


def spell_record(record: PolicyRecord) -> str:
    """The text of a record, to be published at _dmarc.DOMAIN; defaults are left out."""
    plain = PolicyRecord()
    tags = [("v", "DMARC1"), ("p", record.policy.value)]
    if record.subdomain_policy is not None:
        tags.append(("sp", record.subdomain_policy.value))
    if record.missing_policy is not None:
        tags.append(("np", record.missing_policy.value))
    for name, value, default in (
        ("adkim", record.dkim_alignment.value, plain.dkim_alignment.value),
        ("aspf", record.spf_alignment.value, plain.spf_alignment.value),
        ("rua", ",".join(map(_spell_uri, record.aggregate)), ""),
        ("ruf", ",".join(map(_spell_uri, record.failure)), ""),
        ("fo", ":".join(record.failure_options), ":".join(plain.failure_options)),
        ("pct", str(record.percent), "100"),
        ("t", "y" if record.is_testing else "n", "n"),
        ("psd", record.public_suffix.value, plain.public_suffix.value),
        ("ri", str(record.interval), str(WHOLE_DAY)),
    ):
        if value != default:
            tags.append((name, value))
    return "; ".join(f"{name}={value}" for name, value in tags)


def parse_uris(text: str) -> tuple[ReportUri, ...]:
    """The URIs of `rua` or `ruf` that can be read, at most ten. RFC 9989 section 4.6."""
    found = (_URI.fullmatch(piece.strip(" \t")) for piece in text.split(",", MAX_URIS)[:MAX_URIS])
    return tuple(uri for one in found if one and (uri := _uri(one)))


def _uri(found: re.Match[str]) -> ReportUri | None:
    scheme, rest, size, unit = found.groups()
    max_octets = int(size) * _UNITS[unit.lower()] if size else None
    text = f"{scheme}:{rest}"
    if scheme.lower() != "mailto":
        return ReportUri(text, None, max_octets)
    octets = _PERCENT.sub(
        lambda hexadecimal: bytes((int(hexadecimal[1], 16),)), rest.partition("?")[0].encode()
    )
    try:
        return ReportUri(text, Address.parse(octets.decode(errors="replace")), max_octets)
    except ServiceError:
        return None


def _spell_uri(uri: ReportUri) -> str:
    return uri.text if uri.max_octets is None else f"{uri.text}!{uri.max_octets}"


def _tags(text: str) -> dict[str, str]:
    """Tags in lower case and their values; those that are there twice or garbled are left out."""
    values: dict[str, str] = {}
    twice = set()
    for piece in text.split(";"):
        name, equals, value = piece.partition("=")
        name = name.strip(" \t").lower()
        if name in values:
            twice.add(name)
        if equals:
            values[name] = value.strip(" \t")
    return {name: "" if name in twice else value for name, value in values.items()}


def _word(words: type[Word], value: str | None) -> Word | None:
    try:
        return words((value or "").lower())
    except ValueError:
        return None


def _number(value: str, default: int, highest: int) -> int:
    if not _NUMBER.fullmatch(value) or int(value) > highest:
        return default
    return int(value)


def _failure_options(value: str) -> tuple[str, ...]:
    if not _FAILURE_OPTIONS.fullmatch(value.lower()):
        return ("0",)
    return tuple(dict.fromkeys(option.strip(" \t") for option in value.lower().split(":")))
