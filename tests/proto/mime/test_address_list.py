"""Address lists of tidy and untidy senders."""

from email.utils import getaddresses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.address_list import (
    Group,
    ListItem,
    Mailbox,
    _Reader,
    address_text,
    display_name,
    mailboxes,
    parse_address_list,
)
from roost.proto.mime.header import unfold


def box(name: bytes | None, local: bytes, domain: bytes, route: bytes | None = None) -> Mailbox:
    return Mailbox(name, route, local, domain)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"a@b.c", [box(None, b"a", b"b.c")]),
        (b"<a@b.c>", [box(None, b"a", b"b.c")]),
        (b"John Doe <a@b>", [box(b"John Doe", b"a", b"b")]),
        (b'"Doe, John \\"JD\\"" <a@b>', [box(b'Doe, John "JD"', b"a", b"b")]),
        (b"J. R. Doe <a@b>", [box(b"J. R. Doe", b"a", b"b")]),
        (b"a@b (Old (nested) Style)", [box(b"Old (nested) Style", b"a", b"b")]),
        (b"Name (dropped) <a@b>", [box(b"Name", b"a", b"b")]),
        (
            b"a@b, c@d,\r\n e@f",
            [box(None, b"a", b"b"), box(None, b"c", b"d"), box(None, b"e", b"f")],
        ),
        (b"a@b,, ,c@d,", [box(None, b"a", b"b"), box(None, b"c", b"d")]),
        (b"a@b; c@d", [box(None, b"a", b"b"), box(None, b"c", b"d")]),
        (b'"a b"@c', [box(None, b"a b", b"c")]),
        (b'"a\\"b"@c', [box(None, b'a"b', b"c")]),
        (b"a@[192.0.2.1]", [box(None, b"a", b"[192.0.2.1]")]),
        (b"a . b @ c . d", [box(None, b"a.b", b"c.d")]),
        (b"N <@x,@y.z:a@b>", [box(b"N", b"a", b"b", b"@x,@y.z")]),
        (b"undisclosed-recipients:;", [Group(b"undisclosed-recipients", ())]),
        (
            b"G: a@b, N <c@d>;, e@f",
            [Group(b"G", (box(None, b"a", b"b"), box(b"N", b"c", b"d"))), box(None, b"e", b"f")],
        ),
        (b"G: a@b", [Group(b"G", (box(None, b"a", b"b"),))]),
        (b"=?utf-8?q?Doe,_J?= <a@b>", [box(b"=?utf-8?q?Doe,_J?=", b"a", b"b")]),
        (b"=?utf-8?q?Doe, J?= <a@b>", [box(b"=?utf-8?q?Doe, J?=", b"a", b"b")]),
        ("Jürgen <j@x>".encode(), [box("Jürgen".encode(), b"j", b"x")]),
        (b"[List] Bot <a@b>", [box(b"[List] Bot", b"a", b"b")]),
        (b"John a@b", [box(b"John", b"a", b"b")]),
        (b"a@b@c", [box(None, b"a@b", b"c")]),
        (b"<a@b", [box(None, b"a", b"b")]),
        (b"<<a@b>>", [box(None, b"a", b"b")]),
        (b'"open <a@b>, c@d', [box(b"open", b"a", b"b"), box(None, b"c", b"d")]),
        (b"postmaster", [box(None, b"postmaster", b"")]),
        (b"two words", [box(None, b"two words", b"")]),
        (b"Name <>", [box(b"Name", b"", b"")]),
        (b"<>", []),
        (b"", []),
        (b" \r\n ", []),
        (b"(only a comment)", []),
    ],
    ids=lambda value: value[:24].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_reads(raw: bytes, expected: list[ListItem]) -> None:
    assert list(parse_address_list(raw)) == expected


def test_number_of_addresses_is_bounded() -> None:
    assert len(parse_address_list(b"a@b," * 50, max_addresses=7)) == 7
    assert len(list(mailboxes(parse_address_list(b"g:" + b"a@b," * 50, max_addresses=7)))) == 7
    assert len(parse_address_list(b"g:;" * 50, max_addresses=7)) == 7
    assert parse_address_list(b"a@b", max_addresses=0) == ()


@pytest.mark.parametrize(
    ("raw", "name", "address"),
    [
        (b"=?utf-8?q?J=C3=BCrgen?= <j@x.test>", "Jürgen", "j@x.test"),
        (b'"=?utf-8?q?J=C3=BCrgen?=" <j@x.test>', "Jürgen", "j@x.test"),
        (b'"a b"@x.test', "", '"a b"@x.test'),
        ("ü@bücher.example".encode(), "", "ü@bücher.example"),
        (b"=?utf-8?q?evil=0D=0ABcc:_x?= <a@b>", "evil Bcc: x", "a@b"),
        (b"root", "", "root"),
    ],
    ids=["word", "word in quotes", "quoted local part", "utf-8", "line end inside", "no domain"],
)
def test_shown_form(raw: bytes, name: str, address: str) -> None:
    (mailbox,) = mailboxes(parse_address_list(raw))
    assert (display_name(mailbox), address_text(mailbox)) == (name, address)


ATOM = st.text("abcXYZ019_+-", min_size=1, max_size=8)
DOT_ATOM = st.lists(ATOM, min_size=1, max_size=3).map(".".join)
NAME = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'), max_size=12
)


@given(st.lists(st.tuples(NAME, DOT_ATOM, DOT_ATOM), min_size=1, max_size=4))
@settings(deadline=None)
def test_agrees_with_the_standard_library(parts: list[tuple[str, str, str]]) -> None:
    raw = ", ".join(f'"{name}" <{local}@{domain}>' for name, local, domain in parts)
    ours = [
        ((box.name or b"").decode().strip(), f"{box.local.decode()}@{box.domain.decode()}")
        for box in mailboxes(parse_address_list(raw.encode()))
    ]
    assert ours == [(name.strip(), address) for name, address in getaddresses([raw])]


SPELLED = st.sampled_from(
    ['"{}" <{}@{}>', "{} <{}@{}>", "<{1}@{2}>", "{1}@{2}", "{0}{1}@{2}>", "<{1}@{2}"]
)


@given(
    st.lists(st.tuples(SPELLED, NAME, DOT_ATOM, DOT_ATOM), max_size=4),
    st.sampled_from([",", ", ", ",\r\n\t", " , ", " "]),
)
@settings(deadline=None, max_examples=300)
def test_the_short_way_reads_like_the_whole_grammar(
    parts: list[tuple[str, str, str, str]], between: str
) -> None:
    raw = between.join(form.format(name, *rest) for form, name, *rest in parts).encode()
    assert list(parse_address_list(raw)) == _Reader(1000).read(unfold(raw))


PIECES = [b"a", b" ", b"@", b".", b",", b";", b":", b"<", b">", b"(", b")", b'"', b"\\", b"["]


@given(st.lists(st.sampled_from([*PIECES, b"]", b"\xff", b"\0", b"\r\n ", b"=?a?q?", b"?="])))
@settings(deadline=None, max_examples=200)
def test_never_raises(pieces: list[bytes]) -> None:
    items = parse_address_list(b"".join(pieces))
    for mailbox in mailboxes(items):
        display_name(mailbox).encode()
        address_text(mailbox).encode()


@pytest.mark.parametrize("shape", [*PIECES, b"a@", b"<@a,", b"g:;", b'\\"', b"(\\", b'<"'])
def test_a_megabyte_of_rubbish(shape: bytes) -> None:
    assert len(parse_address_list(shape * (1_000_000 // len(shape)))) <= 1000
