"""UIDONLY. RFC 9586."""

import pytest

from roost.proto.imap import data
from roost.proto.imap.core import CORE
from roost.proto.imap.ext import uidonly
from roost.proto.imap.ext.sort import SORT
from roost.proto.imap.ext.uidonly import UIDONLY
from roost.proto.imap.extension import Grammar
from roost.proto.imap.flags import SEEN
from roost.proto.imap.response import bad

GRAMMAR = Grammar((*CORE, SORT, UIDONLY))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (b"FETCH 10 FLAGS", True),
        (b"UID FETCH 25900:26600 FLAGS", False),
        (b"STORE 1 FLAGS ()", True),
        (b"COPY 1 a", True),
        (b"UID COPY 1 a", False),
        (b"SEARCH ALL", True),
        (b"UID SEARCH UID 1:5", False),
        (b"UID SEARCH OR NOT 1:5 ALL", True),
        (b"UID SEARCH $", False),
        (b"UID SORT (DATE) UTF-8 (SEEN 5)", True),
        (b"UID EXPUNGE 1", False),
        (b"EXPUNGE", False),
        (b"NOOP", False),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_tells_which_commands_need_numbers(text: bytes, numbers: bool) -> None:
    assert uidonly.needs_numbers(GRAMMAR.parse((b"a " + text,))) == numbers


@pytest.mark.parametrize(
    ("spelled", "wire"),
    [
        (uidonly.uid_fetch(25997, [data.flags_item(SEEN)]), b"* 25997 UIDFETCH (FLAGS (\\Seen))\r\n"),
        (uidonly.uid_fetch_head(7) + data.section_item(b"BODY[]", b"a") + data.FETCH_TAIL,
         b'* 7 UIDFETCH (BODY[] "a")\r\n'),
        (uidonly.uid_fetch_flags([(7, SEEN, ("w",), None), (9, 0, (), 5)]),
         b"* 7 UIDFETCH (FLAGS (\\Seen w))\r\n* 9 UIDFETCH (FLAGS () MODSEQ (5))\r\n"),
        (bad(b"07", "Message numbers are not allowed", uidonly.UIDREQUIRED),
         b"07 BAD [UIDREQUIRED] Message numbers are not allowed\r\n"),
    ],
)  # fmt: skip
def test_spells(spelled: bytes, wire: bytes) -> None:
    assert spelled == wire


def test_enable_names_it() -> None:
    assert "UIDONLY" in GRAMMAR.enables
