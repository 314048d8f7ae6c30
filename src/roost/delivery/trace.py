"""Trace fields that go before a message: Delivered-To, Return-Path, Received.

RFC 5321 section 4.4, RFC 9228. Nothing a peer said reaches a field but in the form of a domain
name, an address literal or an address, so none can end a field or begin another.
"""

import re
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from roost.base.address import Address
from roost.ports.net import IpAddress, TlsFacts
from roost.proto.mime.date import format_date

MAX_LINE_CHARACTERS = 78  # RFC 5322 section 2.1.1

_DOMAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?")
_LITERAL = re.compile(r"\[(?:IPv6:)?[0-9A-Fa-f:.]{2,45}\]", re.IGNORECASE)
_NOT_ATOM = re.compile(r"[^A-Za-z0-9_.-]+")


class Hop(msgspec.Struct, frozen=True):
    """One transfer, from a client to us.

    helo: what the client called itself, whatever it was. extended: whether it said EHLO.
    peer: its address, None on a connection without one. hides_client: say neither, because the
    client is somebody's own machine (submission).
    recipient: the only one; None when there are several, as they may not know of each other.
    """

    hostname: str
    helo: str
    peer: IpAddress | None
    received_at: datetime
    connection_id: str
    extended: bool = True
    tls: TlsFacts | None = None
    authenticated: bool = False
    smtputf8: bool = False
    require_tls: bool = False
    hides_client: bool = False
    recipient: Address | None = None


def delivery_prefix(hop: Hop, reverse_path: Address | None, delivered_to: Address) -> bytes:
    """The trace fields of one recipient's copy, whole lines with CRLF."""
    return b"".join(
        (
            delivered_to_field(delivered_to),
            return_path_field(reverse_path),
            received_field(hop),
        )
    )


def return_path_field(reverse_path: Address | None) -> bytes:
    """Who sent it, as MAIL said. RFC 5321 section 4.4."""
    path = reverse_path.spell(smtputf8=reverse_path.needs_smtputf8) if reverse_path else ""
    return _fold(["Return-Path:", f"<{path}>"])


def delivered_to_field(address: Address) -> bytes:
    """Whom it was delivered to. RFC 9228."""
    return _fold(["Delivered-To:", address.spell(smtputf8=address.needs_smtputf8)])


def received_field(hop: Hop) -> bytes:
    """How it came here. RFC 5321 section 4.4; RFC 3848 and RFC 6531 name the protocol."""
    client = (hop.hostname,) if hop.hides_client else _client(hop.helo, hop.peer)
    words = ["Received:", "from", *client, "by", hop.hostname, "with", _protocol(hop)]
    if hop.require_tls:
        words.append("(requiretls)")  # RFC 8689 section 4.2.1
    if hop.tls is not None:
        words += [f"({_atom(hop.tls.version)}", f"{_atom(hop.tls.cipher)})"]
    if connection_id := _atom(hop.connection_id):
        words += ["id", connection_id]
    if hop.recipient is not None and (hop.smtputf8 or not hop.recipient.needs_smtputf8):
        words += ["for", f"<{hop.recipient.spell(smtputf8=hop.smtputf8)}>"]
    words[-1] += ";"
    moment = hop.received_at
    words.append(_date(moment.replace(microsecond=0), moment.utcoffset()))
    return _fold(words)


@lru_cache(maxsize=16)
def _date(moment: datetime, _offset: timedelta | None) -> str:
    """The date of many messages of one second. _offset: tells apart times that are equal."""
    return format_date(moment).decode("ascii")


@lru_cache(maxsize=256)
def _client(helo: str, peer: IpAddress | None) -> tuple[str, ...]:
    """The client's name, and its address as we saw it."""
    literal = _address_literal(peer)
    if _is_host(helo):
        return (helo, f"({literal})") if literal else (helo,)
    return (literal, f"({literal})") if literal else ("unknown",)


def _is_host(name: str) -> bool:
    if _LITERAL.fullmatch(name):
        return True
    labels = name.removesuffix(".").split(".")
    return len(name) <= 255 and all(_DOMAIN.fullmatch(label) for label in labels)


def _address_literal(ip: IpAddress | None) -> str:
    """RFC 5321 section 4.1.3."""
    if ip is None:
        return ""
    text = str(ip).partition("%")[0]
    return f"[{text}]" if ip.version == 4 else f"[IPv6:{text}]"


def _protocol(hop: Hop) -> str:
    """RFC 3848: the letters have a meaning with EHLO only."""
    if not hop.extended:
        return "SMTP"
    secured = ("S" if hop.tls is not None else "") + ("A" if hop.authenticated else "")
    return ("UTF8SMTP" if hop.smtputf8 else "ESMTP") + secured


def _atom(text: str) -> str:
    return _NOT_ATOM.sub("", text)


def _fold(words: list[str]) -> bytes:
    """Words parted by spaces; a line is broken before the word that makes it too long."""
    room = MAX_LINE_CHARACTERS + 1
    text, size = "", 0
    for word in words:
        size += 1 + len(word)
        if size <= room:
            text += f" {word}"
        else:
            text += f"\r\n\t{word}"
            size = 2 + len(word)
    return (text[1:] + "\r\n").encode()
