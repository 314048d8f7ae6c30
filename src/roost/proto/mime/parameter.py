"""Content-Type and Content-Disposition. RFC 2045 section 5, RFC 2183, RFC 2231."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from roost.proto.mime.charset import decode_charset, printable
from roost.proto.mime.comment import strip_comments
from roost.proto.mime.encoded_word import decode_words
from roost.proto.mime.header import unfold

Params = tuple[tuple[bytes, bytes], ...]

MAX_PARAMS = 100
MAX_FIELD_OCTETS = 65_536
MAX_FILENAME_CHARACTERS = 255

_TYPE = re.compile(rb'\s*+([^\s/;"=(]++)\s*+(?:/\s*+([^\s;"=,/(]*+))?+')
# By far the most fields: at most one parameter, nothing to unescape, to join or to pass over.
_SIMPLE = re.compile(
    rb"([\w.+-]++)/([\w.+-]++)"
    rb'(?:;[ \t]*+([\w-]++)=(?:"([^"\\]*+)"|([^\s\x00;"()=\\]++)))?+;?+'
)
_TOKEN = re.compile(rb'[^\s;"=/]++')
_PARAM = re.compile(
    rb'[;\s]++|([^\s;="]++)\s*+=\s*+(?:"((?:[^"\\]++|\\.)*+)"?+|([^;]*+))|[^;]++', re.DOTALL
)
# A parenthesis inside a word is none: unquoted names such as `copy(1).pdf` are common.
_COMMENT_START = re.compile(rb'(?:^|[\s;="/)])\(')
_QUOTED_PAIR = re.compile(rb'\\(["\\])')
_SECTION = re.compile(rb"([^*]++)(?:\*([0-9]{1,4}))?+(\*)?+")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")


class ContentType(NamedTuple):
    """A media type in lower case, its parameters' names too. RFC 2045 section 5.1.

    params: values as sent, those of RFC 2231 joined and in UTF-8; each name once.
    """

    type: bytes
    subtype: bytes
    params: Params = ()

    def param(self, name: bytes) -> bytes | None:
        """The value of a parameter, by its lower-case name."""
        return _find(self.params, name)


class Disposition(NamedTuple):
    """How a part wants to be shown: lower-case type, parameters as in ContentType. RFC 2183."""

    type: bytes
    params: Params = ()

    def param(self, name: bytes) -> bytes | None:
        """The value of a parameter, by its lower-case name."""
        return _find(self.params, name)


# What a part without a readable Content-Type is. RFC 2045 section 5.2.
DEFAULT_CONTENT_TYPE = ContentType(b"text", b"plain", ((b"charset", b"us-ascii"),))

# Senders who leave the subtype out, and what they mean.
_SUBTYPES = {b"text": b"plain", b"multipart": b"mixed", b"message": b"rfc822"}


def parse_content_type(raw: bytes | None) -> ContentType:
    """The media type of a part, from the value of its Content-Type field, None without one.

    Never raises: without a readable type it is text/plain in us-ascii (RFC 2045 section 5.2).
    At most 100 parameters in 64 KiB are read; the first of a name counts.
    """
    if raw is None:
        return DEFAULT_CONTENT_TYPE
    value = unfold(raw[:MAX_FIELD_OCTETS])
    if simple := _SIMPLE.fullmatch(value):
        kind, subtype, name, quoted, bare = simple.groups()
        params = ((name.lower(), bare if quoted is None else quoted),) if name else ()
        return ContentType(kind.lower(), subtype.lower(), params)
    value = _without_comments(value)
    found = _TYPE.match(value)
    if found is None:
        return DEFAULT_CONTENT_TYPE
    kind = found[1].lower()
    subtype = (found[2] or b"").lower() or _SUBTYPES.get(kind)
    if subtype is None:
        return DEFAULT_CONTENT_TYPE
    return ContentType(kind, subtype, parse_params(value, found.end()))


def parse_disposition(raw: bytes) -> Disposition:
    """The disposition, from the value of a Content-Disposition field. RFC 2183 section 2.

    Never raises; one without a readable type is `attachment`, as section 2.8 asks.
    """
    value = _without_comments(unfold(raw[:MAX_FIELD_OCTETS]))
    found = _TOKEN.match(value)
    if found is None or value[found.end() :].lstrip()[:1] == b"=":
        return Disposition(b"attachment", parse_params(value, 0))
    return Disposition(found[0].lower(), parse_params(value, found.end()))


def parse_params(value: bytes, start: int) -> Params:
    """The parameters in an unfolded value without comments, from `start` on.

    Sections of RFC 2231 are joined in order of their numbers and their text turned into UTF-8;
    a language is left out. A value with a charset beats a plain one of the same name.
    """
    plain: dict[bytes, bytes] = {}
    sections: dict[bytes, dict[int, tuple[bytes, bool]]] = {}
    for name, text in _raw_params(value, start):
        split = _SECTION.fullmatch(name)
        if split is None or (split[2] is None and split[3] is None):
            plain.setdefault(name, text)
        else:
            plain.setdefault(split[1], b"")
            numbered = sections.setdefault(split[1], {})
            numbered.setdefault(int(split[2] or 0), (text, split[3] is not None))
    for name, numbered in sections.items():
        plain[name] = _join_sections(numbered)
    return tuple(plain.items())


def filename_of(content_type: ContentType | None, disposition: Disposition | None) -> str | None:
    """The file name a part asks for, without folders; None if it names none.

    `filename` of the disposition comes before `name` of the type. Encoded words, which do not
    belong into parameters but are common there, are decoded. At most 255 characters, without
    control characters. RFC 2183 section 2.3.
    """
    named = disposition.param(b"filename") if disposition else None
    if not named and content_type:
        named = content_type.param(b"name")
    if not named:
        return None
    text = printable(decode_words(named))
    name = re.split(r"[/\\]", text)[-1].strip()
    return name[:MAX_FILENAME_CHARACTERS] if name.strip(".") else None


def _without_comments(value: bytes) -> bytes:
    return strip_comments(value) if _COMMENT_START.search(value) else value


def _find(params: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes | None:
    return next((value for name, value in params if name == wanted), None)


def _raw_params(value: bytes, start: int) -> Iterator[tuple[bytes, bytes]]:
    """Names in lower case and values without their quotes, in order."""
    count = 0
    for found in _PARAM.finditer(value, start):
        if found[1] is None:
            continue
        count += 1
        if count > MAX_PARAMS:
            return
        quoted, bare = found[2], found[3]
        # Only these two are unescaped: Windows paths come with single backslashes.
        text = _QUOTED_PAIR.sub(rb"\1", quoted) if quoted is not None else bare.strip()
        yield found[1].lower(), text


def _join_sections(numbered: dict[int, tuple[bytes, bool]]) -> bytes:
    """One value from numbered sections, in UTF-8. RFC 2231 sections 3 and 4."""
    ordered = [numbered[number] for number in sorted(numbered)]
    charset: bytes = b""
    first, encoded = ordered[0]
    if encoded and first.count(b"'") >= 2:
        charset, _, first = first.split(b"'", 2)
        ordered[0] = first, True
    octets = b"".join(_unpercent(text) if coded else text for text, coded in ordered)
    if not any(coded for _, coded in ordered):
        return octets
    # A message may have thousands of parameters: too many to guess the charset of each.
    named = charset.decode("ascii", "replace") or None
    return decode_charset(octets, named, guess=False).encode()


def _unpercent(text: bytes) -> bytes:
    return _PERCENT.sub(lambda found: bytes((int(found[1], 16),)), text)
