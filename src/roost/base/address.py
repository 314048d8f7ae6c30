"""Mail addresses: local part and domain, parsed and spelled. RFC 5321 section 4.1.2, RFC 6531."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from roost.base.domain import Domain
from roost.base.errors import ServiceError

MAX_LOCALPART_OCTETS = 128  # RFC 5321 section 4.5.3.1.1 asks for 64; longer ones are in use
MAX_ADDRESS_OCTETS = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets

_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff"
_DOT_STRING = re.compile(rf"[{_ATEXT}]+(?:\.[{_ATEXT}]+)*")
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~\u0080-\U0010ffff]|\\[ -~])*)"')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TO_ESCAPE = re.compile(r'(["\\])')
# What nearly every address looks like: ASCII, not quoted.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@([A-Za-z0-9_.-]+)")


@dataclass(eq=False)
class AddressInvalid(ServiceError):
    """The text is no mail address; `reason` says why."""

    code = "address_invalid"
    reason: str

    def __str__(self) -> str:
        return f"not a mail address: {self.reason}"


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A mail address.

    local: the local part as meant, not as spelled: without quotes and escapes, in NFC, spaces kept
    one by one, so that `" "@d` and `"  "@d` are two addresses.
    """

    local: str
    domain: Domain

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `local@domain` as RFC 5321 and RFC 6531 spell it, quoted local parts included.

        Raises AddressInvalid, also for address literals, and DomainInvalid.
        """
        if len(text) <= MAX_LOCALPART_OCTETS and "--" not in text:
            plain = _PLAIN.fullmatch(text)
            if plain is not None:  # it means what it says, and is short enough in every form
                return cls(plain[1], Domain.parse(plain[2]))
        text = unicodedata.normalize("NFC", text)
        spelled, parted, domain = _split(text)
        if not parted:
            raise AddressInvalid("it has no @")
        local = parse_localpart(spelled)
        if domain.startswith("["):
            raise AddressInvalid("its domain is an IP address")
        address = cls(local, Domain.parse(domain))
        if len(address.spell(smtputf8=True).encode()) > MAX_ADDRESS_OCTETS:
            raise AddressInvalid(f"it has more than {MAX_ADDRESS_OCTETS} octets")
        return address

    def __str__(self) -> str:
        return f"{spell_localpart(self.local)}@{self.domain.unicode}"

    def spell(self, *, smtputf8: bool) -> str:
        """The address as it goes over the wire: the domain in A-labels unless smtputf8."""
        domain = self.domain.unicode if smtputf8 else self.domain.ascii
        return f"{spell_localpart(self.local)}@{domain}"

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only RFC 6531 can carry it: the local part is not ASCII."""
        return not self.local.isascii()


def parse_localpart(spelled: str) -> str:
    """The local part that `spelled`, a dot-string or quoted string, means; AddressInvalid."""
    if quoted := _QUOTED.fullmatch(spelled):
        local = _ESCAPED.sub(r"\1", quoted[1])
    elif _DOT_STRING.fullmatch(spelled):
        local = spelled
    else:
        raise AddressInvalid("the part before the @ needs quotes, or has a character none allow")
    if any(ch.isspace() and ch != " " for ch in local) or not local.isprintable():
        raise AddressInvalid("the part before the @ has a control character")
    if len(local.encode()) > MAX_LOCALPART_OCTETS:
        raise AddressInvalid(f"the part before the @ has more than {MAX_LOCALPART_OCTETS} octets")
    return unicodedata.normalize("NFC", local)


def spell_localpart(local: str) -> str:
    """Spell a local part, with quotes only where RFC 5321 section 4.1.2 asks for them."""
    if _DOT_STRING.fullmatch(local):
        return local
    return '"' + _TO_ESCAPE.sub(r"\\\1", local) + '"'


def canonical_localpart(local: str, *, separators: Sequence[str], case_sensitive: bool) -> str:
    """The local part that mail for `local` is looked up by.

    Cut at the first occurrence of each separator in turn, if something stands before it; lower-case
    unless case_sensitive.
    """
    for separator in separators:
        at = local.find(separator) if separator else -1
        if at > 0:
            local = local[:at]
    return local if case_sensitive else unicodedata.normalize("NFC", local.lower())


def _split(text: str) -> tuple[str, str, str]:
    """Cut at the @ after the local part; one inside quotes does not count."""
    if text.startswith('"'):
        quoted = _QUOTED.match(text)
        if quoted is None:
            raise AddressInvalid("its quotes are never closed")
        rest = text[quoted.end() :]
        return quoted[0], rest[:1] if rest.startswith("@") else "", rest[1:]
    return text.partition("@")
