"""What is searched of a message: its header and its texts, folded. RFC 9051 section 6.4.4."""

from roost.proto.mime.header import decode_unstructured
from roost.proto.mime.message_text import search_text
from roost.proto.mime.structure import scan_message
from roost.proto.mime.text import fold_text, words
from roost.store.search_index import IndexedText

MAX_HEADER_OCTETS = 64 << 10
MAX_WORDS = 100_000


def index_text(octets: bytes) -> IndexedText:
    """The folded text of a message, and its words. Never raises."""
    part, fields, _ = scan_message(octets)
    lines = []
    for field in fields:
        if field.end > MAX_HEADER_OCTETS:
            break
        name = field.name.decode("ascii", "replace")
        lines.append(f"{name}: {decode_unstructured(octets[field.value_start : field.end])}")
    header = fold_text("\n".join(lines))
    body = fold_text(search_text(octets, part))
    found = []
    for text in (header, body):
        for word in words(text):
            found.append(word)
            if len(found) >= MAX_WORDS:
                break
    return IndexedText(header, body, found)
