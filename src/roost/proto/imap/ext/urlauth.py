"""URLAUTH: URLs that let others read a message; URLAUTH=BINARY. RFC 4467, RFC 5524."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from roost.proto.imap.command import Arguments
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.response import Code
from roost.proto.imap.spelling import astring
from roost.proto.imap.state import AFTER_LOGIN
from roost.proto.imap.token import Cursor

MAX_URLS = 100
MAX_MECHANISMS = 20
MAX_URL_CHARACTERS = 4096
INTERNAL: Final = "INTERNAL"

URLMECH_INTERNAL: Final = Code(b"URLMECH INTERNAL")

_MECHANISM = re.compile(rb"[A-Za-z0-9.-]{1,50}(?![^ ])")


@dataclass(frozen=True, slots=True)
class ResetKey(Arguments):
    """RESETKEY. mailbox: None for all of the user's. mechanisms: upper case; none for INTERNAL.

    RFC 4467 section 7.
    """

    mailbox: str | None = None
    mechanisms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GenUrlAuth(Arguments):
    """GENURLAUTH. urls: each a URL without its token, and a mechanism in upper case."""

    urls: tuple[tuple[str, str], ...]


class UrlItem(Enum):
    """What of a URL is wanted. RFC 5524 section 3.1."""

    BODY = "BODY"
    BINARY = "BINARY"
    BODYPARTSTRUCTURE = "BODYPARTSTRUCTURE"


@dataclass(frozen=True, slots=True)
class UrlToFetch:
    """One URL of URLFETCH. items: none for the plain form, which gives the octets alone."""

    url: str
    items: tuple[UrlItem, ...] = ()


@dataclass(frozen=True, slots=True)
class UrlFetch(Arguments):
    """URLFETCH. RFC 4467 section 7; parameters where URLAUTH=BINARY is known (RFC 5524)."""

    urls: tuple[UrlToFetch, ...]


def parse_reset_key(cursor: Cursor, grammar: Grammar) -> ResetKey:  # noqa: ARG001
    """Read the arguments of RESETKEY."""
    if cursor.at_end():
        return ResetKey()
    cursor.sp()
    mailbox = cursor.mailbox()
    mechanisms: list[str] = []
    while cursor.skip(b" "):
        if len(mechanisms) == MAX_MECHANISMS:
            raise OverLimit("too many mechanisms", cursor.offset)
        mechanisms.append(_mechanism(cursor))
    return ResetKey(mailbox, tuple(mechanisms))


def parse_gen_url_auth(cursor: Cursor, grammar: Grammar) -> GenUrlAuth:  # noqa: ARG001
    """Read the arguments of GENURLAUTH."""
    urls: list[tuple[str, str]] = []
    while not urls or not cursor.at_end():
        if len(urls) == MAX_URLS:
            raise OverLimit("too many URLs", cursor.offset)
        cursor.sp()
        url = _url(cursor)
        cursor.sp()
        urls.append((url, _mechanism(cursor)))
    return GenUrlAuth(tuple(urls))


def parse_url_fetch(cursor: Cursor, grammar: Grammar) -> UrlFetch:
    """Read the arguments of URLFETCH."""
    urls: list[UrlToFetch] = []
    while not urls or not cursor.at_end():
        if len(urls) == MAX_URLS:
            raise OverLimit("too many URLs", cursor.offset)
        cursor.sp()
        extended = grammar.has("URLAUTH=BINARY") and cursor.skip(b"(")
        urls.append(_with_items(cursor) if extended else UrlToFetch(_url(cursor)))
    return UrlFetch(tuple(urls))


def authorised(rump: str, token: str) -> str:
    """A whole URL of the mechanism INTERNAL. rump: ends with the access. RFC 4467 section 5."""
    return f"{rump}:{INTERNAL.lower()}:{token}"


def gen_url_auth(urls: Iterable[str]) -> bytes:
    """GENURLAUTH: the whole URLs, in the order of the command. RFC 4467 section 8."""
    return b"* GENURLAUTH " + b" ".join(astring(url.encode()) for url in urls) + b"\r\n"


def url_fetch_head(url: str) -> bytes:
    """The beginning of a URLFETCH response of one URL; what follows has a space before it.

    That is an nstring, or items in parentheses each (RFC 4467 section 8, RFC 5524 section 3.2).
    """
    return b"* URLFETCH " + astring(url.encode())


def url_structure_item(body: bytes) -> bytes:
    """BODYPARTSTRUCTURE. body: spelled already, as that of BODYSTRUCTURE."""
    return b"BODYPARTSTRUCTURE " + body


def _with_items(cursor: Cursor) -> UrlToFetch:
    url = _url(cursor)
    items: list[UrlItem] = []
    while cursor.skip(b" "):
        start = cursor.offset
        name = cursor.word("a parameter is missing")
        if name not in UrlItem.__members__ or UrlItem[name] in items:
            raise BadSyntax("there is no such parameter, or it was said before", start)
        items.append(UrlItem[name])
        if {UrlItem.BODY, UrlItem.BINARY} <= set(items):
            raise BadSyntax("BODY and BINARY exclude each other", start)
    cursor.expect(b")", "a closing parenthesis is missing")
    return UrlToFetch(url, tuple(items))


def _url(cursor: Cursor) -> str:
    start = cursor.offset
    url = cursor.text("a URL is missing")
    if len(url) > MAX_URL_CHARACTERS:
        raise OverLimit("the URL is too long", start)
    return url


def _mechanism(cursor: Cursor) -> str:
    return cursor.match(_MECHANISM, "a mechanism is missing")[0].upper().decode("ascii")


URLAUTH = Extension(
    name="urlauth",
    rfc=4467,
    capabilities=("URLAUTH",),
    parsers={
        "RESETKEY": parse_reset_key,
        "GENURLAUTH": parse_gen_url_auth,
        "URLFETCH": parse_url_fetch,
    },
    states=dict.fromkeys(("RESETKEY", "GENURLAUTH", "URLFETCH"), AFTER_LOGIN),
)

# Stands beside URLAUTH, whose grammar looks for its capability.
URLAUTH_BINARY = Extension(name="urlauth binary", rfc=5524, capabilities=("URLAUTH=BINARY",))

# PARTIAL of URLs, here and in CATENATE: RFC 5550 section 5.7.1.
URL_PARTIAL = Extension(name="url partial", rfc=5550, capabilities=("URL-PARTIAL",))
