"""What a person reads of a message: its text for search and preview, and its attachments."""

from collections.abc import Iterator
from itertools import islice

from roost.proto.mime.charset import decode_charset, printable
from roost.proto.mime.decode import decode_transfer
from roost.proto.mime.encoded_word import decode_words
from roost.proto.mime.header import parse_fields, unfold
from roost.proto.mime.html_text import html_to_text
from roost.proto.mime.structure import Part
from roost.proto.mime.text import preview

MAX_TEXT_CHARACTERS = 1_048_576
MAX_BODY_OCTETS = 4_194_304  # of one body; an encoding makes text up to three times as long

_MAX_TEXTS = 1_000
_MAX_FIELD_OCTETS = 8_192
_MAX_HEADER_FIELDS = 200
# How much of a body is looked at for its first words: a little, and more if that gave too few.
# In HTML style sheets come first.
_PREVIEW_OCTETS = (1_000, 16_384)
_PREVIEW_HTML_OCTETS = (16_384, 131_072)
_ENOUGH_CHARACTERS = 200
_MAX_PREVIEW_BODIES = 3
_BODY_SUBTYPES = (b"plain", b"html", b"enriched")
# What mail programs handle by themselves: signatures and notices of the post.
_NO_ATTACHMENTS = frozenset(
    {(b"application", b"pgp-signature"), (b"application", b"pgp-encrypted")}
    | {(b"application", b"pkcs7-signature"), (b"application", b"x-pkcs7-signature")}
    | {(b"message", b"delivery-status"), (b"message", b"global-delivery-status")}
    | {(b"message", b"disposition-notification"), (b"message", b"feedback-report")}
)


def text_of(octets: bytes, part: Part, max_octets: int = MAX_BODY_OCTETS) -> str:
    """The decoded text of a leaf, HTML as its words; lines end in LF.

    octets: the whole message. max_octets: how much of the encoded body is looked at.
    Never raises; what no charset explains becomes U+FFFD.
    """
    end = min(part.end, part.body_start + max_octets)
    decoded = decode_transfer(octets[part.body_start : end], part.encoding)
    if end < part.end:
        # A character cut in two would make the guess of an unnamed charset go wrong.
        decoded = decoded[: max(decoded.rfind(b"\n"), decoded.rfind(b" ")) + 1] or decoded
    charset = next((value for name, value in part.params if name == b"charset"), b"")
    text = decode_charset(decoded, charset.decode("ascii", "replace") or None)
    if part.type == b"text" and part.subtype == b"html":
        return html_to_text(text)
    return text.replace("\r\n", "\n")


def search_text(octets: bytes, part: Part) -> str:
    """The text of a message for search: of every text part, in order, parted by empty lines.

    Embedded messages count with their headers, the message's own header does not: it has fields
    of its own to search in. At most 1,048,576 characters of the first 1,000 texts.
    """
    pieces: list[str] = []
    left = MAX_TEXT_CHARACTERS
    for text in islice(_texts(octets, part), _MAX_TEXTS):
        pieces.append(text[:left])
        left -= len(text) + 2
        if left <= 0:
            break
    return "\n\n".join(pieces)[:MAX_TEXT_CHARACTERS]


def preview_of(octets: bytes, part: Part) -> str:
    """The first words of a message, at most 256 characters; empty without text. RFC 8970.

    Of alternatives the plain text is taken, unless it is empty.
    """
    for leaf in islice(_bodies(part), _MAX_PREVIEW_BODIES):
        if words := _first_words(octets, leaf):
            return words
    return ""


def has_attachment(part: Part) -> bool:
    """Whether a message has something to show as a file of its own. RFC 8621 section 4.1.4.

    Left out are texts to read in place, what calls itself inline, files that belong to an HTML
    text, signatures and delivery notices. An embedded message counts as one attachment.
    """
    return any(_is_attachment(leaf, related=related) for leaf, related in _leaves(part))


def _first_words(octets: bytes, leaf: Part) -> str:
    """The preview of one body; a quotation may be long, so that a little does not tell."""
    little, more = _PREVIEW_HTML_OCTETS if leaf.subtype == b"html" else _PREVIEW_OCTETS
    text = text_of(octets, leaf, little)
    words = preview(text)
    if leaf.end - leaf.body_start <= little:
        return words
    if len(words) >= _ENOUGH_CHARACTERS and ">" not in text:
        return words
    return preview(text_of(octets, leaf, more))


def _texts(octets: bytes, part: Part) -> Iterator[str]:
    if part.is_message:
        yield _header_text(octets, part.children[0])
    for child in part.children:
        yield from _texts(octets, child)
    if part.type == b"text" or (part.type == b"message" and not part.is_message):
        yield text_of(octets, part)


def _header_text(octets: bytes, message: Part) -> str:
    """The fields of an embedded message, a line each."""
    fields = parse_fields(octets, message.header_start, message.body_start, _MAX_HEADER_FIELDS)
    lines = b"\n".join(
        field.name
        + b": "
        + unfold(octets[field.value_start : min(field.end, field.value_start + _MAX_FIELD_OCTETS)])
        for field in fields
    )
    # Decoded at once, so that the charset of 8-bit octets is guessed once for the header.
    return "\n".join(map(printable, decode_words(lines).split("\n")))


def _bodies(part: Part) -> Iterator[Part]:
    """The texts to read, the likeliest first; an embedded message only if there is nothing else."""
    if part.is_message:
        yield from _bodies(part.children[0])
    elif not part.children:
        if part.type == b"text" and not _is_named_attachment(part):
            yield part
    elif part.subtype == b"alternative":
        yield from sorted(
            (leaf for child in part.children for leaf in _bodies(child)),
            key=lambda leaf: leaf.subtype != b"plain",
        )
    else:
        for child in sorted(part.children, key=lambda child: child.is_message):
            yield from _bodies(child)


def _leaves(part: Part, *, related: bool = False) -> Iterator[tuple[Part, bool]]:
    """Leaves and embedded messages, each with whether it belongs to a multipart/related."""
    if part.is_multipart:
        related = related or part.subtype == b"related"
        for child in part.children:
            yield from _leaves(child, related=related)
    else:
        yield part, related


def _is_attachment(part: Part, *, related: bool) -> bool:
    if _is_named_attachment(part):
        return (part.type, part.subtype) not in _NO_ATTACHMENTS
    if part.disposition is not None or (part.type, part.subtype) in _NO_ATTACHMENTS:
        return False
    if related and part.id is not None:
        return False
    named = any(name == b"name" for name, _ in part.params)
    return named or part.type != b"text" or part.subtype not in _BODY_SUBTYPES


def _is_named_attachment(part: Part) -> bool:
    """Whether its Content-Disposition asks for a file; any unknown one does: RFC 2183 2.8."""
    return part.disposition is not None and part.disposition.type != b"inline"
