"""Reads roost.toml and says every problem at once, each with its line and how to mend it.

msgspec stops at the first error and tomllib keeps no lines, so values are converted leaf by leaf
and lines are found by table header and key.
"""

import difflib
import ipaddress
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin

import msgspec

from roost.base.domain import Domain, DomainInvalid
from roost.base.errors import ServiceError
from roost.config.dns import DnsConfig, may_be_believed, read_server
from roost.config.listeners import ListenerConfig
from roost.config.server import ServerConfig
from roost.config.setting import dec_hook
from roost.config.tls import TlsConfig
from roost.config.wording import say

S = TypeVar("S", bound=msgspec.Struct)
Path = tuple[str, ...]

_HEADER = re.compile(r"\s*\[+\s*([^\]#]+?)\s*\]+\s*(?:#.*)?")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=""")

_IMAP_LIMITS = (("imap", "message_limit"), ("imap", "save_limit"))
_ZONES = (("dns", "signed_zone"), ("dns", "bogus_zone"))
LOWEST_LIMIT = 1000  # RFC 9738 section 3
MOST_DNS_SECONDS = 60


class Problem(NamedTuple):
    """One thing wrong. line: 1 is the first; 0 where no line is to blame."""

    line: int
    text: str


@dataclass(eq=False)
class ConfigInvalid(ServiceError):
    """The file cannot be used; every problem is in `problems`."""

    code = "config_invalid"
    file: str
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return "\n".join(
            f"{self.file}:{line}: {text}" if line else f"{self.file}: {text}"
            for line, text in self.problems
        )


def read_config(text: str, file: str) -> ServerConfig:
    """The configuration that `text`, the content of `file`, describes; ConfigInvalid."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid(file, (_syntax_problem(error, text),)) from error
    reader = _Reader(find_lines(text))
    config = reader.struct(ServerConfig, table, ())
    reader.check_ports()
    if reader.problems or config is None:
        raise ConfigInvalid(file, tuple(sorted(set(reader.problems))))
    return config


def find_lines(text: str) -> dict[Path, int]:
    """The line of each table header and key, by path. Good enough to point a person at a place."""
    lines: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            table = _path(header[1])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(table + _path(key[1]), number)
    return lines


class _Reader:
    """Converts tables to structs and collects what is wrong."""

    def __init__(self, lines: Mapping[Path, int]) -> None:
        self._lines = lines
        self._listeners: dict[str, ListenerConfig] = {}
        self.problems: list[Problem] = []

    def struct(self, wanted: type[S], table: object, path: Path) -> S | None:
        """The struct that `table` describes, None when something in it is wrong."""
        if not isinstance(table, dict):
            self._wrong(path, f"{'.'.join(path)} is a table: write [{'.'.join(path)}]")
            return None
        before = len(self.problems)
        fields = {field.encode_name: field for field in msgspec.structs.fields(wanted)}
        for name in table.keys() - fields.keys():
            self._wrong((*path, name), _unknown(name, path, list(fields)))
        values = {
            name: self._value(field.type, table[name], (*path, name))
            for name, field in fields.items()
            if name in table
        }
        for name, field in fields.items():
            if field.required and name not in table:
                self._wrong(path, f"{'.'.join((*path, name))} is missing: {doc_of(field.type)}")
        if len(self.problems) > before:
            return None
        read = wanted(**values)
        self._check_struct(path, read)
        return read

    def check_ports(self) -> None:
        """What no single listener can tell; those that are right in themselves are compared."""
        for place, taken in _taken_twice(self._listeners):
            self._wrong(place, taken)

    def _value(self, wanted: Any, value: object, path: Path) -> Any:
        bare = _bare(wanted)
        if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
            return self.struct(bare, value, path)
        if get_origin(bare) is dict and isinstance(value, dict):
            inner = get_args(bare)[1]
            return {key: self._value(inner, item, (*path, key)) for key, item in value.items()}
        try:
            read = msgspec.convert(value, wanted, dec_hook=dec_hook)
        except msgspec.ValidationError as error:
            self._wrong(path, f"{'.'.join(path)}: {say(error, wanted)}")
            return None
        self._check_value(path, read)
        return read

    def _check_value(self, path: Path, value: Any) -> None:
        """What a type cannot tell."""
        if path[-1] == "hostname" and (value or path == ("hostname",)):
            self._check_name(path, value)
        elif path[-1] == "ips":
            for ip in value:
                self._check_ip(path, ip)
        elif path in _ZONES and value != ".":
            self._check_name(path, value)
        elif path == ("dns", "servers"):
            self._check_servers(path, value)
        elif path == ("dns", "timeout") and not 1 <= value.total_seconds() <= MOST_DNS_SECONDS:
            self._wrong(path, f"dns.timeout: it has to be from 1s to {MOST_DNS_SECONDS}s")
        elif path in _IMAP_LIMITS and 0 < value < LOWEST_LIMIT:
            self._wrong(path, f"{'.'.join(path)}: it has to be 0 or at least {LOWEST_LIMIT}")

    def _check_struct(self, path: Path, read: msgspec.Struct) -> None:
        if isinstance(read, ListenerConfig):
            self._listeners[path[-1]] = read
            if not read.services():
                said = f"listener {path[-1]} has no service: set a port, such as smtp = 25"
                self._wrong(path, said)
        if isinstance(read, TlsConfig) and bool(read.certificate) != bool(read.key):
            self._wrong(path, "certificate and key go together: set both or neither")
        if isinstance(read, DnsConfig):
            self._check_trust((*path, "trust_ad"), read)

    def _check_name(self, path: Path, name: str) -> None:
        try:
            Domain.parse(name)
        except DomainInvalid as error:
            self._wrong(path, f"{'.'.join(path)}: {error}")

    def _check_ip(self, path: Path, ip: str) -> None:
        try:
            ipaddress.ip_address(ip)
        except ValueError:
            self._wrong(path, f"{'.'.join(path)}: {ip!r} is no IP address, such as 192.0.2.1 or ::")

    def _check_servers(self, path: Path, servers: tuple[str, ...]) -> None:
        for server in servers:
            try:
                read_server(server)
            except ValueError as error:
                self._wrong(path, f"{'.'.join(path)}: {error}")

    def _check_trust(self, path: Path, read: DnsConfig) -> None:
        """A network between us and a resolver can say anything in its name."""
        local = [may_be_believed(server) for server in map(read_server, read.servers)]
        if read.trust_ad == "on" and local and not any(local):
            said = "only a resolver on 127.0.0.1 or ::1 can be believed, and servers has none"
            self._wrong(path, f"dns.trust_ad: {said}: add one, or leave trust_ad out")

    def _wrong(self, path: Path, text: str) -> None:
        at = path
        while at and at not in self._lines:
            at = at[:-1]
        self.problems.append(Problem(self._lines.get(at, 0), text))


def doc_of(wanted: Any) -> str:
    """The doc that stands with a field's type."""
    for meta in get_args(wanted)[1:] if get_origin(wanted) is Annotated else ():
        if isinstance(meta, msgspec.Meta) and meta.description:
            return meta.description
    return ""


def _taken_twice(listeners: Mapping[str, ListenerConfig]) -> Iterator[tuple[Path, str]]:
    taken: dict[tuple[str, int], str] = {}
    for name, listener in listeners.items():
        for service, port in listener.services().items():
            for ip in listener.ips:
                other = taken.setdefault((ip, port), f"listeners.{name}.{service}")
                if other != f"listeners.{name}.{service}":
                    place = ("listeners", name, service)
                    yield place, f"port {port} on {ip} is taken by {other} already"


def _bare(wanted: Any) -> Any:
    return get_args(wanted)[0] if get_origin(wanted) is Annotated else wanted


def _path(dotted: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _unknown(name: str, path: Path, known: list[str]) -> str:
    where = f"[{'.'.join(path)}]" if path else "the file"
    near = difflib.get_close_matches(name, known, 1)
    mend = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return f"{name} is no setting of {where}: {mend}"


def _syntax_problem(error: tomllib.TOMLDecodeError, text: str) -> Problem:
    found = re.search(r"\(at line (\d+), column \d+\)|\(at end of document\)", str(error))
    said = re.sub(r" \(at [^)]*\)$", "", str(error))
    line = int(found[1]) if found and found[1] else len(text.splitlines())
    return Problem(line, f"not TOML: {said}")
