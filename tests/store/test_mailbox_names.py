"""Names of mailboxes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.store.mailbox_names import MailboxNameInvalid, below, lineage, parent_of, parse_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Work", "Work"),
        ("inbox", "INBOX"),
        ("InBoX/Sub", "INBOX/Sub"),
        ("Work/inbox", "Work/inbox"),
        ("inboxes", "inboxes"),
        ("a/b/c", "a/b/c"),
        ("a b", "a b"),
        ("e\u0301te", "\u00e9te"),
        ("a#b", "a#b"),
        ("a.b", "a.b"),
        ("...", "..."),
        ("a" * 1024, "a" * 1024),
        ("/".join("a" * 32), "/".join("a" * 32)),
    ],
    ids=[
        "plain", "inbox", "below inbox", "inbox below", "only like inbox", "levels", "space",
        "nfc", "number sign inside", "dot inside", "three dots", "longest", "deepest",
    ],
)  # fmt: skip
def test_names_that_are_taken(text: str, name: str) -> None:
    assert parse_name(text) == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "something before and after"),
        ("/a", "something before and after"),
        ("a/", "something before and after"),
        ("a//b", "something before and after"),
        ("/", "something before and after"),
        (".", '"." or ".."'),
        ("a/../b", '"." or ".."'),
        ("#news", 'begins with "#"'),
        ("a\nb", "control character"),
        ("a\x00", "control character"),
        ("a\x7f", "control character"),
        ("a\x85", "control character"),
        ("a\u2028", "control character"),
        ("a\ud800", "control character"),
        ("é" * 513, "1024 octets"),
        ("/".join("a" * 33), "32 levels"),
    ],
)
def test_names_that_are_refused(text: str, reason: str) -> None:
    with pytest.raises(MailboxNameInvalid, match=reason):
        parse_name(text)


@settings(deadline=None, max_examples=150)
@given(st.text())
def test_any_text_is_a_name_or_refused_and_a_name_is_its_own_form(text: str) -> None:
    try:
        name = parse_name(text)
    except MailboxNameInvalid:
        return
    assert parse_name(name) == name
    assert lineage(name)[-1] == name
    assert parent_of(name) == (lineage(name)[-2] if "/" in name else None)


@settings(deadline=None, max_examples=150)
@given(st.text(min_size=1), st.text(min_size=1))
def test_below_holds_every_name_below_and_no_other(name: str, other: str) -> None:
    start, end = below(name)
    assert start <= f"{name}/{other}" < end
    assert (start <= other < end) == other.startswith(f"{name}/")
