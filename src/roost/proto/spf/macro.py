"""Macros in SPF records and explanations. RFC 7208 section 7."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_NAME_OCTETS = 253

_DELIMITERS = ".-+,/_="
_MACRO = re.compile(
    r"%(?:(?P<escape>[%_-])|\{(?P<letter>[SLODIPHCRTVslodiphcrtv])(?P<count>[0-9]{0,3})"
    r"(?P<reverse>[Rr]?)(?P<delimiters>[.+,/_=-]*)\})"
)
_LITERAL = re.compile(r"[\x21-\x24\x26-\x7e]+")
_LITERAL_OR_SPACE = re.compile(r"[\x20-\x24\x26-\x7e]+")
_ESCAPES = {"%": "%", "_": " ", "-": "%20"}
# A domain ends in a label that is not all of digits, or in a macro. RFC 7208 section 7.1.
_DOMAIN_END = re.compile(
    r".*(?:\.(?:[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*|[A-Za-z0-9]+-[A-Za-z0-9-]*[A-Za-z0-9])\.?"
    r"|%(?:[%_-]|\{[^}]*\}))",
    re.DOTALL,
)
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ONLY_EXPLAINED = frozenset("crt")


@dataclass(frozen=True, slots=True)
class Macro:
    """One macro with its transformers.

    count: how many of the rightmost parts are kept, 0 for all. escaped: for a URL.
    """

    letter: str
    count: int
    reverse: bool
    delimiters: str
    escaped: bool


@dataclass(frozen=True, slots=True)
class MacroString:
    """Literal text and macros in their order."""

    parts: tuple[str | Macro, ...]

    def letters(self) -> frozenset[str]:
        """Which macros it has, lower case: `p` costs lookups, so they are made only for it."""
        return frozenset(part.letter for part in self.parts if isinstance(part, Macro))

    def expand(self, values: Mapping[str, str]) -> str:
        """The text with `values`, by letter, in place. RFC 7208 section 7.3."""
        return "".join(
            part if isinstance(part, str) else _transform(part, values[part.letter])
            for part in self.parts
        )

    def expand_name(self, values: Mapping[str, str]) -> str:
        """As `expand`, without a last dot, cut from the left to what DNS takes. Section 7.3."""
        name = self.expand(values).removesuffix(".")
        while len(name) > MAX_NAME_OCTETS:
            _, dot, name = name.partition(".")
            if not dot:
                break
        return name


def parse_macros(text: str, *, explanation: bool = False) -> MacroString | None:
    """Read a macro-string; None when it breaks the grammar.

    explanation: of a text for people, which may have spaces and the macros c, r and t.
    """
    literal = _LITERAL_OR_SPACE if explanation else _LITERAL
    parts: list[str | Macro] = []
    at = 0
    while at < len(text):
        if found := literal.match(text, at):
            parts.append(found[0])
        elif found := _MACRO.match(text, at):
            part = _part_of(found)
            if part is None or _is_misplaced(part, explanation=explanation):
                return None
            parts.append(part)
        else:
            return None
        at = found.end()
    return MacroString(tuple(parts))


def is_domain_spec(text: str) -> bool:
    """Whether a macro-string is one that makes a domain name. RFC 7208 section 7.1."""
    return _DOMAIN_END.fullmatch(text) is not None


def _is_misplaced(part: str | Macro, *, explanation: bool) -> bool:
    return isinstance(part, Macro) and part.letter in _ONLY_EXPLAINED and not explanation


def _part_of(found: re.Match[str]) -> str | Macro | None:
    if found["escape"]:
        return _ESCAPES[found["escape"]]
    count = int(found["count"]) if found["count"] else 0
    if found["count"] and count == 0:
        return None
    letter = found["letter"]
    delimiters = found["delimiters"] or "."
    return Macro(letter.lower(), count, bool(found["reverse"]), delimiters, letter.isupper())


def _transform(macro: Macro, value: str) -> str:
    """Split, reverse, keep the rightmost, join with dots. RFC 7208 section 7.3."""
    if macro.count or macro.reverse or macro.delimiters != ".":
        parts = re.split(f"[{re.escape(macro.delimiters)}]", value)
        if macro.reverse:
            parts.reverse()
        value = ".".join(parts[-macro.count :] if macro.count else parts)
    return _escape(value) if macro.escaped else value


def _escape(text: str) -> str:
    """RFC 3986 section 2: all but unreserved characters as %XX."""
    return "".join(
        chr(octet) if chr(octet) in _UNRESERVED else f"%{octet:02X}"
        for octet in text.encode("utf-8", "surrogateescape")
    )
