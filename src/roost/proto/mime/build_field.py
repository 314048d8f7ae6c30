"""Header fields of messages we write ourselves. RFC 5322 section 3.6, RFC 2047, RFC 2231."""

import re
from collections.abc import Iterable
from datetime import datetime

from roost.base.address import Address
from roost.proto.mime.date import format_date
from roost.proto.mime.encoded_word import cut_text, encode_words, fold_words, goes_plain

MAX_LINE_OCTETS = 998  # RFC 5322 section 2.1.1
_MAX_VALUE_OCTETS = 60  # of a parameter before it is cut into sections

_NAME = re.compile(r"[!-9;-~]{1,76}")
_FORBIDDEN = re.compile(r"[\r\n\x00]")
_PRINTABLE = re.compile(r"[ -~]*")
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_TOKEN = re.compile(r"[!#$%&'*+.0-9A-Z^_`a-z{|}~-]+")
_MESSAGE_ID = re.compile(r"[^\s<>\x00-\x20\x7f]+@[^\s<>\x00-\x20\x7f]+")
_TO_ESCAPE = re.compile(r'(["\\])')
# RFC 2231 section 7, attribute-char.
_ATTRIBUTE = frozenset(
    "!#$&+-.^_`{|}~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)


def text_field(name: str, text: str) -> bytes:
    """An unstructured field such as Subject, folded, with encoded words where it needs them.

    Raises ValueError for CR, LF or NUL in the text and for what is no field name.
    RFC 5322 section 3.2.5, RFC 2047 section 5 (1).
    """
    if _FORBIDDEN.search(text):
        raise ValueError("a header field holds no CR, LF or NUL")
    return _field(name, encode_words(text, used=len(name) + 2))


def plain_field(name: str, value: str) -> bytes:
    """A structured field whose value is printable ASCII already, folded at its spaces.

    Raises ValueError for any other character, for a word that fits into no line, and for what
    is no field name.
    """
    if not _PRINTABLE.fullmatch(value):
        raise ValueError("the value of this field is printable ASCII")
    return words_field(name, value.encode("ascii").split(b" "))


def date_field(name: str, at: datetime) -> bytes:
    """A field such as Date; ValueError for a time without zone. RFC 5322 section 3.6.1."""
    return _field(name, format_date(at))


def address_field(name: str, addresses: Iterable[tuple[str, Address]]) -> bytes:
    """A field of mailboxes, each a display name (may be empty) and an address.

    Domains are spelled in A-labels; local parts that are not ASCII go in UTF-8, which makes it
    a message for SMTPUTF8 (RFC 6532). Raises ValueError for CR, LF or NUL in a name and for no
    address at all. RFC 5322 section 3.4.
    """
    words: list[bytes] = []
    for display, address in addresses:
        if words:
            words[-1] += b","
        words += _mailbox_words(display, address)
    if not words:
        raise ValueError("a field of addresses has one at least")
    return words_field(name, words)


def ids_field(name: str, ids: Iterable[str]) -> bytes:
    """A field of message ids, given without angle brackets: Message-ID, References.

    Raises ValueError for what is no id, and for none. RFC 5322 section 3.6.4.
    """
    words = []
    for text in ids:
        if not _MESSAGE_ID.fullmatch(text):
            raise ValueError("not a message id")
        words.append(b"<" + text.encode() + b">")
    if not words:
        raise ValueError("a field of ids has one at least")
    return words_field(name, words)


def words_field(name: str, words: list[bytes]) -> bytes:
    """A field of words, between which it is folded so that lines have 76 columns at most."""
    return _field(name, fold_words(words, used=len(name) + 2))


def parameter_words(name: str, value: str) -> list[bytes]:
    """One parameter of a structured field, as words without the semicolons between them.

    A token as it is, other short ASCII in quotes, all else in UTF-8 by RFC 2231, long values
    in numbered sections. Raises ValueError for CR, LF or NUL and for what is no token as name.
    RFC 2045 section 5.1, RFC 2231 sections 3 and 4.
    """
    if not _TOKEN.fullmatch(name) or _FORBIDDEN.search(value):
        raise ValueError("a parameter has a token as name and no CR, LF or NUL in its value")
    if len(value) <= _MAX_VALUE_OCTETS and _PRINTABLE.fullmatch(value):
        spelled = value if _TOKEN.fullmatch(value) else _quote(value)
        return [f"{name}={spelled}".encode("ascii")]
    pieces = list(cut_text(value, _percent_cost, _MAX_VALUE_OCTETS - 8, _MAX_VALUE_OCTETS))
    if len(pieces) == 1:
        return [f"{name}*=utf-8''{_percent(value)}".encode("ascii")]
    sections = [f"{name}*{n}*={_percent(piece)}" for n, piece in enumerate(pieces)]
    sections[0] = f"{name}*0*=utf-8''{_percent(pieces[0])}"
    return [section.encode("ascii") for section in sections]


def _field(name: str, value: bytes) -> bytes:
    if not _NAME.fullmatch(name):
        raise ValueError("not a field name")
    field = name.encode("ascii") + b": " + value
    if any(len(line) > MAX_LINE_OCTETS for line in field.split(b"\r\n")):
        raise ValueError("a word of this field is longer than a line may be")
    return field + b"\r\n"


def _mailbox_words(display: str, address: Address) -> list[bytes]:
    spelled = address.spell(smtputf8=False).encode()
    if not display:
        return [spelled]
    if _FORBIDDEN.search(display):
        raise ValueError("a display name holds no CR, LF or NUL")
    if goes_plain(display):
        phrase = display if _PHRASE.fullmatch(display) else _quote(display)
        return [*phrase.encode("ascii").split(b" "), b"<" + spelled + b">"]
    words = encode_words(display, used=MAX_LINE_OCTETS).split(b"\r\n ")
    return [*filter(None, words), b"<" + spelled + b">"]


def _quote(text: str) -> str:
    return '"' + _TO_ESCAPE.sub(r"\\\1", text) + '"'


def _percent(text: str) -> str:
    return "".join(
        character
        if character in _ATTRIBUTE
        else "".join(f"%{octet:02X}" for octet in character.encode("utf-8", "replace"))
        for character in text
    )


def _percent_cost(character: str) -> int:
    return len(_percent(character))
