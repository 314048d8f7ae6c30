"""The Authentication-Results field: what a server found out about a message. RFC 8601."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from roost.base.domain import Domain, DomainInvalid
from roost.base.errors import ProtocolError
from roost.proto.mime.comment import comment_end, unescape
from roost.proto.mime.header import Field, field_finder, parse_fields, unfold

FIELD_NAME = b"authentication-results"
MAX_RESULTS = 100
MAX_PROPERTIES = 100
MAX_FIELD_OCTETS = 65_536
LINE_OCTETS = 78

_FINDER = field_finder((FIELD_NAME,))
_BLANKS = re.compile(rb"[ \t\r\n]*+")
_KEYWORD = re.compile(rb"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")
_VERSION = re.compile(rb"[0-9]{1,9}(?![^ \t\r\n;(])")
_METHOD_VERSION = re.compile(rb"[0-9]{1,9}")
_TOKEN = re.compile(rb'[^ \t\r\n;()"\x00-\x1f\x7f]++')
_QUOTED = re.compile(rb'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_DOMAIN = re.compile(rb'@[^ \t\r\n;()"\x00-\x1f\x7f]++')
# What needs no quotes: a token of MIME, or an address or domain of plain characters.
_PLAIN = re.compile(r"(?:[A-Za-z0-9!#$%&'*+.^_`{|}~-]*@)?[A-Za-z0-9!#$%&'*+.^_`{|}~-]+")


class AuthResultsInvalid(ProtocolError):
    """The field cannot be read."""


@dataclass(frozen=True, slots=True)
class Property:
    """What was looked at, such as "header", "from" and its value. RFC 8601 section 2.3."""

    kind: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What one method came to, such as "spf" and "pass".

    comment: for people, of no meaning; the one behind the result. reason: for people too, in a
    place of its own.
    """

    method: str
    result: str
    comment: str = ""
    reason: str = ""
    properties: tuple[Property, ...] = ()
    version: int = 1

    def value(self, kind: str, name: str) -> str:
        """The first value of a property, "" if there is none."""
        return next(
            (one.value for one in self.properties if (one.kind, one.name) == (kind, name)), ""
        )


@dataclass(frozen=True, slots=True)
class AuthResults:
    """The results of one server. No results are spelled `none`: nothing was looked at."""

    authserv_id: str
    results: tuple[MethodResult, ...] = ()
    version: int = 1


def parse_auth_results(value: bytes) -> AuthResults:
    """Read the value of a field, folded or not.

    Names of methods, results and properties are in lower case. At most 100 results with 100
    properties each are read. Raises AuthResultsInvalid. RFC 8601 section 2.2.
    """
    scanner = _Scanner(value)
    authserv_id, version = scanner.server()
    results: list[MethodResult] = []
    while len(results) < MAX_RESULTS and scanner.next_result():
        one = scanner.result()
        if one is not None:
            results.append(one)
    return AuthResults(authserv_id, tuple(results), version)


def spell_auth_results(found: AuthResults) -> bytes:
    """The whole field, folded, with its CRLF. Nothing of a stranger's in it can end the field."""
    return f"Authentication-Results: {fold_results(found)}\r\n".encode()


def fold_results(found: AuthResults) -> str:
    """The value of a field, a line or more for each result."""
    server = _value(found.authserv_id) + (f" {found.version}" if found.version != 1 else "")
    if not found.results:
        return f"{server}; none"
    lines = [server + ";"]
    for number, one in enumerate(found.results, 1):
        pieces = _pieces(one)
        if number < len(found.results):
            pieces[-1] += ";"
        line = "\t" + pieces[0]
        for piece in pieces[1:]:
            if len(line) + 1 + len(piece) > LINE_OCTETS:
                lines.append(line)
                line = "\t\t" + piece
            else:
                line += " " + piece
        lines.append(line)
    return "\r\n".join(lines)


def fields_of_server(octets: bytes, authserv_ids: Collection[str]) -> list[Field]:
    """The fields of a message that claim to be written by one of these servers.

    octets: with the header in front. Also those whose server cannot be told, because a reader
    may be more lenient than we are. Nobody but us may write them: on the border they are to be
    taken out or hidden. RFC 8601 section 5.
    """
    ours = {_comparable(one) for one in authserv_ids}
    return [
        field
        for field in parse_fields(octets, max_fields=100_000, only=_FINDER)
        if field.name == FIELD_NAME and _may_be_of(octets[field.value_start : field.end], ours)
    ]


def _may_be_of(value: bytes, ours: set[str]) -> bool:
    try:
        return _comparable(_Scanner(value).server()[0]) in ours
    except AuthResultsInvalid:
        return True


def _comparable(authserv_id: str) -> str:
    try:
        return Domain.parse(authserv_id).ascii
    except DomainInvalid:
        return authserv_id.casefold()


class _Scanner:
    """Goes through a value from left to right, over comments and folds."""

    def __init__(self, value: bytes) -> None:
        if len(value) > MAX_FIELD_OCTETS:
            raise AuthResultsInvalid(f"the field has more than {MAX_FIELD_OCTETS} octets")
        self._value = value
        self._at = 0
        self._comment = b""

    def server(self) -> tuple[str, int]:
        """The server and the version of the syntax."""
        authserv_id = self._word()
        version = self._take(_VERSION)
        if self._peek() not in (b";", b""):
            raise self._unreadable()
        return authserv_id, int(version or 1)

    def next_result(self) -> bool:
        """Go over the semicolon in front of a result; False at the end."""
        while self._peek() == b";":
            self._at += 1
        return bool(self._peek())

    def result(self) -> MethodResult | None:
        """A result with its properties; None for the word that says there is none."""
        method = self._keyword()
        version = 1
        if self._take_octet(b"/"):
            version = int(self._take(_METHOD_VERSION) or self._fail())
        if not self._take_octet(b"="):
            if method == "none" and self._peek() in (b";", b""):
                return None
            raise self._unreadable()
        result = self._keyword()
        self._comment = b""
        self._peek()
        comment = self._comment
        reason, properties = "", list[Property]()
        while self._peek() not in (b";", b""):
            kind = self._keyword()
            if kind == "reason" and self._take_octet(b"="):
                reason = self._word()
                continue
            properties.append(self._property(kind))
            if len(properties) > MAX_PROPERTIES:
                raise self._unreadable()
        text = unfold(unescape(comment)).decode(errors="replace")
        return MethodResult(method, result, text, reason, tuple(properties), version)

    def _property(self, kind: str) -> Property:
        if not self._take_octet(b"."):
            raise self._unreadable()
        name = self._keyword()
        if not self._take_octet(b"="):
            raise self._unreadable()
        return Property(kind, name, self._word())

    def _keyword(self) -> str:
        return (self._take(_KEYWORD) or self._fail()).decode().lower()

    def _word(self) -> str:
        """A value: quoted or not, with a domain behind it if it is an address."""
        self._peek()
        if quoted := _QUOTED.match(self._value, self._at):
            self._at = quoted.end()
            word = unfold(unescape(quoted[1]))
            if domain := _DOMAIN.match(self._value, self._at):
                self._at = domain.end()
                word += domain[0]
            return word.decode(errors="replace")
        return (self._take(_TOKEN) or self._fail()).decode(errors="replace")

    def _take(self, pattern: re.Pattern[bytes]) -> bytes | None:
        self._peek()
        found = pattern.match(self._value, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found[0]

    def _take_octet(self, octet: bytes) -> bool:
        if self._peek() != octet:
            return False
        self._at += 1
        return True

    def _peek(self) -> bytes:
        """The next octet behind folds and comments, the first of which is remembered."""
        while True:
            blanks = _BLANKS.match(self._value, self._at)
            assert blanks is not None, "the pattern matches the empty string"
            self._at = blanks.end()
            if self._value[self._at : self._at + 1] != b"(":
                return self._value[self._at : self._at + 1]
            end = comment_end(self._value, self._at)
            self._comment = self._comment or self._value[self._at + 1 : end - 1]
            self._at = end

    def _fail(self) -> bytes:
        raise self._unreadable()

    def _unreadable(self) -> AuthResultsInvalid:
        return AuthResultsInvalid("the results cannot be read", self._at)


def _pieces(one: MethodResult) -> list[str]:
    """A result in pieces between which the field may be folded."""
    method = one.method if one.version == 1 else f"{one.method}/{one.version}"
    pieces = [f"{method}={one.result}"]
    if comment := "".join(
        char for char in one.comment if char.isprintable() and char not in "()\\"
    ):
        pieces.append(f"({comment})")
    if one.reason:
        pieces.append(f"reason={_quoted(one.reason)}")
    pieces += [f"{part.kind}.{part.name}={_value(part.value)}" for part in one.properties]
    return pieces


def _value(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    plain = "".join(char for char in text if char.isprintable())
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
