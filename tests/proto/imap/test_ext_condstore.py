"""CONDSTORE. RFC 7162 section 3.1."""

import pytest

from roost.proto.imap import sequence
from roost.proto.imap.command import Arguments
from roost.proto.imap.core import CORE
from roost.proto.imap.core.fetch import Fetch, FetchAttribute
from roost.proto.imap.core.search import And, HasFlag, Not, Or, Search
from roost.proto.imap.core.select import Select
from roost.proto.imap.core.status import Status
from roost.proto.imap.core.store import Store, StoreAction
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext import condstore
from roost.proto.imap.ext.condstore import (
    CONDSTORE,
    ChangedSince,
    CondstoreParameter,
    EntryType,
    ModseqFrom,
    ModseqItem,
    UnchangedSince,
)
from roost.proto.imap.extension import Grammar
from roost.proto.imap.flags import DELETED, SEEN, Flags

GRAMMAR = Grammar((*CORE, CONDSTORE))
FLAGS, UID = FetchAttribute.FLAGS, FetchAttribute.UID


def parse(text: bytes) -> Arguments:
    return GRAMMAR.parse((b"a " + text,)).args


@pytest.mark.parametrize(
    ("text", "args"),
    [
        (b"SELECT INBOX (CONDSTORE)", Select("INBOX", (CondstoreParameter(),))),
        (b"STATUS blurdybloop (UIDNEXT HIGHESTMODSEQ)", Status("blurdybloop", ("UIDNEXT", "HIGHESTMODSEQ"))),
        (b"UID FETCH 1:* (FLAGS) (CHANGEDSINCE 12345)",
         Fetch(sequence.parse(b"1:*"), (FLAGS,), (ChangedSince(12345),))),
        (b"FETCH 1 FLAGS (changedsince 0)", Fetch(sequence.parse(b"1"), (FLAGS,), (ChangedSince(0),))),
        (b"FETCH 1:3 (MODSEQ)", Fetch(sequence.parse(b"1:3"), (ModseqItem(),))),
        (b"STORE 7,5,9 (UNCHANGEDSINCE 320162338) +FLAGS.SILENT (\\Deleted)",
         Store(sequence.parse(b"5,7,9"), StoreAction.ADD, Flags(DELETED), silent=True,
               modifiers=(UnchangedSince(320162338),))),
        (b"STORE 12 (UNCHANGEDSINCE 0) +FLAGS.SILENT ($MDNSent)",
         Store(sequence.parse(b"12"), StoreAction.ADD, Flags(512), silent=True, modifiers=(UnchangedSince(0),))),
        (b'SEARCH MODSEQ "/flags/\\\\draft" all 620162338',
         Search(ModseqFrom(620162338, b"\\draft", EntryType.ALL))),
        (b'SEARCH OR NOT MODSEQ 720162338 SEEN',
         Search(Or(Not(ModseqFrom(720162338)), HasFlag(SEEN)))),
        (b'SEARCH MODSEQ "/FLAGS/$MDNSent" priv 0 SEEN',
         Search(And((ModseqFrom(0, b"$MDNSent", EntryType.PRIV), HasFlag(SEEN))))),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)  # fmt: skip
def test_reads(text: bytes, args: Arguments) -> None:
    assert parse(text) == args
    assert condstore.enables_condstore(GRAMMAR.parse((b"a " + text,)))


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"SELECT INBOX (CONDSTORE CONDSTORE)", 26),
        (b"SELECT INBOX (CONDSTORE 5)", 26),
        (b"FETCH 1 FLAGS (CHANGEDSINCE)", 29),
        (b"FETCH 1 FLAGS (CHANGEDSINCE x)", 30),
        (b"FETCH 1 FLAGS (CHANGEDSINCE 9223372036854775808)", 30),
        (b"FETCH 1 FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 2)", 32),
        (b"STORE 1 (UNCHANGEDSINCE 1 UNCHANGEDSINCE 2) FLAGS ()", 28),
        (b"STORE 1 (UNCHANGEDSINCE -1) FLAGS ()", 26),
        (b"SEARCH MODSEQ", 15),
        (b"SEARCH MODSEQ x", 16),
        (b'SEARCH MODSEQ "/comment" all 5', 16),
        (b'SEARCH MODSEQ "/flags/" all 5', 16),
        (b'SEARCH MODSEQ "/flags/a" none 5', 27),
        (b'SEARCH MODSEQ "/flags/a" 5', 27),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset


@pytest.mark.parametrize(
    "text",
    [
        b"SELECT a",
        b"FETCH 1 FLAGS",
        b"STORE 1 FLAGS ()",
        b"SEARCH SEEN",
        b"NOOP",
        b"STATUS a (UNSEEN)",
    ],
)
def test_other_commands_do_not_enable_it(text: bytes) -> None:
    assert not condstore.enables_condstore(GRAMMAR.parse((b"a " + text,)))


def test_list_status_enables_it() -> None:
    command = GRAMMAR.parse((b'a LIST "" % RETURN (STATUS (HIGHESTMODSEQ))',))
    assert condstore.enables_condstore(command)


@pytest.mark.parametrize(
    ("spelled", "wire"),
    [
        (condstore.modified_code([7, 9]), b"MODIFIED 7,9"),
        (condstore.modseq_item(624140003), b"MODSEQ (624140003)"),
        (condstore.esearch_modseq_item(917162500), b"MODSEQ 917162500"),
        (condstore.search_with_modseq([2, 5, 6], 917162500), b"* SEARCH 2 5 6 (MODSEQ 917162500)\r\n"),
        (condstore.search_with_modseq([], 5), b"* SEARCH\r\n"),
        (condstore.fetch_flags_modseq([(4, 8, SEEN, ("w",), 12)], uid=True),
         b"* 4 FETCH (UID 8 FLAGS (\\Seen w) MODSEQ (12))\r\n"),
        (condstore.fetch_flags_modseq([(4, 8, 0, (), 2**63 - 1)], uid=False),
         b"* 4 FETCH (FLAGS () MODSEQ (9223372036854775807))\r\n"),
    ],
)  # fmt: skip
def test_spells(spelled: bytes, wire: bytes) -> None:
    assert spelled == wire


def test_a_long_search_answer_has_the_modseq_on_each_line() -> None:
    lines = condstore.search_with_modseq(range(1, 251), 7).splitlines()
    assert len(lines) == 3
    assert all(line.endswith(b" (MODSEQ 7)") for line in lines)
