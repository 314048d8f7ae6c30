"""What of a message is searched: the text of its header and of its body, folded."""

from itertools import chain

from roost.proto.mime.charset import printable
from roost.proto.mime.encoded_word import decode_words
from roost.proto.mime.header import parse_fields, unfold
from roost.proto.mime.message_text import search_text
from roost.proto.mime.structure import scan_message
from roost.proto.mime.text import fold_text, words
from roost.store.search_index import IndexedText

MAX_FIELDS = 1_000
MAX_FIELD_OCTETS = 65_536


def extract(octets: bytes) -> IndexedText:
    """The searchable text of a message, whatever its octets are. Never raises.

    header: a line for each field, its name, a colon and a space before what it says.
    """
    header, body, _ = texts_of(octets)
    return IndexedText(header, body, list(chain(words(header), words(body))))


def texts_of(octets: bytes) -> IndexedText:
    """As `extract`, without the words: what is looked at once needs none."""
    part = scan_message(octets).part
    header = fold_text(header_text(octets, part.body_start))
    return IndexedText(header, fold_text(search_text(octets, part)), ())


def header_text(octets: bytes, end: int) -> str:
    """The fields of the header that ends at `end`, decoded, a line each."""
    lines = b"\n".join(
        field.name
        + b": "
        + unfold(octets[field.value_start : min(field.end, field.value_start + MAX_FIELD_OCTETS)])
        for field in parse_fields(octets, 0, end, MAX_FIELDS)
    )
    # Decoded at once, so that the charset of 8-bit octets is guessed once for the header.
    return "\n".join(map(printable, decode_words(lines).split("\n")))
