"""Flags and keywords. RFC 9051 section 2.3.2."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.imap import flags
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.flags import Flags, parse_flags, spell_flags, spell_permanent

keywords = st.from_regex(r"[a-z0-9$_.-]{1,20}", fullmatch=True)
others = st.sets(keywords.filter(lambda name: flags.bit_of(name.encode()) is None), max_size=5)


@pytest.mark.parametrize(
    ("names", "read"),
    [
        ([], Flags()),
        ([rb"\seen", rb"\SEEN"], Flags(flags.SEEN)),
        ([rb"\Draft", rb"\Deleted"], Flags(flags.DELETED | flags.DRAFT)),
        ([b"$forwarded", b"$Junk"], Flags(flags.FORWARDED | flags.JUNK)),
        ([b"Work", b"later", b"WORK"], Flags(0, ("later", "work"))),
        ([rb"\Recent", rb"\Flagged"], Flags(flags.FLAGGED)),
        ([b"Junk"], Flags(0, ("junk",))),
    ],
)
def test_reads(names: list[bytes], read: Flags) -> None:
    assert parse_flags(names) == read


@pytest.mark.parametrize(
    ("names", "error", "offset"),
    [
        ([rb"\Seen", rb"\Foo"], BadSyntax, 6),
        ([rb"\*"], BadSyntax, 0),
        ([b"a", b"b]"], BadSyntax, 2),
        ([b"a", "ü".encode()], BadSyntax, 2),
        ([b""], BadSyntax, 0),
        ([b"k" * 256], OverLimit, 0),
        ([b"k%d" % n for n in range(101)], OverLimit, 0),
    ],
    ids=["system flag", "new keywords", "bracket", "not ascii", "empty", "long", "many"],
)
def test_refuses(names: list[bytes], error: type[BadSyntax], offset: int) -> None:
    with pytest.raises(error) as found:
        parse_flags(names)
    assert found.value.offset == offset


def test_spells() -> None:
    assert spell_flags(0) == b"()"
    assert spell_flags(flags.SEEN | flags.MDN_SENT, ("work",)) == rb"(\Seen $MDNSent work)"
    assert spell_flags(flags.SEEN, (), recent=True) == rb"(\Recent \Seen)"
    assert spell_permanent(("work",)) == (
        rb"(\Seen \Answered \Flagged \Deleted \Draft $Forwarded $Junk $NotJunk $Phishing $MDNSent"
        rb" $Important work \*)"
    )


@given(st.integers(0, 2047), others)
@settings(deadline=None)
def test_flags_survive(bits: int, names: set[str]) -> None:
    some = Flags(bits, tuple(sorted(names)))
    spelled = spell_flags(*some)
    assert parse_flags(spelled[1:-1].split()) == some
