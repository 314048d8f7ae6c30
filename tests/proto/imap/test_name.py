"""Mailbox names and patterns. RFC 9051 sections 5.1 and 6.3.9."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.imap.error import BadMailboxName, OverLimit
from roost.proto.imap.name import MAX_PATTERN_CHARACTERS, decode_name, encode_name, matches


@pytest.mark.parametrize(
    ("octets", "utf8", "name"),
    [
        (b"inBox", False, "INBOX"),
        (b"inbox/a", False, "INBOX/a"),
        (b"inboxes", False, "inboxes"),
        (b"Entw&APw-rfe", False, "Entwürfe"),
        ("Entwürfe".encode(), True, "Entwürfe"),
        ("Entwu\u0308rfe".encode(), True, "Entwürfe"),
        (b"a&b", True, "a&b"),
        (b"a&-b", True, "a&-b"),
    ],
)
def test_reads(octets: bytes, utf8: bool, name: str) -> None:
    assert decode_name(octets, utf8=utf8) == name


def test_octets_that_are_not_utf8() -> None:
    with pytest.raises(BadMailboxName) as error:
        decode_name(b"ab\xff", utf8=True)
    assert error.value.offset == 2


@given(st.text(), st.booleans())
@settings(deadline=None)
def test_a_name_survives(text: str, utf8: bool) -> None:
    name = decode_name(encode_name(text, utf8=utf8), utf8=utf8)
    assert decode_name(encode_name(name, utf8=utf8), utf8=utf8) == name


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        ("*", "a/b", True),
        ("*", "", True),
        ("%", "a", True),
        ("%", "a/b", False),
        ("a/%", "a/b", True),
        ("a/%", "a/b/c", False),
        ("a/*", "a/b/c", True),
        ("a*", "a", True),
        ("a%b*c", "axb/yc", True),
        ("%/%", "a/b", True),
        ("%%", "a/b", False),
        ("%*", "a/b", True),
        ("*b%", "a/bc/d", False),
        ("*b%", "a/b/bc", True),
        ("inbox", "INBOX", True),
        ("iNb%", "INBOX", True),
        ("i*", "INBOX", True),
        ("inbox/%", "INBOX/a", True),
        ("a", "A", False),
        ("", "a", False),
        ("a.c", "abc", False),
    ],
)
def test_patterns(pattern: str, name: str, found: bool) -> None:
    assert matches(pattern, name) is found


@given(st.text("ab/*%", max_size=8), st.text("ab/", max_size=8))
@settings(max_examples=400, deadline=None)
def test_patterns_mean_what_the_rfc_says(pattern: str, name: str) -> None:
    as_regex = re.escape(pattern).replace(r"\*", ".*").replace("%", "[^/]*")
    assert matches(pattern, name) is (re.fullmatch(as_regex, name) is not None)


def test_a_hostile_pattern_ends_soon() -> None:
    assert not matches("*a" * 400 + "b", "a" * 1000)


def test_a_pattern_has_bounds() -> None:
    with pytest.raises(OverLimit):
        matches("%" * (MAX_PATTERN_CHARACTERS + 1), "a")
