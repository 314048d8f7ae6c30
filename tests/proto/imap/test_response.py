"""Responses as they stand on the wire. RFC 9051 section 7."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.imap import data, flags, response, spelling
from roost.proto.imap.name import decode_name
from roost.proto.imap.token import ArgumentLiteral, Cursor, Piece


@pytest.mark.parametrize(
    ("spelled", "wire"),
    [
        (response.ok(b"a1", "done"), b"a1 OK done\r\n"),
        (response.no(b"a1", "no such mailbox", response.TRYCREATE), b"a1 NO [TRYCREATE] no such mailbox\r\n"),
        (response.bad(b"a1", "what?"), b"a1 BAD what?\r\n"),
        (response.bad(None, "what?"), b"* BAD what?\r\n"),
        (response.untagged_ok("hello", response.capability_code(("IMAP4rev2", "IDLE"))),
         b"* OK [CAPABILITY IMAP4rev2 IDLE] hello\r\n"),
        (response.untagged_no("nearly full", response.ALERT), b"* NO [ALERT] nearly full\r\n"),
        (response.preauth("welcome"), b"* PREAUTH welcome\r\n"),
        (response.bye("inactive"), b"* BYE inactive\r\n"),
        (response.challenge(b"AAAA"), b"+ AAAA\r\n"),
        (response.untagged_ok("x", response.permanent_flags_code(("w",))),
         b"* OK [PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $Forwarded $Junk"
         b" $NotJunk $Phishing $MDNSent $Important w \\*)] x\r\n"),
        (response.untagged_ok("x", response.NO_PERMANENT_FLAGS), b"* OK [PERMANENTFLAGS ()] x\r\n"),
        (response.uid_next_code(4392), b"UIDNEXT 4392"),
        (response.uid_validity_code(3857529045), b"UIDVALIDITY 3857529045"),
        (response.unseen_code(12), b"UNSEEN 12"),
        (response.highest_modseq_code(2**60), b"HIGHESTMODSEQ 1152921504606846976"),
        (response.append_uid_code(38505, [3955]), b"APPENDUID 38505 3955"),
        (response.append_uid_code(38505, [5, 6, 7]), b"APPENDUID 38505 5:7"),
        (response.copy_uid_code(38505, [304, 319, 320], [3956, 3957, 3958]),
         b"COPYUID 38505 304,319:320 3956:3958"),
        (response.BADCHARSET, b"BADCHARSET (US-ASCII UTF-8)"),
        (data.capability(("IMAP4rev2", "AUTH=PLAIN")), b"* CAPABILITY IMAP4rev2 AUTH=PLAIN\r\n"),
        (data.enabled(("IMAP4rev2",)), b"* ENABLED IMAP4rev2\r\n"),
        (data.enabled(()), b"* ENABLED\r\n"),
        (data.exists(23), b"* 23 EXISTS\r\n"),
        (data.recent(0), b"* 0 RECENT\r\n"),
        (data.expunge([3, 3, 5]), b"* 3 EXPUNGE\r\n* 3 EXPUNGE\r\n* 5 EXPUNGE\r\n"),
        (data.flags(), b"* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $Forwarded $Junk"
                       b" $NotJunk $Phishing $MDNSent $Important)\r\n"),
        (data.mailbox_list(["Noselect"], "foo", utf8=False), b'* LIST (\\Noselect) "/" foo\r\n'),
        (data.mailbox_list([], "Entwürfe", utf8=False), b'* LIST () "/" Entw&APw-rfe\r\n'),
        (data.mailbox_list([], "Entwürfe", utf8=True), '* LIST () "/" "Entwürfe"\r\n'.encode()),
        (data.mailbox_list(["NonExistent"], "a b", utf8=True, child_info=["SUBSCRIBED"], old_name="c"),
         b'* LIST (\\NonExistent) "/" "a b" ("CHILDINFO" ("SUBSCRIBED") "OLDNAME" (c))\r\n'),
        (data.subscribed_list([], "x", utf8=False), b'* LSUB () "/" x\r\n'),
        (data.LIST_SEPARATOR, b'* LIST (\\Noselect) "/" ""\r\n'),
        (data.status("blurdybloop", [("MESSAGES", 231), ("APPENDLIMIT", None)], utf8=False),
         b"* STATUS blurdybloop (MESSAGES 231 APPENDLIMIT NIL)\r\n"),
        (data.search([]), b"* SEARCH\r\n"),
        (data.search([2, 84, 882]), b"* SEARCH 2 84 882\r\n"),
        (data.esearch(b"A282", uid=False, lowest=2, count=3), b'* ESEARCH (TAG "A282") MIN 2 COUNT 3\r\n'),
        (data.esearch(b"A283", uid=True, highest=5, numbers=[2, 3, 4, 11], extra=[b"MODSEQ 5"]),
         b'* ESEARCH (TAG "A283") UID MAX 5 ALL 2:4,11 MODSEQ 5\r\n'),
        (data.esearch(b"A301", uid=True), b'* ESEARCH (TAG "A301") UID\r\n'),
        (data.namespace([""]), b'* NAMESPACE (("" "/")) NIL NIL\r\n'),
        (data.namespace(["", "#mh/"], ["~"], ["#shared/"]),
         b'* NAMESPACE (("" "/")("#mh/" "/")) (("~" "/")) (("#shared/" "/"))\r\n'),
        (data.server_id([("name", "roost")]), b'* ID ("name" "roost")\r\n'),
        (data.server_id([]), b"* ID NIL\r\n"),
        (data.fetch(12, [data.uid_item(7), data.flags_item(flags.SEEN), data.size_item(44827)]),
         b"* 12 FETCH (UID 7 FLAGS (\\Seen) RFC822.SIZE 44827)\r\n"),
        (data.fetch_head(12) + data.section_item(b"BODY[1]", None) + data.FETCH_TAIL,
         b"* 12 FETCH (BODY[1] NIL)\r\n"),
        (data.section_item(b"BODY[]", b"a\r\nb"), b"BODY[] {4}\r\na\r\nb"),
        (data.internal_date_item(datetime(1996, 7, 7, 2, 44, 25, tzinfo=timezone(-timedelta(hours=7, minutes=30)))),
         b'INTERNALDATE "07-Jul-1996 02:44:25 -0730"'),
        (data.fetch_flags([(1, 7, 1, ()), (2, 9, 0, ("w",))], uid=True),
         b"* 1 FETCH (UID 7 FLAGS (\\Seen))\r\n* 2 FETCH (UID 9 FLAGS (w))\r\n"),
        (data.fetch_flags([(1, 7, 1, ())], uid=False), b"* 1 FETCH (FLAGS (\\Seen))\r\n"),
    ],
    ids=lambda value: value[:40].decode(errors="replace") if isinstance(value, bytes) else "",
)  # fmt: skip
def test_spells(spelled: bytes, wire: bytes) -> None:
    assert spelled == wire


def test_search_has_a_line_for_every_hundred_numbers() -> None:
    lines = data.search(range(1, 202)).splitlines()
    assert [len(line.split()) - 2 for line in lines] == [100, 100, 1]


def test_a_text_that_is_not_ascii_is_a_bug_not_a_response() -> None:
    with pytest.raises(UnicodeEncodeError):
        response.ok(b"a", "schön")


@pytest.mark.parametrize(
    ("octets", "utf8", "wire"),
    [
        (b"a", False, b"a"),
        (b"", False, b'""'),
        (b"nil", False, b'"nil"'),
        (b"a b", False, b'"a b"'),
        (rb"a\"b", False, rb'"a\\\"b"'),
        (b"a\r\n", False, b"{3}\r\na\r\n"),
        ("ü".encode(), False, b"{2}\r\n\xc3\xbc"),
        ("ü".encode(), True, b'"\xc3\xbc"'),
        (b"\xff", True, b"{1}\r\n\xff"),
        (b"a " * 600, False, b"{1200}\r\n" + b"a " * 600),
    ],
)
def test_strings(octets: bytes, utf8: bool, wire: bytes) -> None:
    assert spelling.astring(octets, utf8=utf8) == wire


def test_a_literal8() -> None:
    assert spelling.literal(b"\0", binary=True) == b"~{1}\r\n\0"


def pieces_of(wire: bytes) -> list[Piece]:
    """What a string becomes in a command."""
    if not wire.startswith(b"{"):
        return [wire]
    _, _, octets = wire.partition(b"\r\n")
    return [b"", ArgumentLiteral(octets), b""]


@given(st.binary().filter(lambda octets: b"\0" not in octets), st.booleans())
@settings(deadline=None)
def test_every_string_survives(octets: bytes, utf8: bool) -> None:
    assert Cursor(pieces_of(spelling.astring(octets, utf8=utf8))).astring() == octets
    assert Cursor(pieces_of(spelling.string(octets, utf8=utf8))).string() == octets


@given(st.text().filter(lambda text: "\0" not in text), st.booleans())
@settings(deadline=None)
def test_every_mailbox_name_survives(text: str, utf8: bool) -> None:
    name = decode_name(text.encode(), utf8=True)
    spelled = spelling.mailbox(name, utf8=utf8)
    assert Cursor(pieces_of(spelled), utf8=utf8).mailbox() == name


zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.tuples(st.integers(-62_000_000_000, 253_000_000_000), zones).map(
    lambda drawn: datetime.fromtimestamp(0, drawn[1]) + timedelta(seconds=drawn[0])
)


@given(moments)
@settings(deadline=None)
def test_every_date_survives(moment: datetime) -> None:
    read = Cursor([spelling.date_time(moment)]).date_time()
    assert (read, read.utcoffset()) == (moment, moment.utcoffset())
