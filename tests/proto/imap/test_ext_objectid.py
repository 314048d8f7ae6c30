"""OBJECTID. RFC 8474."""

import pytest

from roost.proto.imap import data, sequence
from roost.proto.imap.core import CORE
from roost.proto.imap.core.fetch import Fetch
from roost.proto.imap.core.search import Or, Search
from roost.proto.imap.core.status import Status
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext import objectid
from roost.proto.imap.ext.objectid import OBJECTID, HasEmailId, HasThreadId, ObjectIdItem
from roost.proto.imap.extension import Grammar

GRAMMAR = Grammar((*CORE, OBJECTID))


def parse(text: bytes) -> object:
    return GRAMMAR.parse((b"a " + text,)).args


def test_reads() -> None:
    assert parse(b"FETCH 1:* (EMAILID threadid)") == Fetch(
        sequence.parse(b"1:*"), (ObjectIdItem.EMAIL, ObjectIdItem.THREAD)
    )
    assert parse(b"STATUS foo (mailboxid)") == Status("foo", ("MAILBOXID",))
    assert parse(b"SEARCH OR EMAILID M6d99ac3275bb4e THREADID T64b478a75b7ea9") == Search(
        Or(HasEmailId("M6d99ac3275bb4e"), HasThreadId("T64b478a75b7ea9"))
    )


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"SEARCH EMAILID", 16),
        (b"SEARCH EMAILID ", 17),
        (b"SEARCH EMAILID a.b", 17),
        (b'SEARCH THREADID ""', 18),
        (b"SEARCH THREADID " + b"a" * 256, 18),
        (b"FETCH 1 EMAILIDS", 10),
    ],
    ids=lambda value: value[:20].decode() if isinstance(value, bytes) else "",
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset


def test_spells() -> None:
    assert objectid.mailbox_id_code("F2212ea87-6097") == b"MAILBOXID (F2212ea87-6097)"
    assert objectid.email_id_item("M6d99ac3275bb4e") == b"EMAILID (M6d99ac3275bb4e)"
    assert objectid.thread_id_item("T64b478a75b7ea9") == b"THREADID (T64b478a75b7ea9)"
    assert objectid.thread_id_item(None) == b"THREADID NIL"
    items: list[tuple[str, int | bytes | None]] = [
        ("MESSAGES", 2),
        ("MAILBOXID", objectid.mailbox_id_value("F2")),
    ]
    assert data.status("foo", items, utf8=False) == b"* STATUS foo (MESSAGES 2 MAILBOXID (F2))\r\n"
