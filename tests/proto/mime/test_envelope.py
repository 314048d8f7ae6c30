import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.charset import printable
from roost.proto.mime.encoded_word import decode_words
from roost.proto.mime.envelope import envelope, read_envelope, wire_string
from roost.proto.mime.header import decode_unstructured, parse_fields


def envelope_of(header: bytes) -> bytes:
    return envelope(header, parse_fields(header))


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def test_spells_the_example_of_rfc_9051_section_8() -> None:
    header = crlf(
        """\
Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)
From: Terry Gray <gray@cac.washington.edu>
Subject: IMAP4rev2 WG mtg summary and minutes
To: imap@cac.washington.edu
cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>
Message-Id: <B27397-0100000@cac.washington.ed>
MIME-Version: 1.0

"""
    )
    assert envelope_of(header) == (
        b'("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" '
        b'"IMAP4rev2 WG mtg summary and minutes" '
        b'(("Terry Gray" NIL "gray" "cac.washington.edu")) '
        b'(("Terry Gray" NIL "gray" "cac.washington.edu")) '
        b'(("Terry Gray" NIL "gray" "cac.washington.edu")) '
        b'((NIL NIL "imap" "cac.washington.edu")) '
        b'((NIL NIL "minutes" "CNRI.Reston.VA.US")'
        b'("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL '
        b'"<B27397-0100000@cac.washington.ed>")'
    )


ALL_NIL = b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"\r\n", ALL_NIL),
        (b"From: \r\nTo:\r\nCc: ,\r\n\r\n", ALL_NIL),
        (
            b"Date:\r\nSubject: \r\nIn-Reply-To:\r\nMessage-ID:\r\n\r\n",
            b'("" "" NIL NIL NIL NIL NIL NIL "" "")',
        ),
        (
            b"Subject: one\r\n two\r\n\tthree\r\n\r\n",
            b'(NIL "one two\tthree" NIL NIL NIL NIL NIL NIL NIL NIL)',
        ),
        (
            b'Subject: say "\\o/"\r\n\r\n',
            b'(NIL "say \\"\\\\o/\\"" NIL NIL NIL NIL NIL NIL NIL NIL)',
        ),
        (
            b"Subject: one\r\nSubject: two\r\n\r\n",
            b'(NIL "one" NIL NIL NIL NIL NIL NIL NIL NIL)',
        ),
        (
            b"From: a@b\r\nSender: c@d\r\nReply-To: \r\n\r\n",
            b'(NIL NIL ((NIL NIL "a" "b")) ((NIL NIL "c" "d")) ((NIL NIL "a" "b")) '
            b"NIL NIL NIL NIL NIL)",
        ),
        (
            b"To: friends: a@b, C <c@d>;, e@f\r\n\r\n",
            b'(NIL NIL NIL NIL NIL ((NIL NIL "friends" NIL)(NIL NIL "a" "b")("C" NIL "c" "d")'
            b'(NIL NIL NIL NIL)(NIL NIL "e" "f")) NIL NIL NIL NIL)',
        ),
        (
            b"To: undisclosed-recipients:;\r\n\r\n",
            b'(NIL NIL NIL NIL NIL ((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL)) '
            b"NIL NIL NIL NIL)",
        ),
        (
            b"To: a@b\r\nTo: c@d\r\n\r\n",
            b'(NIL NIL NIL NIL NIL ((NIL NIL "a" "b")(NIL NIL "c" "d")) NIL NIL NIL NIL)',
        ),
        (
            b"Bcc: <@one,@two:a@b>\r\n\r\n",
            b'(NIL NIL NIL NIL NIL NIL NIL ((NIL "@one,@two" "a" "b")) NIL NIL)',
        ),
        (
            b"Cc: nobody\r\n\r\n",
            b'(NIL NIL NIL NIL NIL NIL ((NIL NIL "nobody" "")) NIL NIL NIL)',
        ),
        (
            b'Cc: "a\\"b" <"c d"@e>\r\n\r\n',
            b'(NIL NIL NIL NIL NIL NIL (("a\\"b" NIL "c d" "e")) NIL NIL NIL)',
        ),
        (
            "Subject: Grüße\r\nCc: Jürgen <jürgen@exämple.org>\r\n\r\n".encode(),
            b'(NIL "=?utf-8?b?R3LDvMOfZQ==?=" NIL NIL NIL NIL (("=?utf-8?q?J=C3=BCrgen?=" NIL '
            b'"=?utf-8?q?j=C3=BCrgen?=" "xn--exmple-cua.org")) NIL NIL NIL)',
        ),
        (
            b"Subject: a\x00b\r\n\r\n",
            b'(NIL "ab" NIL NIL NIL NIL NIL NIL NIL NIL)',
        ),
    ],
    ids=[
        "no fields",
        "lists without addresses",
        "present but empty",
        "folded",
        "quotes and backslashes",
        "the first of two",
        "sender and reply-to default to from",
        "group",
        "group without members",
        "field given twice",
        "source route",
        "no domain is not a group",
        "quoted name and local part",
        "8-bit",
        "NUL",
    ],
)
def test_spells_in_seven_bits(header: bytes, expected: bytes) -> None:
    assert envelope_of(header) == expected


def test_a_legacy_charset_is_guessed_once_for_the_field_or_not_at_all() -> None:
    octets = ("Привет, мир! Как твои дела? " * 5).strip().encode("cp1251")
    header = b"Subject: " + octets + b"\r\n\r\n"
    fields = parse_fields(header)
    assert read_envelope(header, fields).subject == octets.decode("cp1251").encode()
    plain = read_envelope(header, fields, guess=False).subject
    assert plain == octets.decode("cp1252").encode()


def test_long_values_and_lists_have_bounds() -> None:
    header = b"Subject: " + b"x" * 100_000 + b"\r\nTo: " + b"a@b, " * 2_000 + b"\r\n\r\n"
    read = read_envelope(header, parse_fields(header))
    assert len(read.subject or b"") == 65_535
    assert len(read.to) == 1_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, b"NIL"),
        (b"", b'""'),
        (b"NIL", b'"NIL"'),
        (b"x" * 1_000, b'"' + b"x" * 1_000 + b'"'),
        (b"x" * 1_001, b"{1001}\r\n" + b"x" * 1_001),
        (b'"' * 1_001, b"{1001}\r\n" + b'"' * 1_001),
        (b"a\r\nb", b'"ab"'),
        (b"\x01\x7f", b'"\x01\x7f"'),
        (b"\xff", b'"=?utf-8?b?w78=?="'),
    ],
    ids=["none", "empty", "the word", "quoted", "literal", "quotes", "CRLF", "controls", "8-bit"],
)
def test_spells_a_string(value: bytes | None, expected: bytes) -> None:
    assert wire_string(value) == expected


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_a_client_reads_the_subject_as_we_do(subject: str) -> None:
    """Whatever the 8-bit subject was, its encoded words mean the same."""
    header = b"Subject: " + subject.encode("utf-8", "replace").replace(b"\n", b"") + b"\n\n"
    fields = parse_fields(header)
    wire = wire_string(read_envelope(header, fields).subject)
    text = wire.partition(b"\r\n")[2] or wire[1:-1].replace(b'\\"', b'"').replace(b"\\\\", b"\\")
    assert printable(decode_words(text)).strip() == decode_unstructured(header[9:]).strip()
