"""Folding, words and previews."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.text import fold_text, preview, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HELLO", "hello"),
        ("ÄÖÜ", "äöü"),
        ("a\u0308", "ä"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("ı", "I"),
        ("ſ", "s"),
        ("Straße", "STRASSE"),
        ("ﬁle", "File"),
        ("ＷＩＤＥ", "wide"),
        ("Ǆ", "ǆ"),
    ],
    ids=[
        "case",
        "umlauts",
        "forms",
        "sigma",
        "dotless i",
        "long s",
        "sharp s",
        "ligature",
        "wide",
        "title case",
    ],
)
def test_folds_alike(one: str, other: str) -> None:
    assert fold_text(one) == fold_text(other)


def test_accents_are_kept() -> None:
    assert fold_text("Müller") != fold_text("Muller")


@given(st.text())
@settings(deadline=None, max_examples=200)
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold_text(text)
    assert fold_text(once) == once


@given(st.characters(exclude_categories=["Cs"]))
@settings(deadline=None, max_examples=200)
def test_folds_alike_what_rfc_5051_holds_equal(character: str) -> None:
    titled = character.title() if len(character.title()) == 1 else character
    assert fold_text(unicodedata.normalize("NFKD", titled)) == fold_text(character)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, world! Hello.", ["hello", "world", "hello"]),
        ("foo_bar x-y 3.14", ["foo", "bar", "x", "y", "3", "14"]),
        ("Müller", [fold_text("müller")]),
        ("日本語 と", [*("日本", "本語"), "と"]),
        ("abc漢字def", ["abc", "漢字", "def"]),
        ("हिन्दी।", ["हिन्दी"]),
        ("สวัสดี", ["สว", "วั", "ัส", "สด", "ดี"]),
        ("x" * 100, ["x" * 64]),
        ("... --- ...", []),
    ],
    ids=[
        "words",
        "marks part",
        "accent",
        "han and kana",
        "mixed",
        "vowel signs",
        "thai",
        "long",
        "none",
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert list(words(fold_text(text))) == expected


@given(st.text())
@settings(deadline=None)
def test_words_are_pieces_of_the_text(text: str) -> None:
    folded = fold_text(text)
    assert all(word and word in folded for word in words(folded))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello\r\n  there,\tyou", "Hello there, you"),
        ("Yes.\n\nOn 1 Jan 2024, Bob wrote:\n> Really?\n> Yes?\n", "Yes."),
        ("On 1 Jan 2024 at 10:00,\nBob <b@x> wrote:\n\n> Really?\n\nYes.", "Yes."),
        ("Am 01.01.24 um 10:00 schrieb Bob:\n> Wirklich?\nJa.", "Ja."),
        ("Bob wrote:\n> a\nMine", "Mine"),
        ("Mine\n-- \nBob\nBig Corp", "Mine"),
        ("Mine\n-----Original Message-----\nFrom: x", "Mine"),
        ("Mine\n________________________________\nFrom: x", "Mine"),
        ("Title\n=====\nText", "Title Text"),
        ("> only\n> quoted", "only quoted"),
        ("Deal\u200c\u00a0\u200c\u00a0\u034f today", "Deal today"),
        ("a\x00\x1bb", "ab"),
        ("", ""),
        ("List:\n- one", "List: - one"),
    ],
)
def test_preview(text: str, expected: str) -> None:
    assert preview(text) == expected


def test_preview_is_bounded() -> None:
    assert len(preview("word " * 1000)) <= 256
    assert preview("abcdef", max_characters=3) == "abc"


@given(
    st.lists(st.sampled_from(["> ", "\n", "a", "wrote:", "1", "-- ", "---", "\u200b", " ", "\0"]))
)
@settings(deadline=None, max_examples=200)
def test_preview_is_one_clean_line(pieces: list[str]) -> None:
    line = preview("".join(pieces))
    assert line == " ".join(line.split())
    assert line.isprintable()


@pytest.mark.parametrize(
    "shape", ["> \n", "a:\n", "wrote:\n> \n", "-", "_", " ", "\n", "=-", "---a"]
)
def test_preview_of_a_megabyte(shape: str) -> None:
    assert len(preview(shape * (1_000_000 // len(shape)))) <= 256
