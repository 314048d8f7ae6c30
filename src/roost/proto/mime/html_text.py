"""The text of an HTML body for previews and search; not for showing. WHATWG HTML section 13."""

import html
import re

MAX_CHARACTERS = 1_048_576

# What stands in a tag behind its name. Only behind = do quotes hold anything: as browsers read it.
_ATTRIBUTES = r"""(?:[^<>"'=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+|["'])*+>?+"""
# Each pattern takes what it looked at, to the end if nothing closes it; so time is linear.
_DROPPED = re.compile(
    r"<!--.*?(?:-->|\Z)"
    rf"|<head\b.*?(?:</head\b{_ATTRIBUTES}|(?=<body\b)|\Z)"
    rf"|<(script|style|title|template|svg|object|noframes)\b.*?(?:</\1\b{_ATTRIBUTES}|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(rf"""</?([a-zA-Z][^\s<>/"']*+){_ATTRIBUTES}|<[!?/][^>]*+>?+""")
_LONG_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{8,}+;?")
_EMPTY_LINES = re.compile(r"\n{3,}")

_LINES = frozenset(
    {"br", "p", "div", "tr", "li", "ul", "ol", "dl", "dt", "dd", "table", "hr", "pre", "form"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "address", "article", "section", "header", "footer"}
    | {"center", "body", "html", "option", "figure", "figcaption", "aside", "main", "nav"}
)
_GAPS = frozenset({"td", "th", "img", "input", "button", "select", "textarea", "iframe"})

# Marks for quotations while lines are put together; no text has them, they are control
# characters that are taken out of it before.
_QUOTE, _UNQUOTE = "\x0e", "\x0f"
_MARKS = _QUOTE + _UNQUOTE
_ONE_LINE = str.maketrans("\t\r\n\f", "    ", _MARKS)  # only tags make lines
_MAX_QUOTE_DEPTH = 10


def html_to_text(source: str, max_characters: int = MAX_CHARACTERS) -> str:
    """The words of an HTML text, a line for each block, `> ` before lines of quotations.

    source: only its first `max_characters` are read. Never raises, however broken the tags are;
    scripts, styles, comments and the head are left out. Lines end in LF.
    """
    text = _DROPPED.sub(" ", source[:max_characters].translate(_ONE_LINE))
    text = _TAG.sub(_spell_tag, text)
    # Python refuses to read numbers of thousands of digits; no character has over seven.
    text = html.unescape(_LONG_NUMBER.sub("\ufffd", text))
    return _EMPTY_LINES.sub("\n\n", "\n".join(_lines(text))).strip()


def _spell_tag(found: re.Match[str]) -> str:
    name = (found[1] or "").lower()
    if name in _LINES:
        return "\n"
    if name == "blockquote":
        return "\n" + (_UNQUOTE if found[0][1] == "/" else _QUOTE)
    return " " if name in _GAPS else ""


def _lines(text: str) -> list[str]:
    """Lines with single spaces, those inside quotations marked; a mark begins its line."""
    lines: list[str] = []
    depth = 0
    for line in text.split("\n"):
        depth = max(depth + line.startswith(_QUOTE) - line.startswith(_UNQUOTE), 0)
        words = " ".join(line.lstrip(_MARKS).split())
        marks = "> " * min(depth, _MAX_QUOTE_DEPTH)
        lines.append(marks + words if words else "")
    return lines
