"""Domain names in A-label and U-label form. RFC 5890, RFC 5891."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import idna

from roost.base.errors import ServiceError

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_ALL_DIGITS = re.compile(r"[0-9]+")
_REMEMBERED = 1024  # a server meets few domains, each of them again and again


@dataclass(eq=False)
class DomainInvalid(ServiceError):
    """The text is no domain name; `reason` says why."""

    code = "domain_invalid"
    reason: str

    def __str__(self) -> str:
        return f"not a domain name: {self.reason}"


@dataclass(frozen=True, slots=True, order=True)
class Domain:
    """A domain name. Equal when the A-label forms are.

    ascii: lower-case A-labels, as it goes over the wire.
    unicode: U-labels in NFC, as people read it; the same as `ascii` for an ASCII name.
    """

    ascii: str
    unicode: str

    @classmethod
    def parse(cls, text: str) -> "Domain":
        """Read a name in either form, with or without a last dot.

        Underscores are allowed in ASCII labels: MX targets in the wild have them.
        Raises DomainInvalid for an empty name, an address literal, a bad label, over 253 octets.
        """
        return _parse(text)

    def __str__(self) -> str:
        return self.unicode

    def is_within(self, other: "Domain") -> bool:
        """Whether this is `other` or a name below it."""
        return self.ascii == other.ascii or self.ascii.endswith("." + other.ascii)


@lru_cache(maxsize=_REMEMBERED)
def _parse(text: str) -> Domain:
    name = unicodedata.normalize("NFC", text).removesuffix(".")
    if not name:
        raise DomainInvalid("it is empty")
    ascii_form = name.lower() if name.isascii() else _to_ascii(name)
    if len(ascii_form) > 253:
        raise DomainInvalid("it has more than 253 octets")
    labels = ascii_form.split(".")
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise DomainInvalid(
                "a label has 1 to 63 letters, digits or hyphens, none of these at an end"
                if label
                else "a label is empty"
            )
    if _ALL_DIGITS.fullmatch(labels[-1]):
        raise DomainInvalid("it looks like an IP address")
    if "xn--" not in ascii_form:
        return Domain(ascii_form, ascii_form)
    return Domain(ascii_form, _to_unicode(ascii_form))


def _to_ascii(name: str) -> str:
    try:
        return idna.encode(name, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise DomainInvalid("it breaks the rules for international names") from error


def _to_unicode(name: str) -> str:
    try:
        return unicodedata.normalize("NFC", idna.decode(name))
    except (idna.IDNAError, UnicodeError) as error:
        raise DomainInvalid("an xn-- label stands for no international name") from error
