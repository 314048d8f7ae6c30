"""Words out of HTML."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.html_text import html_to_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("a<br>b<BR/>c", "a\nb\nc"),
        ("<b>bo</b>ld", "bold"),
        ("lines\n  of   source\tare\r\none", "lines of source are one"),
        ("<html><head><title>t</title><style>x</style></head><body>text</body>", "text"),
        ("<head><title>never closed<body>text", "text"),
        ("a<script>if (a < b) alert('</p>')</script>b", "a b"),
        ('a<script>x</script ">b', "a b"),
        ("a<script>x</script y=\">\" z='>'>b", "a b"),
        ("a<style>x</style x='>b", "a b"),
        ('<p class="x"">a</p\'>', "a"),
        ("a<!-- <p>comment</p> -->b", "a b"),
        ("a<!-- open", "a"),
        ("<a title=\"x > y\" href='z'>link</a>", "link"),
        ("1 < 2 &amp; 3 &gt; 2", "1 < 2 & 3 > 2"),
        ("&#72;&#x69;&nbsp;&euro;&nosuch;", "Hi €&nosuch;"),
        ("&#" + "9" * 6000 + ";", "\ufffd"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        (
            "<div>mine</div><blockquote>theirs<br>too<blockquote>older</blockquote></blockquote>end",
            "mine\n\n> theirs\n> too\n> > older\nend",
        ),
        ("<!DOCTYPE html><?xml version='1.0'?>x", "x"),
        ("text <b", "text"),
        ("<header>kept</header>", "kept"),
        ("\x0e\x0fno marks from outside", "no marks from outside"),
        ("", ""),
    ],
)
def test_text(source: str, text: str) -> None:
    assert html_to_text(source).replace("\n\n", "\n") == text.replace("\n\n", "\n")


def test_source_is_bounded() -> None:
    assert html_to_text("abcdef", max_characters=3) == "abc"


PIECES = ["<", ">", "a", "/", "!--", "-->", "script", "b ", '"', "'", "&", "#", "x", "9", ";", "\0"]


@given(st.lists(st.sampled_from([*PIECES, "<blockquote>", "</script>", "<head>", "\n"])))
@settings(deadline=None, max_examples=200)
def test_never_raises(pieces: list[str]) -> None:
    text = html_to_text("".join(pieces))
    assert "\n\n\n" not in text
    assert text == text.strip()


@pytest.mark.parametrize(
    "shape",
    [
        "<",
        "<a",
        "<a ",
        '<a "',
        "<a '",
        "<a =\"'=",
        "<script></script ='\"",
        "<!--",
        "<script>",
        "</",
        "<blockquote>",
        "&#",
        "&",
        "<div>",
        "<script>&#9",
        "</script",
        "\x0e",
        " ",
        "<!",
        "<head>",
    ],
)
def test_a_megabyte_of_rubbish(shape: str) -> None:
    assert len(html_to_text(shape * (1_000_000 // len(shape)))) <= 2_000_000
