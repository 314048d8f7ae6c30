"""Parameters of MAIL and RCPT: one parser each. RFC 5321 section 4.1.2."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roost.base.errors import ProtocolError
from roost.proto.smtp.extension import Extensions
from roost.proto.smtp.reply import Reply

_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\x00-\x20=\x7f]+))?")
_XTEXT = re.compile(r"(?:[!-*,-<>-~\u0080-\U0010ffff]|\+[0-9A-F]{2})*")
_HEX = re.compile(r"\+([0-9A-F]{2})")
_SIZE = re.compile(r"[0-9]{1,20}")
_HOLD_FOR = re.compile(r"[0-9]{1,9}")
_HOLD_UNTIL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z")
_NOTIFY = frozenset({"SUCCESS", "FAILURE", "DELAY"})


class CommandError(ProtocolError):
    """A command cannot be taken as it was sent; `reply` is what to answer."""

    def __init__(self, code: int, status: str, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(code, status, text)


@dataclass(frozen=True, slots=True)
class Hold:
    """A wish to have the message held. RFC 4865 section 4.

    seconds or until: the one that was asked for. text: the parameter as sent, for reports.
    """

    text: str
    seconds: int | None = None
    until: datetime | None = None


Parser = Callable[[str, Extensions], object]


def parse_parameters(
    text: str, parsers: Mapping[str, tuple[str, Parser]], extensions: Extensions
) -> dict[str, Any]:
    """Read `KEY=value KEY ...` into fields of a command.

    parsers: what each keyword stands for, as (field, parser); two keywords of one field exclude
    each other. Raises CommandError: 501 for bad syntax, a bad value or one given twice, 555 for a
    keyword nobody knows (RFC 5321 section 4.1.1.11).
    """
    fields: dict[str, Any] = {}
    for word in text.split(" "):
        if not word:
            continue
        found = _PARAMETER.fullmatch(word)
        if found is None:
            raise CommandError(501, "5.5.4", "a parameter is KEYWORD or KEYWORD=value")
        keyword = found[1].upper()
        field, parse = parsers.get(keyword, ("", _unknown))
        if field in fields:
            raise CommandError(501, "5.5.4", f"{keyword} is given twice or with its opposite")
        fields[field] = parse(found[2] or "", extensions)
    return fields


def _unknown(_value: str, _extensions: Extensions) -> None:
    raise CommandError(555, "5.5.4", "parameter not recognised")


def _bad_value(keyword: str, wanted: str) -> CommandError:
    return CommandError(501, "5.5.4", f"{keyword} needs {wanted}")


def parse_size(value: str, extensions: Extensions) -> int:
    """SIZE: octets the message will have. RFC 1870 section 6."""
    if not _SIZE.fullmatch(value):
        raise _bad_value("SIZE", "a number of up to 20 digits")
    if int(value) > extensions.max_message_octets:
        raise CommandError(552, "5.3.4", too_large_text(extensions.max_message_octets))
    return int(value)


def too_large_text(max_octets: int) -> str:
    """What a peer is told whose message is too large."""
    return f"the message is larger than the {max_octets} octets allowed"


def parse_body(value: str, _extensions: Extensions) -> str:
    """BODY: 7BIT or 8BITMIME (RFC 6152 section 3). BINARYMIME (RFC 3030) is not offered."""
    body = value.upper()
    if body == "BINARYMIME":
        raise CommandError(555, "5.5.4", "BODY=BINARYMIME is not offered")
    if body not in ("7BIT", "8BITMIME"):
        raise _bad_value("BODY", "7BIT or 8BITMIME")
    return body


def parse_smtputf8(value: str, _extensions: Extensions) -> bool:
    """SMTPUTF8, without a value. RFC 6531 section 3.4."""
    if value:
        raise _bad_value("SMTPUTF8", "no value")
    return True


def parse_auth(value: str, _extensions: Extensions) -> str:
    """AUTH: who submitted it elsewhere, "" for nobody we trust. RFC 4954 section 5."""
    return "" if value == "<>" else parse_xtext(value, "AUTH", max_characters=500)


def parse_require_tls(value: str, extensions: Extensions) -> bool:
    """REQUIRETLS, without a value. RFC 8689 section 3."""
    if not extensions.require_tls:
        _unknown(value, extensions)
    if value:
        raise _bad_value("REQUIRETLS", "no value")
    return True


def parse_hold_for(value: str, extensions: Extensions) -> Hold:
    """HOLDFOR: seconds to hold the message. RFC 4865 section 4."""
    if (offered := extensions.future_release) is None:
        raise CommandError(555, "5.5.4", "parameter not recognised")
    if not _HOLD_FOR.fullmatch(value) or not 0 < int(value) <= offered.max_seconds:
        raise _bad_value("HOLDFOR", f"1 to {offered.max_seconds} seconds")
    return Hold(f"HOLDFOR={value}", seconds=int(value))


def parse_hold_until(value: str, extensions: Extensions) -> Hold:
    """HOLDUNTIL: a time in UTC to hold the message until. RFC 4865 section 4.

    Whether it has passed is for whoever has a clock.
    """
    if (offered := extensions.future_release) is None:
        raise CommandError(555, "5.5.4", "parameter not recognised")
    until = _utc_time(value)
    if until is None or until > offered.latest:
        raise _bad_value("HOLDUNTIL", f"a UTC time up to {offered.latest:%Y-%m-%dT%H:%M:%SZ}")
    return Hold(f"HOLDUNTIL={value}", until=until)


def _utc_time(value: str) -> datetime | None:
    if not value.isascii() or not _HOLD_UNTIL.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:  # the thirtieth of February
        return None


def parse_ret(value: str, extensions: Extensions) -> str:
    """RET: whether a report returns the FULL message or its HDRS. RFC 3461 section 4.3."""
    if not extensions.dsn:
        _unknown(value, extensions)
    ret = value.upper()
    if ret not in ("FULL", "HDRS"):
        raise _bad_value("RET", "FULL or HDRS")
    return ret


def parse_envid(value: str, extensions: Extensions) -> str:
    """ENVID: an identifier that reports repeat, decoded. RFC 3461 section 4.4."""
    if not extensions.dsn:
        _unknown(value, extensions)
    return parse_xtext(value, "ENVID", max_characters=100)


def parse_notify(value: str, extensions: Extensions) -> frozenset[str]:
    """NOTIFY: of what the sender wants to hear, empty for NEVER. RFC 3461 section 4.1."""
    if not extensions.dsn:
        _unknown(value, extensions)
    wishes = value.upper().split(",")
    if wishes == ["NEVER"]:
        return frozenset()
    if not _NOTIFY.issuperset(wishes) or len(set(wishes)) != len(wishes):
        raise _bad_value("NOTIFY", "NEVER or a list of SUCCESS, FAILURE and DELAY")
    return frozenset(wishes)


def parse_orcpt(value: str, extensions: Extensions) -> tuple[str, str]:
    """ORCPT: type and text of the recipient's first address. RFC 3461 section 4.2."""
    if not extensions.dsn:
        _unknown(value, extensions)
    kind, parted, address = value.partition(";")
    if not parted or not kind.isascii() or len(value) > 500:
        raise _bad_value("ORCPT", "an address type, a semicolon and an address in xtext")
    return kind.lower(), parse_xtext(address, "ORCPT", max_characters=500)


def parse_xtext(value: str, keyword: str, *, max_characters: int) -> str:
    """The text that xtext stands for. RFC 3461 section 4.

    A hexadecimal pair above 7F becomes "?": xtext holds ASCII, and what is not printable has
    no place in a report either.
    """
    if not value or len(value) > max_characters or not _XTEXT.fullmatch(value):
        raise _bad_value(keyword, f"xtext of up to {max_characters} characters")
    return _HEX.sub(lambda pair: _printable(int(pair[1], 16)), value)


def _printable(code: int) -> str:
    return chr(code) if 0x20 <= code <= 0x7E else "?"


MAIL_PARAMETERS: dict[str, tuple[str, Parser]] = {
    "SIZE": ("size_octets", parse_size),
    "BODY": ("body", parse_body),
    "SMTPUTF8": ("smtputf8", parse_smtputf8),
    "AUTH": ("auth", parse_auth),
    "REQUIRETLS": ("require_tls", parse_require_tls),
    "HOLDFOR": ("hold", parse_hold_for),
    "HOLDUNTIL": ("hold", parse_hold_until),
    "RET": ("ret", parse_ret),
    "ENVID": ("envid", parse_envid),
}

RCPT_PARAMETERS: dict[str, tuple[str, Parser]] = {
    "NOTIFY": ("notify", parse_notify),
    "ORCPT": ("orcpt", parse_orcpt),
}
