"""Text made ready for search, and the first words of a message. RFC 5051, RFC 8970."""

import re
import unicodedata
from collections.abc import Iterator

from roost.proto.mime.charset import printable

MAX_WORD_CHARACTERS = 64  # longer runs are keys and encoded data, which nobody searches by word

# Python's \w leaves out combining marks, which belong to words: those of decomposed accents
# and the vowel signs of Hebrew, Arabic, the Indic scripts, Thai, Tibetan and others.
_WORD_CHARACTER = (
    r"\w\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    r"\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0711"
    r"\u0730-\u074a\u07a6-\u07b0\u0816-\u082d\u08d3-\u08ff\u0900-\u0963\u0966-\u0dff"
    r"\u0e31-\u0e4e\u0eb1-\u0ece\u0f18\u0f19\u0f35-\u0f39\u0f71-\u0f84\u0f8d-\u0fbc"
    r"\u102b-\u103e\u1056-\u109d\u135d-\u135f\u17b4-\u17d3\u1ab0-\u1aff\u1dc0-\u1dff"
    r"\u20d0-\u20f0\u302a-\u302f\u3099\u309a\ufe20-\ufe2f"
)
# Thai, Lao, Myanmar, Khmer, kana and Han are written without spaces between words.
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf"
    r"\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"([{_UNSPACED}]+)|(?:(?![_{_UNSPACED}])[{_WORD_CHARACTER}])+")

_MAX_PREVIEW_SOURCE = 65_536
_MARKS = frozenset(">-=_*~#+")  # one of these begins every line that one of the next four finds
_QUOTED = re.compile(r"\s{0,3}>")
_SIGNATURE = re.compile(r"--\s?$")
_FORWARDED = re.compile(r"\s{0,3}(?:-{3,}.{3,60}-{3,}|_{20,})\s*$")
_RULE = re.compile(r"\s*+[-=_*~#+ ]{3,}$")
# Fillers that newsletters put after their first line to keep the rest out of previews.
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]+")


def fold_text(text: str) -> str:
    """`text` so that a plain substring search finds it whatever its case and form.

    Texts that i;unicode-casemap (RFC 5051) holds equal fold to the same, as IMAP SEARCH asks;
    beyond it, full case folding makes `ß` equal `ss`. Compatibility forms (ligatures, wide
    letters) become plain ones and accents stay, as characters of their own behind the letter.
    Folding twice changes nothing.
    """
    if text.isascii():
        return text.lower()
    # Upper case first: it makes one of dotless i, long s and final sigma what RFC 5051 does.
    cased = unicodedata.normalize("NFKD", text).upper().casefold()
    return unicodedata.normalize("NFKD", cased)


def words(text: str) -> Iterator[str]:
    """The words to index a folded text by, in order, repeated ones too.

    text: from `fold_text`. Scripts without spaces between words give each pair of neighbouring
    characters, a single one as it is. Words are cut at 64 characters.
    """
    for found in _WORD.finditer(text):
        run = found[1]
        if run is None or len(run) == 1:
            yield found[0][:MAX_WORD_CHARACTERS]
        else:
            yield from map(str.__add__, run, run[1:])


def preview(text: str, max_characters: int = 256) -> str:
    """The first words of a message on one line, at most `max_characters`. RFC 8970 section 3.

    text: plain text with its lines; only the first 65,536 characters are read. Left out are
    quoted lines, the line that introduces them, forwarded headers, rules and the signature,
    unless nothing else is there.
    """
    text = text[:_MAX_PREVIEW_SOURCE]
    lines = (text if text.isascii() else _INVISIBLE.sub("", text)).splitlines()
    own = _one_line(_own_lines(lines), max_characters)
    if not own:
        own = _one_line((line.lstrip("> ") for line in lines), max_characters)
    return own.rstrip()


def _own_lines(lines: list[str]) -> Iterator[str]:
    """What the sender wrote, as far as signature or forwarded message."""
    held: list[str] = []  # the paragraph that may turn out to introduce a quotation
    for line in lines:
        if line.lstrip()[:1] not in _MARKS:
            held.append(line)
        elif _QUOTED.match(line):
            if held:
                yield from _without_attribution(held)
                held = []
        elif _SIGNATURE.match(line) or _FORWARDED.match(line):
            break
        elif not _RULE.match(line):
            held.append(line)
    yield from held


def _without_attribution(lines: list[str]) -> list[str]:
    """Lines before a quotation, less its introduction: the end of them, as in `... wrote:`.

    It may run over two or three lines; the first has a date or address, as all of them do.
    """
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    if not end or not lines[end - 1].rstrip().endswith(":"):
        return lines
    start = end - 1
    while start > max(end - 3, 0) and lines[start - 1].strip() and not _has_clue(lines[start]):
        start -= 1
    return lines[:start] if _has_clue("".join(lines[start:end])) else lines[: end - 1]


def _has_clue(line: str) -> bool:
    return any(character.isdigit() for character in line)


def _one_line(lines: Iterator[str], max_characters: int) -> str:
    """The first words of lines, single spaces between them; reads no more lines than it needs."""
    pieces: list[str] = []
    left = max_characters
    for line in lines:
        if piece := " ".join(printable(line).split()):
            pieces.append(piece)
            left -= len(piece) + 1
            if left < 0:
                break
    return " ".join(pieces)[:max_characters]
