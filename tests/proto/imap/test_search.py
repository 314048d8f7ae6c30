"""SEARCH. RFC 9051 section 6.4.4, RFC 4731, RFC 5182."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.imap import flags, sequence
from roost.proto.imap.core import CORE
from roost.proto.imap.core.search import (
    AddressField,
    And,
    ByDate,
    BySize,
    DateField,
    HasFlag,
    HasKeyword,
    InBody,
    InEnvelope,
    InHeader,
    InNumbers,
    InText,
    InUids,
    IsRecent,
    Not,
    Or,
    Search,
    SearchKey,
    SearchReturn,
    When,
)
from roost.proto.imap.error import BadCharset, BadSyntax, OverLimit
from roost.proto.imap.extension import Grammar
from roost.proto.imap.sequence import SAVED
from roost.proto.imap.spelling import astring
from roost.proto.imap.token import ArgumentLiteral, Piece

GRAMMAR = Grammar(CORE)
DAY = date(1994, 2, 1)
SEEN, UNSEEN = HasFlag(flags.SEEN), HasFlag(flags.SEEN, present=False)


def parse(*pieces: Piece) -> Search:
    first = pieces[0]
    assert isinstance(first, bytes)
    args = GRAMMAR.parse((b"a SEARCH " + first, *pieces[1:])).args
    assert isinstance(args, Search)
    return args


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (b"ALL", And()),
        (b"answered", HasFlag(flags.ANSWERED)),
        (b"UNDRAFT", HasFlag(flags.DRAFT, present=False)),
        (b"UNSEEN", UNSEEN),
        (b"NEW", And((IsRecent(), UNSEEN))),
        (b"OLD", IsRecent(present=False)),
        (b"RECENT", IsRecent()),
        (b"KEYWORD $Junk", HasFlag(flags.JUNK)),
        (b"UNKEYWORD Work", HasKeyword("work", present=False)),
        (b"2,4:7", InNumbers(sequence.parse(b"2,4:7"))),
        (b"*", InNumbers(sequence.parse(b"*"))),
        (b"$", InNumbers(SAVED)),
        (b"UID 3:*", InUids(sequence.parse(b"3:*"))),
        (b"UID $", InUids(SAVED)),
        (b'FROM "Smith"', InEnvelope(AddressField.FROM, "Smith")),
        (b"BCC a", InEnvelope(AddressField.BCC, "a")),
        ('SUBJECT "grüße"'.encode(), InEnvelope(AddressField.SUBJECT, "grüße")),
        (b'HEADER Message-ID ""', InHeader("message-id", "")),
        (b"BODY x", InBody("x")),
        (b"TEXT x", InText("x")),
        (b"SINCE 1-Feb-1994", ByDate(DateField.INTERNAL, When.SINCE, DAY)),
        (b'BEFORE "1-Feb-1994"', ByDate(DateField.INTERNAL, When.BEFORE, DAY)),
        (b"ON 1-Feb-1994", ByDate(DateField.INTERNAL, When.ON, DAY)),
        (b"SENTBEFORE 1-Feb-1994", ByDate(DateField.SENT, When.BEFORE, DAY)),
        (b"SENTON 1-Feb-1994", ByDate(DateField.SENT, When.ON, DAY)),
        (b"SENTSINCE 1-Feb-1994", ByDate(DateField.SENT, When.SINCE, DAY)),
        (b"LARGER 9223372036854775807", BySize(True, 2**63 - 1)),
        (b"SMALLER 0", BySize(False, 0)),
        (b"NOT SEEN", Not(SEEN)),
        (b"OR SEEN NOT ALL", Or(SEEN, Not(And()))),
        (b"(SEEN)", SEEN),
        (b"(SEEN UNSEEN)", And((SEEN, UNSEEN))),
        (b"SEEN OR (1 UNSEEN) 2", And((
            SEEN,
            Or(And((InNumbers(sequence.parse(b"1")), UNSEEN)), InNumbers(sequence.parse(b"2"))),
        ))),
        (b"CHARSET utf-8 SEEN", SEEN),
        (b'CHARSET "US-ASCII" SEEN', SEEN),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)  # fmt: skip
def test_reads_keys(text: bytes, key: SearchKey) -> None:
    assert parse(text) == Search(key)


@pytest.mark.parametrize(
    ("text", "returns"),
    [
        (b"RETURN (MIN COUNT) ALL", SearchReturn(min=True, count=True)),
        (b"RETURN () ALL", SearchReturn(all=True)),
        (b"return (save) ALL", SearchReturn(save=True)),
        (b"RETURN (ALL max) CHARSET UTF-8 ALL", SearchReturn(all=True, max=True)),
    ],
)
def test_reads_return_options(text: bytes, returns: SearchReturn) -> None:
    assert parse(text) == Search(And(), returns)


def test_texts_may_be_literals() -> None:
    found = parse(b"CHARSET UTF-8 TEXT ", ArgumentLiteral("ЖЛОБ".encode()), b" SEEN")
    assert found == Search(And((InText("ЖЛОБ"), SEEN)))


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"", 9),
        (b"FOO", 9),
        (b"SEEN ", 14),
        (b"SEEN  SEEN", 14),
        (b"SEEN,", 9),
        (b"NOT", 12),
        (b"NOT ", 13),
        (b"OR SEEN", 16),
        (b"()", 10),
        (b"(SEEN", 14),
        (b"SEEN)", 13),
        (b"SINCE 31-Feb-1994", 15),
        (b"SINCEx", 9),
        (b"LARGER x", 16),
        (b"LARGER 9223372036854775808", 16),
        (b"UID x", 13),
        (b"0", 9),
        (b"KEYWORD \\Seen", 17),
        (b"HEADER a", 17),
        (b"TEXT (a)", 14),
        (b'TEXT "\xff"', 15),
        (b"RETURN MIN ALL", 16),
        (b"RETURN (FOO) ALL", 17),
        (b"RETURN (MIN)", 21),
        (b"CHARSET", 16),
        (b"CHARSET UTF-8", 22),
    ],
    ids=lambda value: value.decode(errors="replace") if isinstance(value, bytes) else "",
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset


def test_a_literal_that_is_not_utf8() -> None:
    with pytest.raises(BadSyntax) as error:
        parse(b"TEXT ", ArgumentLiteral(b"\xff"), b"")
    assert error.value.offset == 14


def test_an_unknown_charset_has_its_own_error() -> None:
    with pytest.raises(BadCharset):
        parse(b"CHARSET KOI8-R TEXT a")


@pytest.mark.parametrize(
    "text",
    [b"(" * 51 + b"ALL" + b")" * 51, b"NOT " * 51 + b"ALL", b"(" * 8000, b"OR ALL " * 51 + b"ALL",
     b" ".join([b"ALL"] * 1001)],
    ids=["parentheses", "not", "open", "or", "many"],
)  # fmt: skip
def test_has_bounds(text: bytes) -> None:
    with pytest.raises(OverLimit):
        parse(text)


def test_fifty_levels_are_fine() -> None:
    assert parse(b"(" * 50 + b"SEEN" + b")" * 50).key == SEEN


def spell(key: SearchKey) -> bytes:
    """A key as a client would write it, for keys that fit in one line."""
    match key:
        case And(keys):
            return b"(" + b" ".join(map(spell, keys)) + b")" if keys else b"ALL"
        case Or(left, right):
            return b"OR " + spell(left) + b" " + spell(right)
        case Not(inner):
            return b"NOT " + spell(inner)
        case HasFlag(bit, present):
            name = dict(flags.KNOWN_FLAGS)[bit]
            if name.startswith(b"\\"):
                return (b"" if present else b"UN") + name[1:]
            return (b"KEYWORD " if present else b"UNKEYWORD ") + name
        case HasKeyword(keyword, present):
            return (b"KEYWORD " if present else b"UNKEYWORD ") + keyword.encode()
        case InNumbers(messages):
            return messages.spell()
        case InUids(uids):
            return b"UID " + uids.spell()
        case InEnvelope(field, text):
            return field.value.encode() + b" " + astring(text.encode(), utf8=True)
        case InHeader(name, text):
            return b"HEADER " + astring(name.encode()) + b" " + astring(text.encode(), utf8=True)
        case ByDate(date_field, when, day):
            sent = b"SENT" if date_field is DateField.SENT else b""
            return sent + when.name.encode() + day.strftime(" %d-%b-%Y").encode()
        case BySize(larger, octets):
            return (b"LARGER %d" if larger else b"SMALLER %d") % octets
        case _:
            raise AssertionError(key)


texts = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=9)
sets = st.sampled_from([b"1", b"2:9,12", b"3:*", b"*"]).map(sequence.parse)
known_flags = st.sampled_from([bit for bit, _ in flags.KNOWN_FLAGS])
leaves: st.SearchStrategy[SearchKey] = st.one_of(
    st.just(And()),
    st.builds(HasFlag, known_flags, st.booleans()),
    st.builds(HasKeyword, st.sampled_from(["work", "x-1"]), st.booleans()),
    st.builds(InNumbers, sets),
    st.builds(InUids, st.one_of(sets, st.just(SAVED))),
    st.builds(InEnvelope, st.sampled_from(AddressField), texts),
    st.builds(InHeader, st.sampled_from(["x", "list-id"]), texts),
    st.builds(
        ByDate,
        st.sampled_from(DateField),
        st.sampled_from(When),
        st.dates(min_value=date(1000, 1, 1)),
    ),
    st.builds(BySize, st.booleans(), st.integers(0, 2**63 - 1)),
)
keys = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(Or, inner, inner),
        st.lists(inner, min_size=2, max_size=4).map(lambda some: And(tuple(some))),
    ),
    max_leaves=12,
)


@given(keys)
@settings(max_examples=200, deadline=None)
def test_a_search_survives(key: SearchKey) -> None:
    assert parse(spell(key)) == Search(key)
