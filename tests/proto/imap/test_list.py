"""LIST and LSUB. RFC 9051 section 6.3.9, RFC 5258, RFC 5819, RFC 6154."""

import pytest

from roost.proto.imap.command import Arguments
from roost.proto.imap.core import CORE
from roost.proto.imap.core.list import List, ListReturn, ListSelect, Lsub
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.extension import Grammar

GRAMMAR = Grammar(CORE)


def parse(text: bytes) -> Arguments:
    return GRAMMAR.parse((b"a " + text,)).args


@pytest.mark.parametrize(
    ("text", "args"),
    [
        (b'LIST "" ""', List("", ("",))),
        (b"LIST ~/Mail/ %", List("~/Mail/", ("%",))),
        (b'LIST "" "inbox"', List("", ("inbox",))),
        (b'LIST "" &U,BTFw-*', List("", ("台北*",))),
        (b'LIST () "" *', List("", ("*",), extended=True)),
        (
            b'LIST (SUBSCRIBED remote RecursiveMatch) "" "*"',
            List(
                "",
                ("*",),
                ListSelect(subscribed=True, remote=True, recursive_match=True),
                extended=True,
            ),
        ),
        (
            b'LIST (special-use) "" ("INBOX" Drafts Sent/%)',
            List("", ("INBOX", "Drafts", "Sent/%"), ListSelect(special_use=True), extended=True),
        ),
        (
            b'LIST "" % RETURN (children subscribed SPECIAL-USE STATUS (MESSAGES UNSEEN))',
            List(
                "",
                ("%",),
                returns=ListReturn(True, True, True, ("MESSAGES", "UNSEEN")),
                extended=True,
            ),
        ),
        (b'LIST "" % return ()', List("", ("%",), extended=True)),
        (b'LSUB "#news." "comp.mail.*"', Lsub("#news.", "comp.mail.*")),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_reads(text: bytes, args: Arguments) -> None:
    assert parse(text) == args


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b'LIST ""', 9),
        (b"LIST * a", 7),
        (b'LIST "" (', 11),
        (b'LIST "" ()', 11),
        (b'LIST "" % GIVE (CHILDREN)', 12),
        (b'LIST "" % RETURN', 18),
        (b'LIST "" % RETURN (FOO)', 20),
        (b'LIST "" % RETURN (STATUS)', 26),
        (b'LIST "" % RETURN (STATUS (FOO))', 28),
        (b'LIST (FOO) "" %', 8),
        (b'LIST (RECURSIVEMATCH) "" %', 7),
        (b'LIST (REMOTE RECURSIVEMATCH) "" %', 7),
        (b'LIST "" a b', 12),
        (b'LSUB "" (a)', 10),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset


def test_patterns_are_bounded_in_number() -> None:
    with pytest.raises(OverLimit):
        parse(b'LIST "" (' + b" ".join([b"a"] * 51) + b")")
