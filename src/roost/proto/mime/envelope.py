"""ENVELOPE as IMAP spells it, and the fields it is made of. RFC 9051 section 7.5.2.

Everything is spelled in 7 bits, so that one stored form serves every client: 8-bit text becomes
encoded words in UTF-8, an 8-bit domain becomes A-labels. An 8-bit local part has no 7-bit form; its
encoded word says what it means and is nobody's address (RFC 6858 section 2.1).
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from roost.base.domain import Domain, DomainInvalid
from roost.proto.mime.address_list import MAX_FIELD_OCTETS, ListItem, Mailbox, parse_unfolded
from roost.proto.mime.charset import decode_unnamed, printable
from roost.proto.mime.encoded_word import decode_words, encode_words
from roost.proto.mime.header import Field, unfold

MAX_ADDRESSES = 1_000
MAX_VALUE_OCTETS = 65_536

# Longer strings go as literals: some clients read quoted strings into small buffers.
_MAX_QUOTED_OCTETS = 1_000

_QUOTED_AS_IS = re.compile(rb"[ !#-\[\]-~]{0,%d}" % _MAX_QUOTED_OCTETS)
_PLAIN = re.compile(rb"[ -~]*")
_TO_ESCAPE = re.compile(rb'(["\\])')
_NOT_IN_STRINGS = bytes((0x00, 0x0A, 0x0D))

_TEXT_FIELDS = frozenset((b"date", b"subject", b"in-reply-to", b"message-id"))
_LIST_FIELDS = frozenset((b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc"))
_ID_FIELDS = frozenset((b"in-reply-to", b"message-id"))
_MAY_REPEAT = frozenset((b"to", b"cc", b"bcc"))
ENVELOPE_FIELDS = _TEXT_FIELDS | _LIST_FIELDS

_END_OF_GROUP = b"(NIL NIL NIL NIL)"


class Envelope(NamedTuple):
    """The fields that make an ENVELOPE; texts unfolded, None where absent; lists parsed.

    8-bit octets of any field are UTF-8, transcoded if they were not.
    """

    date: bytes | None = None
    subject: bytes | None = None
    from_: tuple[ListItem, ...] = ()
    sender: tuple[ListItem, ...] = ()
    reply_to: tuple[ListItem, ...] = ()
    to: tuple[ListItem, ...] = ()
    cc: tuple[ListItem, ...] = ()
    bcc: tuple[ListItem, ...] = ()
    in_reply_to: bytes | None = None
    message_id: bytes | None = None


def envelope(octets: bytes, fields: Iterable[Field], *, guess: bool = True) -> bytes:
    """The ENVELOPE of the header with these fields, with its parentheses, in 7-bit octets.

    guess: whether to guess the charset of 8-bit octets that are no UTF-8 (a tenth of a
    millisecond a field), rather than take them for windows-1252.
    """
    return spell_envelope(read_envelope(octets, fields, guess=guess))


def read_envelope(octets: bytes, fields: Iterable[Field], *, guess: bool = True) -> Envelope:
    """What the fields of a header say. Never raises.

    The first field of a name counts; a second To, Cc or Bcc, which RFC 5322 section 3.6 forbids,
    is added to the first, so that nobody who was addressed is left out. At most 1,000 addresses
    a field and 64 KiB of a value are read. Without Sender or Reply-To they are From.
    """
    raw: dict[bytes, bytes] = {}
    for name, _, value_start, end in fields:
        if name not in ENVELOPE_FIELDS:
            continue
        if name not in raw:
            raw[name] = octets[value_start : min(end, value_start + MAX_VALUE_OCTETS)]
        elif name in _MAY_REPEAT and len(raw[name]) < MAX_VALUE_OCTETS:
            raw[name] += b"," + octets[value_start : min(end, value_start + MAX_VALUE_OCTETS)]
    texts = {
        # An id has to read the same wherever it stands.
        name: _utf8(unfold(value), guess=guess and name not in _ID_FIELDS)
        for name, value in raw.items()
    }
    lists = {name: _addresses(texts.get(name)) for name in _LIST_FIELDS}
    author = lists[b"from"]
    return Envelope(
        texts.get(b"date"),
        texts.get(b"subject"),
        author,
        lists[b"sender"] or author,
        lists[b"reply-to"] or author,
        lists[b"to"],
        lists[b"cc"],
        lists[b"bcc"],
        texts.get(b"in-reply-to"),
        texts.get(b"message-id"),
    )


def spell_envelope(read: Envelope) -> bytes:
    """The wire form of what `read_envelope` returned."""
    author = _spell_list(read.from_)
    return b"(%b %b %b %b %b %b %b %b %b %b)" % (
        wire_string(read.date),
        wire_string(read.subject),
        author,
        author if read.sender is read.from_ else _spell_list(read.sender),
        author if read.reply_to is read.from_ else _spell_list(read.reply_to),
        _spell_list(read.to),
        _spell_list(read.cc),
        _spell_list(read.bcc),
        wire_string(read.in_reply_to),
        wire_string(read.message_id),
    )


def wire_string(value: bytes | None) -> bytes:
    """An IMAP `nstring` in 7 bits: NIL, quoted, or a literal if it is long.

    8-bit text becomes encoded words in UTF-8; NUL, CR and LF, which an unfolded value has no use
    for and a string no place, are left out. RFC 9051 sections 4.3 and 9.
    """
    if value is None:
        return b"NIL"
    if _QUOTED_AS_IS.fullmatch(value):
        return b'"%b"' % value
    if _PLAIN.fullmatch(value) is None:
        value = _seven_bit(value)
    if len(value) > _MAX_QUOTED_OCTETS:
        return b"{%d}\r\n%b" % (len(value), value)
    return b'"%b"' % _TO_ESCAPE.sub(rb"\\\1", value)


def _seven_bit(value: bytes) -> bytes:
    value = value[:MAX_VALUE_OCTETS].translate(None, _NOT_IN_STRINGS)
    if value.isascii():
        return value
    # No guess here: thousands of parts may have such values.
    text = printable(decode_words(_utf8(value, guess=False), guess=False))
    return encode_words(text).replace(b"\r\n ", b" ")


def _utf8(value: bytes, *, guess: bool) -> bytes:
    """8-bit octets as UTF-8, from whatever they are."""
    return value if value.isascii() else decode_unnamed(value, guess=guess).encode()


def _addresses(value: bytes | None) -> tuple[ListItem, ...]:
    return parse_unfolded(value[:MAX_FIELD_OCTETS], MAX_ADDRESSES) if value else ()


def _spell_list(items: tuple[ListItem, ...]) -> bytes:
    if not items:
        return b"NIL"
    return b"(" + b"".join(map(_spell_item, items)) + b")"


def _spell_item(item: ListItem) -> bytes:
    """An address structure, or those that stand for a group and its members."""
    if isinstance(item, Mailbox):
        return _spell_mailbox(item)
    return b"".join(
        (
            b"(NIL NIL " + wire_string(item.name) + b" NIL)",
            *map(_spell_mailbox, item.members),
            _END_OF_GROUP,
        )
    )


def _spell_mailbox(mailbox: Mailbox) -> bytes:
    # NIL as hostname would make a group of it, so an absent domain is the empty string.
    name, route, local, domain = mailbox
    if name and route is None and _QUOTED_AS_IS.fullmatch(b"%b%b%b" % (name, local, domain)):
        return b'("%b" NIL "%b" "%b")' % (name, local, domain)  # as nearly all are
    return b"(%b %b %b %b)" % (
        wire_string(name),
        wire_string(route),
        wire_string(local),
        wire_string(domain if domain.isascii() else _a_labels(domain)),
    )


def _a_labels(domain: bytes) -> bytes:
    try:
        return Domain.parse(domain.decode()).ascii.encode()
    except (DomainInvalid, UnicodeDecodeError):
        return domain
