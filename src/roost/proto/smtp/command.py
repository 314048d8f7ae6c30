"""Commands as values, and a parser for each verb. RFC 5321 section 4.1.1."""

import binascii
import ipaddress
import re
from dataclasses import dataclass

import msgspec

from roost.base.address import Address, AddressInvalid
from roost.base.domain import DomainInvalid
from roost.proto.smtp.extension import Extensions
from roost.proto.smtp.parameter import (
    MAIL_PARAMETERS,
    RCPT_PARAMETERS,
    CommandError,
    Hold,
    parse_parameters,
)

MAX_NAME_CHARACTERS = 255  # RFC 5321 section 4.5.3.1.2

_VERB = re.compile(r"([A-Za-z]{4,16})(?: (.*))?", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
# One space after the colon is common; a source route counts for nothing (RFC 5321 section C).
_PATH = re.compile(r' ?<(?:@[^:<>"]*+:)?((?:[^"<>]++|"(?:[^"\\]++|\\.)*+")*+)>(?: (.*))?')
_BDAT = re.compile(r"([0-9]{1,20})(?: +(LAST))?", re.IGNORECASE)
_MECHANISM = re.compile(r"[A-Za-z0-9_-]{1,20}")


@dataclass(frozen=True, slots=True)
class Hello:
    """EHLO (extended) or HELO. name: a domain name or address literal, as the client wrote it."""

    name: str
    extended: bool = True


@dataclass(frozen=True, slots=True)
class StartTls:
    """STARTTLS. RFC 3207."""


@dataclass(frozen=True, slots=True)
class Auth:
    """AUTH. initial: the initial response, decoded; None when there was none. RFC 4954."""

    mechanism: str
    initial: bytes | None


class Mail(msgspec.Struct, frozen=True):
    """MAIL.

    reverse_path: None for the null reverse-path. size_octets: 0 when not said. body: "7BIT" or
    "8BITMIME". auth: None when not given, "" for <>. ret, envid: "" when not given.
    """

    reverse_path: Address | None
    size_octets: int = 0
    body: str = "7BIT"
    smtputf8: bool = False
    auth: str | None = None
    require_tls: bool = False
    hold: Hold | None = None
    ret: str = ""
    envid: str = ""


class Rcpt(msgspec.Struct, frozen=True):
    """RCPT.

    forward_path: None for <postmaster> without a domain (RFC 5321 section 4.5.1).
    notify: None when not given, empty for NEVER. orcpt: type and address.
    """

    forward_path: Address | None
    notify: frozenset[str] | None = None
    orcpt: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Bdat:
    """BDAT: so many octets of the message follow the line. RFC 3030 section 2."""

    size_octets: int
    last: bool = False


def split_line(line: bytes) -> tuple[str, str | None]:
    """Verb in upper case and argument of a command line, None without one.

    Raises CommandError (500) for what is no command: control characters, not UTF-8, no verb.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise CommandError(500, "5.5.2", "a command is ASCII or UTF-8") from None
    if not text.isprintable() and _has_control(text):
        raise CommandError(500, "5.5.2", "a command has no control characters")
    found = _VERB.fullmatch(text)
    if found is None:
        raise CommandError(500, "5.5.2", "this is no command")
    return found[1].upper(), found[2]


def _has_control(text: str) -> bool:
    """Whether there is a control character but TAB; other unprintable characters may be names."""
    return any((ch < " " and ch != "\t") or "\x7f" <= ch <= "\x9f" for ch in text)


def no_argument(verb: str, argument: str | None) -> None:
    """Refuse an argument where there is none to give. RFC 5321 section 4.3.2."""
    if argument is not None:
        raise CommandError(501, "5.5.4", f"{verb} takes no argument")


def parse_hello(verb: str, argument: str | None, *, any_name: bool) -> Hello:
    """Read the argument of EHLO or HELO. RFC 5321 sections 4.1.1.1 and 4.1.3.

    any_name: take whatever the client calls itself, as mail programs in homes say all sorts of
    things. Text after the name or address literal is ignored.
    """
    name, _, _ = (argument or "").strip(" ").partition(" ")
    if not any_name and not _is_host(name):
        raise CommandError(501, "5.5.4", f"{verb} needs a domain name or an address literal")
    return Hello(name[:MAX_NAME_CHARACTERS], extended=verb == "EHLO")


def _is_host(name: str) -> bool:
    if name.startswith("["):
        return is_address_literal(name)
    return len(name) <= MAX_NAME_CHARACTERS and _NAME.fullmatch(name) is not None


def is_address_literal(text: str) -> bool:
    """Whether text is `[192.0.2.1]` or `[IPv6:2001:db8::1]`. RFC 5321 section 4.1.3."""
    if not (text.startswith("[") and text.endswith("]")) or "%" in text:
        return False  # no zone: ipaddress would take any text behind a percent sign
    inside = text[1:-1]
    try:
        if inside[:5].lower() == "ipv6:":
            ipaddress.IPv6Address(inside[5:])
        else:
            ipaddress.IPv4Address(inside)
    except ValueError:
        return False
    return True


def parse_auth_command(argument: str | None) -> Auth:
    """Read the argument of AUTH; more than one space is tolerated. RFC 4954 section 4."""
    words = (argument or "").split()
    if not 1 <= len(words) <= 2 or not _MECHANISM.fullmatch(words[0]):
        raise CommandError(501, "5.5.4", "AUTH needs a mechanism and at most one response")
    initial = None
    if len(words) == 2:
        initial = b"" if words[1] == "=" else decode_base64(words[1].encode())
    return Auth(words[0].upper(), initial)


def decode_base64(octets: bytes) -> bytes:
    """Base64 as a client sent it; CommandError (501 5.5.2) when it is none. RFC 4648 section 4."""
    try:
        return binascii.a2b_base64(octets, strict_mode=True)
    except binascii.Error:
        raise CommandError(501, "5.5.2", "this is not base64") from None


def parse_mail(argument: str | None, extensions: Extensions) -> Mail:
    """Read the argument of MAIL. RFC 5321 section 4.1.1.2."""
    path, parameters = _path_and_parameters("MAIL", "FROM:", argument)
    fields = parse_parameters(parameters, MAIL_PARAMETERS, extensions) if parameters else {}
    if not path.isascii() and "smtputf8" not in fields:
        raise CommandError(550, "5.6.7", "an address beyond ASCII needs SMTPUTF8")
    return Mail(_parse_address(path, "5.1.7", 550) if path else None, **fields)


def parse_rcpt(argument: str | None, extensions: Extensions, *, smtputf8: bool) -> Rcpt:
    """Read the argument of RCPT. RFC 5321 section 4.1.1.3.

    smtputf8: whether MAIL had that parameter.
    """
    path, parameters = _path_and_parameters("RCPT", "TO:", argument)
    fields = parse_parameters(parameters, RCPT_PARAMETERS, extensions) if parameters else {}
    if not path.isascii() and not smtputf8:
        raise CommandError(553, "5.6.7", "an address beyond ASCII needs SMTPUTF8")
    if path.lower() == "postmaster":
        return Rcpt(None, **fields)
    return Rcpt(_parse_address(path, "5.1.3", 550), **fields)


def _path_and_parameters(verb: str, prefix: str, argument: str | None) -> tuple[str, str]:
    argument = argument or ""
    if argument[: len(prefix)].upper() != prefix:
        raise CommandError(501, "5.5.2", f"it is {verb} {prefix}<address>")
    found = _PATH.fullmatch(argument, len(prefix))
    if found is None:
        raise CommandError(501, "5.5.2", f"{verb} needs an address in angle brackets")
    return found[1], found[2] or ""


def _parse_address(path: str, status: str, literal_code: int) -> Address:
    """The address of a path. status: of a syntax error (RFC 3463 section 3.2)."""
    if path.endswith("]") and is_address_literal(path[path.rfind("@") + 1 :]):
        refused = "5.1.1" if status == "5.1.3" else status
        raise CommandError(literal_code, refused, "no mail for addresses at an IP address")
    try:
        return Address.parse(path)
    except (AddressInvalid, DomainInvalid) as error:
        raise CommandError(501, status, str(error)) from None


def parse_bdat(argument: str | None) -> Bdat:
    """Read the argument of BDAT. RFC 3030 section 2."""
    found = _BDAT.fullmatch(argument or "")
    if found is None:
        raise CommandError(501, "5.5.4", "BDAT needs a number of octets, then LAST or nothing")
    return Bdat(int(found[1]), last=found[2] is not None)
