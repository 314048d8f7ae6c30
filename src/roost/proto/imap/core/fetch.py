"""FETCH. RFC 9051 section 6.4.5 and RFC 3501 section 6.4.5; its extension points: RFC 4466."""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum

from roost.proto.imap.command import Arguments
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.extension import Extension, Grammar, Hooks, hooked_list
from roost.proto.imap.sequence import MAX_NUMBER, SequenceSet
from roost.proto.imap.spelling import astring
from roost.proto.imap.token import Cursor

MAX_ITEMS = 200
MAX_MODIFIERS = 20
MAX_FIELDS = 200
MAX_PART_DEPTH = 100

_PART = re.compile(rb"[0-9]+(?:\.[0-9]+)*")
_FIELD_NAME = re.compile(rb"[\x21-\x39\x3b-\x7e]+")  # RFC 5322 section 2.2


class FetchAttribute(Enum):
    """Items without further arguments; the value is the name on the wire."""

    FLAGS = "FLAGS"
    UID = "UID"
    INTERNALDATE = "INTERNALDATE"
    RFC822_SIZE = "RFC822.SIZE"
    ENVELOPE = "ENVELOPE"
    BODY = "BODY"
    BODYSTRUCTURE = "BODYSTRUCTURE"


class SectionText(Enum):
    """What of a message or part a section means. RFC 9051 section 9, section-text."""

    HEADER = "HEADER"
    HEADER_FIELDS = "HEADER.FIELDS"
    HEADER_FIELDS_NOT = "HEADER.FIELDS.NOT"
    TEXT = "TEXT"
    MIME = "MIME"


@dataclass(frozen=True, slots=True)
class SectionSpec:
    """What stands in the brackets of BODY[...].

    part: numbers from the outermost part inwards, none for the message itself. text: None for the
    whole message or the body of the part. fields: names of header fields as the client wrote
    them, for HEADER_FIELDS and HEADER_FIELDS_NOT only.
    """

    part: tuple[int, ...] = ()
    text: SectionText | None = None
    fields: tuple[bytes, ...] = ()

    def spell(self) -> bytes:
        """The section without its brackets."""
        parts = [b"%d" % number for number in self.part]
        if self.text is not None:
            parts.append(self.text.value.encode("ascii"))
        fields = b" (" + b" ".join(map(astring, self.fields)) + b")" if self.fields else b""
        return b".".join(parts) + fields


@dataclass(frozen=True, slots=True)
class Partial:
    """Only so many octets from the one at `first`, counted from 0."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class BodySection:
    r"""BODY[...], BODY.PEEK[...], RFC822, RFC822.HEADER and RFC822.TEXT.

    peek: \Seen is not set. label: the item as it stands in the response, for all five.
    """

    section: SectionSpec
    peek: bool
    partial: Partial | None
    label: bytes


@dataclass(frozen=True, slots=True)
class BinarySection:
    r"""BINARY[...] and BINARY.PEEK[...]: a part with its transfer encoding undone.

    part: none for the whole message. peek: \Seen is not set. label: as in BodySection.
    """

    part: tuple[int, ...]
    peek: bool
    partial: Partial | None
    label: bytes


@dataclass(frozen=True, slots=True)
class BinarySize:
    """BINARY.SIZE[...]: how many octets BINARY[...] would give."""

    part: tuple[int, ...]
    label: bytes


# FetchAttribute, BodySection, BinarySection, BinarySize, or what an extension reads.
FetchItem = Hashable


@dataclass(frozen=True, slots=True)
class Fetch(Arguments):
    """FETCH. items: each once, in order, macros spelled out. modifiers: of extensions, in order."""

    messages: SequenceSet
    items: tuple[FetchItem, ...]
    modifiers: tuple[Hashable, ...] = ()


_FAST = (FetchAttribute.FLAGS, FetchAttribute.INTERNALDATE, FetchAttribute.RFC822_SIZE)
MACROS: dict[str, tuple[FetchAttribute, ...]] = {
    "FAST": _FAST,
    "ALL": (*_FAST, FetchAttribute.ENVELOPE),
    "FULL": (*_FAST, FetchAttribute.ENVELOPE, FetchAttribute.BODY),
}
_ATTRIBUTES = {attribute.value: attribute for attribute in FetchAttribute}
_RFC822 = {
    name: BodySection(SectionSpec(text=text), peek, None, name.encode("ascii"))
    for name, text, peek in (
        ("RFC822", None, False),
        ("RFC822.HEADER", SectionText.HEADER, True),
        ("RFC822.TEXT", SectionText.TEXT, False),
    )
}
_TEXTS = {text.value: text for text in SectionText}
_WITH_FIELDS = frozenset({SectionText.HEADER_FIELDS, SectionText.HEADER_FIELDS_NOT})


def parse_fetch(cursor: Cursor, grammar: Grammar) -> Fetch:
    """Read the arguments of FETCH."""
    return _fetch(cursor, grammar, grammar.fetch_modifiers)


def parse_uid_fetch(cursor: Cursor, grammar: Grammar) -> Fetch:
    """Read the arguments of UID FETCH, which takes more modifiers."""
    return _fetch(cursor, grammar, grammar.uid_fetch_modifiers)


def _fetch(cursor: Cursor, grammar: Grammar, hooks: Hooks) -> Fetch:
    cursor.sp()
    messages = cursor.sequence_set()
    cursor.sp()
    items = parse_items(cursor, grammar)
    if cursor.at_end():
        return Fetch(messages, items)
    cursor.sp()
    unknown = "there is no such FETCH modifier"
    return Fetch(messages, items, hooked_list(cursor, hooks, MAX_MODIFIERS, unknown))


def parse_items(cursor: Cursor, grammar: Grammar) -> tuple[FetchItem, ...]:
    """Read a macro, one item or a list of items."""
    if (macro := MACROS.get(cursor.next_word())) is not None:
        cursor.word()
        return macro
    if not cursor.peek(b"("):
        return (_item(cursor, grammar),)
    return tuple(dict.fromkeys(cursor.listed(lambda: _item(cursor, grammar), MAX_ITEMS)))


def _item(cursor: Cursor, grammar: Grammar) -> FetchItem:
    start = cursor.offset
    name = cursor.label("a FETCH item is missing")
    if cursor.peek(b"["):
        return _section_item(cursor, name, start)
    found = _ATTRIBUTES.get(name) or _RFC822.get(name)
    if found is not None:
        return found
    hook = grammar.fetch_items.get(name)
    if hook is None:
        raise BadSyntax("there is no such FETCH item", start)
    return hook(cursor)


def _section_item(cursor: Cursor, name: str, start: int) -> FetchItem:
    if name in ("BODY", "BODY.PEEK"):
        section = parse_section(cursor)
        partial = _partial(cursor)
        label = b"BODY[" + section.spell() + b"]" + _origin(partial)
        return BodySection(section, name == "BODY.PEEK", partial, label)
    if name in ("BINARY", "BINARY.PEEK"):
        part = _binary_part(cursor)
        partial = _partial(cursor)
        label = b"BINARY[" + SectionSpec(part).spell() + b"]" + _origin(partial)
        return BinarySection(part, name == "BINARY.PEEK", partial, label)
    if name == "BINARY.SIZE":
        part = _binary_part(cursor)
        return BinarySize(part, b"BINARY.SIZE[" + SectionSpec(part).spell() + b"]")
    raise BadSyntax("this FETCH item has no section", start)


def parse_section(cursor: Cursor) -> SectionSpec:
    """Read a section with its brackets. RFC 9051 section 9, section."""
    cursor.expect(b"[", "a section is missing")
    part = _part(cursor)
    if cursor.skip(b"]"):
        return SectionSpec(part)
    if part:
        cursor.expect(b".", "the section should go on or end here")
    start = cursor.offset
    text = _TEXTS.get(cursor.label("a section is missing"))
    if text is None or (text is SectionText.MIME and not part):
        raise BadSyntax("there is no such section", start)
    fields: tuple[bytes, ...] = ()
    if text in _WITH_FIELDS:
        cursor.sp()
        fields = tuple(cursor.listed(lambda: _field_name(cursor), MAX_FIELDS))
    cursor.expect(b"]", "a closing bracket is missing")
    return SectionSpec(part, text, fields)


def _part(cursor: Cursor) -> tuple[int, ...]:
    if cursor.peek(b"]") or not cursor.is_digit():
        return ()
    start = cursor.offset
    digits = cursor.match(_PART, "a part number is missing")[0].split(b".")
    if len(digits) > MAX_PART_DEPTH:
        raise OverLimit("the part number is too deep", start)
    numbers = tuple(int(one) if len(one) <= 10 else 0 for one in digits)
    if not all(0 < number <= MAX_NUMBER for number in numbers):
        raise BadSyntax("a part number is 1 to 4294967295", start)
    return numbers


def _binary_part(cursor: Cursor) -> tuple[int, ...]:
    cursor.expect(b"[", "a section is missing")
    part = _part(cursor)
    cursor.expect(b"]", "a closing bracket is missing")
    return part


def _field_name(cursor: Cursor) -> bytes:
    start = cursor.offset
    name = cursor.astring("a header field name is missing")
    if _FIELD_NAME.fullmatch(name) is None:
        raise BadSyntax("this is no name of a header field", start)
    return name


def _partial(cursor: Cursor) -> Partial | None:
    if not cursor.skip(b"<"):
        return None
    first = cursor.number64()
    cursor.expect(b".", "a dot is missing")
    count = cursor.number64(smallest=1)
    cursor.expect(b">", "a closing angle bracket is missing")
    return Partial(first, count)


def _origin(partial: Partial | None) -> bytes:
    return b"" if partial is None else b"<%d>" % partial.first


FETCH = Extension(
    name="fetch",
    rfc=9051,
    capabilities=("BINARY",),
    parsers={"FETCH": parse_fetch, "UID FETCH": parse_uid_fetch},
)
