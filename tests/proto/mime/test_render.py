import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.pack import unpack
from roost.proto.mime.prefix import join_prefix
from roost.proto.mime.render import (
    NamedAddress,
    Rendered,
    SortKeys,
    render,
    render_with_prefix,
    scan_blob,
)
from roost.proto.mime.structure import scan

# A reader of IMAP's parenthesised lists, as small as can be. RFC 9051 section 9.
Wire = None | int | bytes | list["Wire"]
TOKEN = re.compile(rb'\(|\)| |NIL|[0-9]+|"(?:[^"\\\r\n\x00\x80-\xff]|\\["\\])*"|\{([0-9]+)\}\r\n')


def read_wire(octets: bytes) -> Wire:
    """The value that `octets` spell; AssertionError if they are not exactly one."""
    value, at = read_value(octets, 0)
    assert at == len(octets)
    return value


def read_value(octets: bytes, at: int) -> tuple[Wire, int]:
    token = TOKEN.match(octets, at)
    assert token, octets[at : at + 40]
    if token[1]:
        end = token.end() + int(token[1])
        return octets[token.end() : end], end
    if token[0] == b"(":
        return read_list(octets, token.end())
    if token[0].startswith(b'"'):
        return re.sub(rb"\\(.)", rb"\1", token[0][1:-1]), token.end()
    assert token[0] not in {b")", b" "}, octets[at : at + 40]
    return (None if token[0] == b"NIL" else int(token[0])), token.end()


def read_list(octets: bytes, at: int) -> tuple[list[Wire], int]:
    values: list[Wire] = []
    while octets[at : at + 1] != b")":
        if values and octets[at : at + 1] == b" ":
            at += 1
        else:  # only lists follow each other without a space: addresses and bodies
            assert not values or isinstance(values[-1], list)
            assert not values or octets[at : at + 1] == b"("
        value, at = read_value(octets, at)
        values.append(value)
    return values, at + 1


MESSAGE = (
    b"Received: by mx.example.org; Wed, 17 Jul 2024 09:23:26 +0000\r\n"
    b"Date: Wed, 17 Jul 2024 23:23:25 -0700\r\n"
    b'From: "Ann Sender" <Ann@sender.example>\r\n'
    b"Reply-To: answers@sender.example\r\n"
    b"To: friends: Bob <bob@example.org>, carol@example.org;\r\n"
    b"Cc: =?utf-8?q?J=C3=BCrgen?= <Juergen@example.org>\r\n"
    b"Subject: Re: [list] =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"Message-ID: <one@sender.example>\r\n"
    b"In-Reply-To: <zero@example.org> <other@example.org>\r\n"
    b"References: <minus-one@example.org>\r\n <zero@example.org>\r\n"
    b"List-Id: Our list <Our.List.example>\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\n\r\nHello Bob\r\n"
    b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nPDF\r\n--b--\r\n"
)


def test_renders_all_that_lists_and_searches_need() -> None:
    seen = render(MESSAGE)
    assert seen.size == len(MESSAGE)
    assert seen.header_size == MESSAGE.index(b"\r\n\r\n") + 4
    assert unpack(seen.parts) == scan(MESSAGE)
    assert seen.preview == "Hello Bob"
    assert (seen.subject, seen.base_subject, seen.is_reply) == ("Re: [list] Grüße", "Grüße", True)
    assert seen.message_id == "one@sender.example"
    assert seen.references == ("minus-one@example.org", "zero@example.org", "other@example.org")
    assert seen.from_ == (NamedAddress("Ann Sender", "Ann@sender.example"),)
    assert seen.sender == ()
    assert seen.reply_to == (NamedAddress("", "answers@sender.example"),)
    assert seen.to == (("Bob", "bob@example.org"), ("", "carol@example.org"))
    assert seen.cc == (("Jürgen", "Juergen@example.org"),)
    assert seen.bcc == ()
    assert seen.list_id == "our.list.example"
    assert seen.sent_at == round(datetime(2024, 7, 18, 6, 23, 25, tzinfo=UTC).timestamp()) * 10**6
    assert seen.sent_day == date(2024, 7, 17).toordinal()
    assert seen.has_attachment


def test_sort_keys_are_those_of_the_first_address_structure() -> None:
    assert render(MESSAGE).sort == SortKeys(
        from_="ann",
        to="friends",  # the group's name is the addr-mailbox of its start
        cc="juergen",
        display_from="ann sender",
        display_to="friends",
    )
    assert render(b"From: a@B\r\n\r\n").sort == SortKeys("a", "", "", "a@b", "")


def test_a_message_without_anything() -> None:
    seen = render(b"")
    assert (seen.size, seen.header_size, seen.preview, seen.subject) == (0, 0, "", "")
    assert seen.envelope == b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
    assert seen.body == b'("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 0 0)'
    assert (seen.message_id, seen.list_id, seen.sent_at, seen.sent_day) == (None,) * 4
    assert (seen.references, seen.from_, seen.to, seen.has_attachment) == ((), (), (), False)


def test_an_id_reads_the_same_in_every_field() -> None:
    cyrillic = "<привет.как.дела@пример>".encode("cp1251")
    message = render(b"Message-ID: " + cyrillic + b"\r\n\r\n")
    for name in (b"In-Reply-To", b"References"):
        answer = render(name + b": " + cyrillic + b" <other@x>\r\n\r\n")
        assert answer.references == (message.message_id, "other@x")


def test_lists_have_bounds() -> None:
    ids = b" ".join(b"<%d@x>" % number for number in range(300))
    seen = render(b"To: " + b"a@b, " * 300 + b"\r\nReferences: " + ids + b"\r\n\r\n")
    assert len(seen.to) == 100
    assert len(seen.references) == 200
    assert seen.references[-1] == "299@x"


@pytest.mark.parametrize(
    ("date_field", "at"),
    [
        (b"Thu, 1 Jan 1970 00:00:01 +0000", 1_000_000),
        (b"31 Dec 1969 23:59:59 +0000", -1_000_000),
        (b"yesterday", None),
        (b"", None),
    ],
)
def test_the_time_it_was_sent(date_field: bytes, at: int | None) -> None:
    assert render(b"Date: " + date_field + b"\r\n\r\n").sent_at == at


# Fields that delivery and submission put before a blob, and some nobody should.
FIELDS = [
    b"Return-Path: <a@b>\r\n",
    b"Delivered-To: c@d\r\n",
    b"Received: by mx.example.org;\r\n\tWed, 17 Jul 2024 09:23:26 +0000\r\n",
    b"X-Spam: \xff\r\n",
]
SEEN_FIELDS = [
    b"Message-ID: <new@b>\r\n",
    b"Date: Wed, 17 Jul 2024 02:23:25 -0700\r\n",
    b"From: x@y\r\n",
    b"Subject: new\r\n",
    b"References: <r@b>\r\n",
    b"List-Id: <l.b>\r\n",
    b"Content-Type: text/html\r\n",
]
BLOBS = [
    MESSAGE,
    MESSAGE.replace(b"\r\n", b"\n"),
    b"Content-Type: message/rfc822\r\n\r\n" + MESSAGE,
    b"Content-Type: multipart/mixed; boundary=b",
    b"\r\nbody only",
    b"\n\nbody only",
    b"junk\r\nSubject: x\r\n\r\nbody",
    b" junk: folded\r\n\r\nbody",
    b"From a@b Mon\r\nSubject: x\r\n\r\nbody",
    b"--b\r\n",
    b"",
]
prefixes = st.lists(st.sampled_from(FIELDS * 3 + SEEN_FIELDS), max_size=4).map(b"".join)
blobs = st.sampled_from(BLOBS) | st.lists(
    st.sampled_from(
        [*FIELDS, *SEEN_FIELDS, b"\r\n", b"\n", b"junk", b"--b\r\n", b" x\r\n", b"\xff"]
    )
    | st.just(b"Content-Type: multipart/mixed; boundary=b\r\n"),
    max_size=12,
).map(b"".join)


@settings(max_examples=300, deadline=None)
@given(prefixes, blobs)
def test_behind_a_prefix_all_is_as_if_read_as_one(prefix: bytes, blob: bytes) -> None:
    stored = join_prefix(prefix, blob)
    assert render_with_prefix(stored, scan_blob(blob)) == render(stored + blob)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([*FIELDS, b"\r\n", b"\n", b"x", b"A: b", b" "])).map(b"".join), blobs
)
def test_even_what_is_no_prefix_is_read_as_one(prefix: bytes, blob: bytes) -> None:
    assert render_with_prefix(prefix, scan_blob(blob)) == render(prefix + blob)


def test_the_line_of_an_mbox_before_the_header_makes_no_body_of_it() -> None:
    blob = b"From a@b Mon Jul 15 09:23:26 2024\r\nSubject: x\r\n\r\nwords to read\r\n"
    prefix = b"Delivered-To: c@d\r\n"
    alone = render(blob)
    seen = render_with_prefix(join_prefix(prefix, blob), scan_blob(blob))
    assert (seen.subject, seen.preview) == (alone.subject, alone.preview) == ("x", "words to read")
    assert (seen.header_size, seen.size) == (alone.header_size + 19, alone.size + 19)


def test_one_scan_serves_many_recipients() -> None:
    scanned = scan_blob(MESSAGE)
    for name in (b"bob", b"a much longer name"):
        prefix = b"Delivered-To: %b@example.org\r\n" % name
        seen = render_with_prefix(prefix, scanned)
        assert seen == render(prefix + MESSAGE)
        assert seen.envelope is scanned.rendered.envelope


def test_a_prefix_with_too_many_fields_leaves_no_room_for_those_behind() -> None:
    prefix = b"X-A: b\r\n" * 1_000
    seen = render_with_prefix(prefix, scan_blob(MESSAGE))
    assert seen == render(prefix + MESSAGE)
    assert seen.subject == ""


def test_a_header_of_many_lines_is_rendered_once() -> None:
    blob = b"X: a\r\n" + b" folded\r\n" * 2_000 + b"Subject: x\r\n\r\n"
    scanned = scan_blob(blob)
    seen = render_with_prefix(FIELDS[0], scanned)
    assert seen == render(FIELDS[0] + blob)
    assert seen.envelope is scanned.rendered.envelope


HEADER_PIECES = [
    b"From: ", b"To: ", b"Cc: ", b"Subject: ", b"Date: ", b"Message-ID: ", b"In-Reply-To: ",
    b"References: ", b"List-Id: ", b"Content-Type: ", b"Content-Disposition: ", b"Content-ID: ",
    b"Content-Description: ", b"Content-Language: ", b"Content-Location: ", b"Content-MD5: ",
    b"Content-Transfer-Encoding: ", b"multipart/mixed; boundary=b", b"multipart/digest; boundary=c",
    b"message/rfc822", b"text/plain; charset=utf-8", b"; name*=utf-8''%ff", b"; name=\"\xff\\\"",
    b"attachment; filename=x", b"--b\r\n", b"--c\r\n", b"--b--\r\n", b"\r\n", b"\r\n\r\n", b"\n", b"\r",
    b"a@b", b"<a@b>", b"g: a@b;", b":", b";", b",", b"<", b">", b"(", b")", b'"', b"\\", b"{3}\r\n",
    b"=?utf-8?q?=FF?=", b"=?", b"?=", b"\x00", b"\xe4", "ü".encode(), "\u202e".encode(), b"x" * 1_200,
]  # fmt: skip
odd_messages = st.lists(st.sampled_from(HEADER_PIECES), max_size=40).map(b"".join)


@settings(max_examples=400, deadline=None)
@given(odd_messages | st.binary(max_size=300))
def test_what_goes_to_the_wire_is_seven_bit_and_well_formed(octets: bytes) -> None:
    seen = render(octets)
    for wire in (seen.envelope, seen.body, seen.bodystructure):
        assert wire.isascii()
        assert b"\x00" not in wire
    check_envelope(read_wire(seen.envelope))
    check_body(read_wire(seen.body), extended=False)
    check_body(read_wire(seen.bodystructure), extended=True)
    check_texts(seen)


def check_envelope(value: Wire) -> None:
    assert isinstance(value, list)
    assert len(value) == 10
    for text in (value[0], value[1], value[8], value[9]):
        assert text is None or isinstance(text, bytes)
    for addresses in value[2:8]:
        assert addresses is None or addresses
        for address in addresses if isinstance(addresses, list) else ():
            assert isinstance(address, list)
            assert len(address) == 4
            assert all(part is None or isinstance(part, bytes) for part in address)


def check_body(value: Wire, *, extended: bool) -> None:
    """RFC 9051 section 9: body-type-mpart or body-type-1part, with or without extension data."""
    assert isinstance(value, list)
    if isinstance(value[0], list):
        parts = [part for part in value if isinstance(part, list)]
        first = next(number for number, part in enumerate(value) if not isinstance(part, list))
        for part in parts[:first]:
            check_body(part, extended=extended)
        assert isinstance(value[first], bytes)
        assert len(value) - first == (5 if extended else 1)
        return
    assert isinstance(value[6], int)
    assert all(part is None or isinstance(part, bytes) for part in (*value[:2], *value[3:6]))
    assert value[0] != b"MULTIPART"
    own = 0
    if value[0] == b"TEXT":
        assert isinstance(value[7], int)
        own = 1
    elif value[0] == b"MESSAGE" and value[1] in {b"RFC822", b"GLOBAL"}:
        check_envelope(value[7])
        check_body(value[8], extended=extended)
        assert isinstance(value[9], int)
        own = 3
    assert len(value) == 7 + own + (4 if extended else 0)


def check_texts(seen: Rendered) -> None:
    """What pages and JSON show has no control characters and can be encoded."""
    people = (seen.from_, seen.sender, seen.reply_to, seen.to, seen.cc, seen.bcc)
    texts = [text for found in people for person in found for text in person]
    for text in (seen.preview, seen.subject, seen.base_subject, *seen.references, *texts):
        text.encode()
        assert not re.search("[\x00-\x1f\x7f]", text)
    assert len(seen.preview) <= 256
