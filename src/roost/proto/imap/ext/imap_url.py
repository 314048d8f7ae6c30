"""IMAP URLs that name a message or a part of it, for CATENATE and URLAUTH.

RFC 5092, RFC 4467 section 3.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from roost.proto.imap.core.fetch import SectionSpec, parse_section
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.name import canonical
from roost.proto.imap.sequence import MAX_NUMBER
from roost.proto.imap.token import MAX_NUMBER64, Cursor

MAX_CHARACTERS = 4096

_URL = re.compile(
    r"(?:imap://(?:(?P<user>[^@/;:?#]*)(?:;AUTH=[^@/;:?#]*)?@)?(?P<host>[^@/;:?#]+|\[[0-9A-F:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?=/))?"
    r"(?:/(?P<mailbox>[^;?#]+?)(?:;UIDVALIDITY=(?P<validity>[0-9]{1,10}))?(?=/;))?"
    r"/?;UID=(?P<uid>[0-9]{1,10})"
    r"(?:/;SECTION=(?P<section>[^;?#]+?))?"
    r"(?:/;PARTIAL=(?P<first>[0-9]{1,19})(?:\.(?P<count>[0-9]{1,19}))?)?"
    r"(?P<authority>(?:;EXPIRE=(?P<expire>[0-9T:.Z+-]{1,40}))?;URLAUTH="
    r"(?P<access>(?:submit\+|user\+)[^@/;:?#]+|authuser|anonymous)"
    r"(?P<proof>:(?P<mechanism>[A-Z0-9.-]{1,50}):(?P<token>[0-9A-F]{32,1000}))?)?",
    re.IGNORECASE,
)
_WHOLE = SectionSpec()
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class UrlAuth:
    """By whom and until when a URL may be used. RFC 4467 section 3.

    rump: the URL that was signed. expires: aware, None for never. access: as it is written, as
    `submit+fred`, its name decoded. mechanism: upper case; token: lower case; both None in a
    rump, which GENURLAUTH takes.
    """

    rump: str
    access: str
    expires: datetime | None = None
    mechanism: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class ImapUrl:
    """A message or a part of it. RFC 5092.

    mailbox: None for the selected one. section: of BODY[...]. first_octet and count: of PARTIAL,
    a count of None means up to the end. user, host, port: None in a relative URL.
    """

    mailbox: str | None
    uid: int
    uid_validity: int | None = None
    section: SectionSpec = _WHOLE
    first_octet: int = 0
    count: int | None = None
    user: str | None = None
    host: str | None = None
    port: int | None = None
    auth: UrlAuth | None = None


def parse_url(url: str) -> ImapUrl | None:
    """Read a URL; None if it names no message. Its texts are percent-encoded UTF-8."""
    if len(url) > MAX_CHARACTERS or not url.isascii() or _BAD_ESCAPE.search(url) is not None:
        return None
    found = _URL.fullmatch(url)
    if found is None or (found["host"] is not None and found["mailbox"] is None):
        return None
    try:
        return _read(found)
    except (ValueError, OverflowError, BadSyntax):
        return None


def _read(found: re.Match[str]) -> ImapUrl:
    count = found["count"]
    return ImapUrl(
        mailbox=None if found["mailbox"] is None else canonical(_decode(found["mailbox"])),
        uid=_number(found["uid"], 1, MAX_NUMBER),
        uid_validity=None
        if found["validity"] is None
        else _number(found["validity"], 1, MAX_NUMBER),
        section=_section(found["section"]),
        first_octet=_number(found["first"] or "0", 0, MAX_NUMBER64),
        count=None if count is None else _number(count, 1, MAX_NUMBER64),
        user=None if found["user"] is None else _decode(found["user"]),
        host=None if found["host"] is None else found["host"].lower(),
        port=None if found["port"] is None else _number(found["port"], 1, 0xFFFF),
        auth=None if found["authority"] is None else _auth(found),
    )


def _auth(found: re.Match[str]) -> UrlAuth:
    proof, mechanism, token = found["proof"], found["mechanism"], found["token"]
    return UrlAuth(
        rump=found[0][: len(found[0]) - len(proof or "")],
        access=_decode(found["access"]),
        expires=None if found["expire"] is None else _moment(found["expire"]),
        mechanism=None if mechanism is None else mechanism.upper(),
        token=None if token is None else token.lower(),
    )


def _section(text: str | None) -> SectionSpec:
    if text is None:
        return _WHOLE
    cursor = Cursor((b"[" + _decode(text).encode() + b"]",))
    section = parse_section(cursor)
    cursor.end()
    return section


def _moment(text: str) -> datetime:
    """RFC 3339; a time without a zone means nothing."""
    moment = datetime.fromisoformat(text.upper())
    if moment.tzinfo is None:
        raise ValueError("a zone is missing")
    return moment.astimezone(UTC)


def _number(digits: str, smallest: int, largest: int) -> int:
    number = int(digits)
    if not smallest <= number <= largest:
        raise ValueError("the number is out of range")
    return number


def _decode(text: str) -> str:
    return _ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), text.encode("ascii")).decode()
