"""All that is kept of a message beside its octets, worked out once, at filing."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple

import msgspec

from roost.proto.mime.address_list import (
    Group,
    ListItem,
    address_text,
    display_name,
    mailboxes,
)
from roost.proto.mime.bodystructure import structures
from roost.proto.mime.date import parse_date
from roost.proto.mime.envelope import (
    ENVELOPE_FIELDS,
    MAX_VALUE_OCTETS,
    read_envelope,
    spell_envelope,
)
from roost.proto.mime.header import Field, begins_header, decode_unstructured
from roost.proto.mime.message_text import has_attachment, preview_of
from roost.proto.mime.pack import pack, rebase
from roost.proto.mime.structure import (
    DEFAULT_LIMITS,
    Scan,
    begins_with_field,
    finder_with,
    scan_message,
)
from roost.proto.mime.text import fold_text
from roost.proto.mime.thread import base_subject, message_ids

# Counts up whenever the same octets would be rendered differently.
RENDER_VERSION = 2

MAX_LISTED_ADDRESSES = 100
MAX_REFERENCES = 200
MAX_SUBJECT_CHARACTERS = 2_048
MAX_LIST_ID_CHARACTERS = 255

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MORE_FIELDS = frozenset((b"references", b"list-id"))
_FINDER = finder_with(_MORE_FIELDS)
# A line that begins as a field does of which something is rendered.
_SHOWN_FIELD = re.compile(
    rb"^(?:content-|(?:%b)[ \t]*+:)" % b"|".join(sorted(ENVELOPE_FIELDS | _MORE_FIELDS)),
    re.IGNORECASE | re.MULTILINE,
)


class NamedAddress(NamedTuple):
    """A mailbox as people read it: its name, maybe empty, and `local@domain`."""

    name: str
    address: str


class SortKeys(NamedTuple):
    """What SORT orders by, folded, empty where absent. RFC 5256 section 3, RFC 5957 section 3.

    from_, to, cc: the local part of the first address. display_from, display_to: its name, else
    the whole address.
    """

    from_: str
    to: str
    cc: str
    display_from: str
    display_to: str


class Rendered(msgspec.Struct, frozen=True):
    """A message as lists, ENVELOPE, BODYSTRUCTURE, SORT, SEARCH and threads need it.

    size, header_size: octets, the header with its empty line. envelope, body, bodystructure:
    IMAP's wire form, 7-bit. parts: the packed part tree.

    preview: at most 256 characters. subject, addresses: decoded; at most 100 addresses of each
    field, those in groups too; sender and reply_to as the header has them.
    base_subject, is_reply: RFC 5256 section 2.1. references: the ids of References, then those
    of In-Reply-To that are not among them; in_references: how many of them are of References.
    list_id: lower case, without angle brackets.

    sent_at: the Date in microseconds since 1970, None without one that can be read. sent_day:
    the day it spells, its time and zone disregarded, as `date.toordinal` counts: RFC 9051
    section 6.4.4, SENTON.
    """

    size: int
    header_size: int
    envelope: bytes
    body: bytes
    bodystructure: bytes
    parts: bytes
    preview: str
    subject: str
    base_subject: str
    is_reply: bool
    message_id: str | None
    references: tuple[str, ...]
    in_references: int
    from_: tuple[NamedAddress, ...]
    sender: tuple[NamedAddress, ...]
    reply_to: tuple[NamedAddress, ...]
    to: tuple[NamedAddress, ...]
    cc: tuple[NamedAddress, ...]
    bcc: tuple[NamedAddress, ...]
    list_id: str | None
    sent_at: int | None
    sent_day: int | None
    has_attachment: bool
    sort: SortKeys


@dataclass(frozen=True, slots=True)
class Scanned:
    """A blob whose structure is known, to be rendered behind any number of prefixes."""

    octets: bytes
    scan: Scan
    rendered: Rendered


def render(octets: bytes) -> Rendered:
    """All that is kept of a message. Never raises, whatever the octets are."""
    return scan_blob(octets).rendered


def scan_blob(octets: bytes) -> Scanned:
    """Scan a blob once for all its recipients."""
    scan = scan_message(octets, only=_FINDER)
    return Scanned(octets, scan, _render(octets, scan))


def render_with_prefix(prefix: bytes, scanned: Scanned) -> Rendered:
    """What `render(prefix + blob)` returns, at a fraction of its cost for trace fields.

    prefix: as it is stored before the blob, from `join_prefix`. If it has fields that show in
    what is rendered (a Message-ID that submission added), the sum is rendered afresh.
    """
    if not prefix:
        return scanned.rendered
    if not _moves_only(prefix, scanned):
        return render(prefix + scanned.octets)
    return msgspec.structs.replace(
        scanned.rendered,
        size=scanned.rendered.size + len(prefix),
        header_size=scanned.rendered.header_size + len(prefix),
        parts=pack(rebase(scanned.scan.part, len(prefix))),
    )


def _moves_only(prefix: bytes, scanned: Scanned) -> bool:
    """Whether all that a prefix does to a blob is to move it."""
    within_limits = (
        prefix.count(b"\n") + _most_fields(scanned) <= DEFAULT_LIMITS.fields
        and len(prefix) + scanned.scan.header_octets < DEFAULT_LIMITS.header_octets
    )
    return (
        within_limits
        and prefix.endswith(b"\n")
        and begins_with_field(prefix)
        and b"\n\n" not in prefix
        and b"\n\r\n" not in prefix
        and begins_header(scanned.octets) is not None
        and _SHOWN_FIELD.search(prefix) is None
    )


def _most_fields(scanned: Scanned) -> int:
    """How many fields the header of a blob has at most: its lines, which are quick to count."""
    lines = scanned.octets.count(b"\n", 0, scanned.scan.part.body_start) + 1
    # Of a header with more lines than that no field was left out.
    return lines if lines <= DEFAULT_LIMITS.fields else len(scanned.scan.fields)


def _render(octets: bytes, scan: Scan) -> Rendered:
    part, fields, _ = scan
    read = read_envelope(octets, fields)
    more = _more_fields(octets, fields)
    references, in_references = _references(more.get(b"references", b""), read.in_reply_to or b"")
    subject = decode_unstructured(read.subject or b"")[:MAX_SUBJECT_CHARACTERS]
    base, is_reply = base_subject(subject)
    sent = parse_date(read.date) if read.date else None
    body, bodystructure = structures(part)
    from_, to, cc = _named(read.from_), _named(read.to), _named(read.cc)
    return Rendered(
        size=len(octets),
        header_size=part.body_start,
        envelope=spell_envelope(read),
        body=body,
        bodystructure=bodystructure,
        parts=pack(part),
        preview=preview_of(octets, part),
        subject=subject,
        base_subject=base,
        is_reply=is_reply,
        message_id=next(iter(message_ids(read.message_id or b"")), None),
        references=references,
        in_references=in_references,
        from_=from_,
        sender=() if read.sender is read.from_ else _named(read.sender),
        reply_to=() if read.reply_to is read.from_ else _named(read.reply_to),
        to=to,
        cc=cc,
        bcc=_named(read.bcc),
        list_id=_list_id(more.get(b"list-id")),
        sent_at=(sent - _EPOCH) // _MICROSECOND if sent else None,
        sent_day=sent.toordinal() if sent else None,
        has_attachment=has_attachment(part),
        sort=SortKeys(
            _local_key(read.from_),
            _local_key(read.to),
            _local_key(read.cc),
            _display_key(read.from_, from_),
            _display_key(read.to, to),
        ),
    )


def _more_fields(octets: bytes, fields: Iterable[Field]) -> dict[bytes, bytes]:
    """Raw values of fields that are rendered but not in the ENVELOPE; the first of a name."""
    raw: dict[bytes, bytes] = {}
    for name, _, value_start, end in fields:
        if name in _MORE_FIELDS and name not in raw:
            raw[name] = octets[value_start : min(end, value_start + MAX_VALUE_OCTETS)]
    return raw


def _references(references: bytes, in_reply_to: bytes) -> tuple[tuple[str, ...], int]:
    """Ids of both fields, each once; of too many the last ones, the nearest parents.

    And how many of them are of the first field.
    """
    first = dict.fromkeys(message_ids(references))
    ids = tuple(dict.fromkeys((*first, *message_ids(in_reply_to))))
    kept = ids[-MAX_REFERENCES:]
    return kept, max(len(first) - (len(ids) - len(kept)), 0)


def _named(items: tuple[ListItem, ...]) -> tuple[NamedAddress, ...]:
    found = islice(mailboxes(items), MAX_LISTED_ADDRESSES)
    return tuple([NamedAddress(display_name(one), address_text(one)) for one in found])


def _list_id(raw: bytes | None) -> str | None:
    """The id in a List-Id field. RFC 2919 section 3."""
    if raw is None:
        return None
    text = decode_unstructured(raw)
    opened, closed = text.rfind("<"), text.rfind(">")
    if 0 <= opened < closed:
        text = text[opened + 1 : closed]
    return text.strip().lower()[:MAX_LIST_ID_CHARACTERS] or None


def _local_key(items: tuple[ListItem, ...]) -> str:
    """The addr-mailbox of the first address structure, which for a group is its name."""
    if not items:
        return ""
    first = items[0]
    return fold_text(decode_unstructured(first.name if isinstance(first, Group) else first.local))


def _display_key(items: tuple[ListItem, ...], named: tuple[NamedAddress, ...]) -> str:
    """The same for its display: the name, without one the address."""
    if not items or isinstance(items[0], Group):
        return _local_key(items)
    return fold_text(named[0].name or named[0].address)
