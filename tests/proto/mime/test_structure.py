import email
import time
from email.message import Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.structure import Limits, Part, begins_with_field, scan, scan_message

Outline = tuple[str, object]


def outline(part: Part, octets: bytes) -> Outline:
    """Types and leaf bodies, which is what a reader would compare two structures by."""
    name = f"{part.type.decode()}/{part.subtype.decode()}"
    if part.children:
        return name, [outline(child, octets) for child in part.children]
    return name, octets[part.body_start : part.end]


def message(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


RFC_2046_SIMPLE = message(
    """\
From: Nathaniel Borenstein <nsb@bellcore.com>
To: Ned Freed <ned@innosoft.com>
Date: Sun, 21 Mar 1993 23:56:48 -0800 (PST)
Subject: Sample message
MIME-Version: 1.0
Content-type: multipart/mixed; boundary="simple boundary"

This is the preamble.  It is to be ignored, though it
is a handy place for composition agents to include an
explanatory note to non-MIME conformant readers.

--simple boundary

This is implicitly typed plain US-ASCII text.
It does NOT end with a linebreak.
--simple boundary
Content-type: text/plain; charset=us-ascii

This is explicitly typed plain US-ASCII text.
It DOES end with a linebreak.

--simple boundary--

This is the epilogue.  It is also to be ignored.
"""
)


def test_reads_the_example_of_rfc_2046_section_5_1_1() -> None:
    assert outline(scan(RFC_2046_SIMPLE), RFC_2046_SIMPLE) == (
        "multipart/mixed",
        [
            (
                "text/plain",
                b"This is implicitly typed plain US-ASCII text.\r\n"
                b"It does NOT end with a linebreak.",
            ),
            (
                "text/plain",
                b"This is explicitly typed plain US-ASCII text.\r\n"
                b"It DOES end with a linebreak.\r\n",
            ),
        ],
    )


def test_a_digest_holds_messages_unless_a_part_says_otherwise() -> None:
    """RFC 2046 section 5.1.5, its example."""
    octets = message(
        """\
Subject: Internet Digest, volume 42
Content-Type: multipart/mixed; boundary="---- main boundary ----"

------ main boundary ----

...Introductory text or table of contents...

------ main boundary ----
Content-Type: multipart/digest; boundary="---- next message ----"

------ next message ----

From: someone-else
Subject: my opinion

...body goes here ...

------ next message ----
Content-Type: text/plain

...another body...
------ next message ------

------ main boundary ------
"""
    )
    assert outline(scan(octets), octets) == (
        "multipart/mixed",
        [
            ("text/plain", b"...Introductory text or table of contents...\r\n"),
            (
                "multipart/digest",
                [
                    ("message/rfc822", [("text/plain", b"...body goes here ...\r\n")]),
                    ("text/plain", b"...another body..."),
                ],
            ),
        ],
    )


PLAIN = "text/plain"
MIXED = "multipart/mixed"
OPAQUE = "application/octet-stream"
HEAD = "Content-Type: multipart/mixed; boundary=b\n\n"
INNER = "Content-Type: multipart/alternative; boundary="

BROKEN: dict[str, tuple[str, Outline]] = {
    "empty": ("", (PLAIN, b"")),
    "no header": ("\nbody", (PLAIN, b"body")),
    "no empty line": ("Subject: x", (PLAIN, b"")),
    "no field at all": ("hello\n\nworld", (PLAIN, b"hello\r\n\r\nworld")),
    "begins with a space": (" hello: x\n\nworld", (PLAIN, b" hello: x\r\n\r\nworld")),
    "the From line of an mbox": ("From a@b Mon\nSubject: x\n\nbody", (PLAIN, b"body")),
    "boundary missing": (
        "Content-Type: multipart/mixed\n\n--b\n\na\n",
        (PLAIN, b"--b\r\n\r\na\r\n"),
    ),
    "boundary empty": (
        'Content-Type: multipart/mixed; boundary=""\n\n--\n\na\n',
        (PLAIN, b"--\r\n\r\na\r\n"),
    ),
    "boundary too long": (
        f"Content-Type: multipart/mixed; boundary={'b' * 1001}\n\n--{'b' * 1001}\n\na",
        (PLAIN, b"--" + b"b" * 1001 + b"\r\n\r\na"),
    ),
    "no delimiter": (HEAD + "just text\n", (PLAIN, b"just text\r\n")),
    "only the last delimiter": (HEAD + "text\n--b--\n", (PLAIN, b"text\r\n--b--\r\n")),
    "no body": ("Content-Type: multipart/mixed; boundary=b", (PLAIN, b"")),
    "not closed": (
        HEAD + "--b\n\none\n--b\n\ntwo\n",
        (MIXED, [(PLAIN, b"one"), (PLAIN, b"two\r\n")]),
    ),
    "delimiter at the very end": (
        HEAD + "--b\n\none\n--b",
        (MIXED, [(PLAIN, b"one"), (PLAIN, b"")]),
    ),
    "closed at the very end": (HEAD + "--b\n\none\n--b--", (MIXED, [(PLAIN, b"one")])),
    "after the end": (HEAD + "--b\n\none\n--b--\n--b\n\ntwo\n", (MIXED, [(PLAIN, b"one")])),
    "white space after it": (HEAD + "--b \t\n\none\n--b-- \n", (MIXED, [(PLAIN, b"one")])),
    "white space before it": (
        HEAD + "--b\n\none\n --b--\n",
        (MIXED, [(PLAIN, b"one\r\n --b--\r\n")]),
    ),
    "words after it": (HEAD + "--b\n\none\n--b x\n", (MIXED, [(PLAIN, b"one\r\n--b x\r\n")])),
    "in the middle of a line": (HEAD + "--b\n\none --b\n", (MIXED, [(PLAIN, b"one --b\r\n")])),
    "no preamble, no empty line": (
        HEAD + "--b\n--b\n--b--\n",
        (MIXED, [(PLAIN, b""), (PLAIN, b"")]),
    ),
    "part without header or body": (HEAD + "--b\n\n--b--\n", (MIXED, [(PLAIN, b"")])),
    "part of a header only": (
        HEAD + "--b\nContent-Type: text/html\n--b--\n",
        (MIXED, [("text/html", b"")]),
    ),
    "part without the empty line": (
        HEAD + "--b\nHello there\n\nmore\n--b--\n",
        (MIXED, [(PLAIN, b"Hello there\r\n\r\nmore")]),
    ),
    "a delimiter ends a header": (
        HEAD + f"--b\n{INNER}c\n--b\n\n--c\n\nx\n--b--\n",
        (MIXED, [(PLAIN, b""), (PLAIN, b"--c\r\n\r\nx")]),
    ),
    "outer boundary begins the inner one": (
        HEAD + f"--b\n{INNER}bc\n\n--bc\n\none\n--bc--\n--b\n\ntwo\n--b--\n",
        (MIXED, [("multipart/alternative", [(PLAIN, b"one")]), (PLAIN, b"two")]),
    ),
    "inner boundary begins the outer one": (
        "Content-Type: multipart/mixed; boundary=bc\n\n"
        f"--bc\n{INNER}b\n\n--b\n\none\n--b--\n--bc\n\ntwo\n--bc--\n",
        (MIXED, [("multipart/alternative", [(PLAIN, b"one")]), (PLAIN, b"two")]),
    ),
    "inner boundary is the outer one closed": (
        HEAD + f"--b\n{INNER}b--\n\n--b--\n\none\n--b----\n--b\n\ntwo\n--b--\n",
        (MIXED, [("multipart/alternative", [(PLAIN, b"one")]), (PLAIN, b"two")]),
    ),
    "the same boundary inside, well nested": (
        HEAD + f"--b\n{INNER}b\n\n--b\n\none\n--b--\n--b\n\ntwo\n--b--\n",
        (MIXED, [("multipart/alternative", [(PLAIN, b"one")]), (PLAIN, b"two")]),
    ),
    "inner multipart not closed": (
        HEAD + f"--b\n{INNER}c\n\n--c\n\none\n--b\n\ntwo\n--b--\n",
        (MIXED, [("multipart/alternative", [(PLAIN, b"one")]), (PLAIN, b"two")]),
    ),
    "inner boundary after its multipart": (
        HEAD + f"--b\n{INNER}c\n\n--c\n\none\n--b\n\n--c\n--b--\n",
        (MIXED, [("multipart/alternative", [(PLAIN, b"one")]), (PLAIN, b"--c")]),
    ),
    "outer delimiter directly after the inner one": (
        HEAD + f"--b\n{INNER}c\n\n--c\n--b--\n",
        (MIXED, [("multipart/alternative", [(PLAIN, b"")])]),
    ),
    "embedded message": (
        "Content-Type: message/rfc822\n\nSubject: x\n\nbody",
        ("message/rfc822", [(PLAIN, b"body")]),
    ),
    "embedded message without a word": (
        "Content-Type: message/rfc822\n\n",
        ("message/rfc822", [(PLAIN, b"")]),
    ),
    "embedded message cut off in its header": (
        HEAD + "--b\nContent-Type: message/rfc822\n\nSubject: x\n--b--\n",
        (MIXED, [("message/rfc822", [(PLAIN, b"")])]),
    ),
    "embedded message without its empty line": (
        HEAD + "--b\nContent-Type: message/rfc822\n--b--\n",
        (MIXED, [(OPAQUE, b"")]),
    ),
    "embedded message in base64": (
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeAo=",
        (OPAQUE, b"U3ViamVjdDogeAo="),
    ),
    "global message in quoted-printable": (
        "Content-Type: message/global\nContent-Transfer-Encoding: quoted-printable\n\nx",
        (OPAQUE, b"x"),
    ),
    "embedded multipart": (
        HEAD + f"--b\nContent-Type: message/rfc822\n\n{INNER}c\n\n--c\n\none\n--b\n\ntwo\n--b--\n",
        (
            MIXED,
            [("message/rfc822", [("multipart/alternative", [(PLAIN, b"one")])]), (PLAIN, b"two")],
        ),
    ),
    "the first of two types counts": (
        "Content-Type: text/html\nContent-Type: image/png\n\nx",
        ("text/html", b"x"),
    ),
    "type that cannot be read": ("Content-Type: ???\n\nx", (PLAIN, b"x")),
}


@pytest.mark.parametrize(("text", "expected"), BROKEN.values(), ids=BROKEN.keys())
def test_reads_what_is_broken(text: str, expected: Outline) -> None:
    octets = message(text)
    assert outline(scan(octets), octets) == expected
    check_places(scan(octets))


@pytest.mark.parametrize(("text", "expected"), BROKEN.values(), ids=BROKEN.keys())
def test_line_endings_may_be_bare_lf(text: str, expected: Outline) -> None:
    octets = text.encode()
    assert outline(scan(octets), octets) == without_cr(expected)


def without_cr(tree: Outline) -> Outline:
    name, content = tree
    if isinstance(content, bytes):
        return name, content.replace(b"\r", b"")
    assert isinstance(content, list)
    return name, [without_cr(child) for child in content]


def test_octets_no_text_has_are_just_octets() -> None:
    octets = (
        b"Subject: \xe4\x00\r\nX\xff: y\r\n" + message(HEAD) + b"--b\r\n\r\n\x00\xff\n\r\r\n--b--"
    )
    assert outline(scan(octets), octets) == (MIXED, [(PLAIN, b"\x00\xff\n\r")])


def test_says_what_the_header_says() -> None:
    part = scan(
        message(
            """\
Content-Type: Image/PNG; NAME="a b.png"
Content-Transfer-Encoding: (old) BASE64
Content-ID: <one@example>
Content-Description: a
 picture
Content-Disposition: Attachment; filename=b.png
Content-Language: de, en (both)
Content-Location: http://example/b.png
Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==

AAAA
"""
        )
    )
    assert (part.type, part.subtype, part.params) == (b"image", b"png", ((b"name", b"a b.png"),))
    assert part.encoding == b"base64"
    assert part.id == b"<one@example>"
    assert part.description == b"a picture"
    assert part.disposition == (b"attachment", ((b"filename", b"b.png"),))
    assert part.language == (b"de", b"en")
    assert part.location == b"http://example/b.png"
    assert part.md5 == b"Q2hlY2sgSW50ZWdyaXR5IQ=="
    assert not part.is_multipart
    assert not part.is_message


def test_counts_lines_of_text_and_of_messages_within_each_other() -> None:
    octets = message(
        HEAD + "--b\n\none\ntwo\n--b\nContent-Type: message/rfc822\n\n"
        "Content-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: message/rfc822\n\n"
        "Subject: x\n\nbody\nbody\n--c\n\nlast\n--c--\n--b\nContent-Type: image/png\n\nx\ny\n--b--\n"
    )
    text, embedded, image = scan(octets).children
    inner = embedded.children[0].children[0]
    assert (text.lines, image.lines) == (1, 0)
    assert inner.lines == octets[inner.body_start : inner.end].count(b"\n") == 3
    assert embedded.lines == octets[embedded.body_start : embedded.end].count(b"\n") == 12


@pytest.mark.parametrize("octets", [b"A: b", b"A :b", b"A:"])
def test_knows_a_field_when_it_sees_one(octets: bytes) -> None:
    assert begins_with_field(octets)


@pytest.mark.parametrize("octets", [b"\r\nA: b", b" A: b", b"From a@b", b"A", b":", b""])
def test_knows_what_is_no_field(octets: bytes) -> None:
    assert not begins_with_field(octets)


class TestLimits:
    def test_parts_beyond_the_number_are_one_opaque_leaf(self) -> None:
        octets = message(HEAD + "--b\n\none\n--b\n\ntwo\n--b\n\nthree\n--b--\n")
        assert outline(scan(octets, Limits(parts=2)), octets) == (
            MIXED,
            [(PLAIN, b"one"), (OPAQUE, b"\r\ntwo\r\n--b\r\n\r\nthree\r\n--b--\r\n")],
        )

    def test_a_multipart_too_deep_is_an_opaque_leaf(self) -> None:
        octets = message(HEAD + f"--b\n{INNER}c\n\n--c\n\none\n--c--\n--b\n\ntwo\n--b--\n")
        assert outline(scan(octets, Limits(depth=1)), octets) == (
            MIXED,
            [(OPAQUE, b"--c\r\n\r\none\r\n--c--"), (PLAIN, b"two")],
        )

    def test_a_message_too_deep_is_an_opaque_leaf(self) -> None:
        octets = message("Content-Type: message/rfc822\n\n" * 3 + "x")
        assert outline(scan(octets, Limits(depth=2)), octets) == (
            "message/rfc822",
            [("message/rfc822", [(OPAQUE, b"x")])],
        )

    def test_fields_beyond_the_octets_do_not_count(self) -> None:
        octets = message("X-Long: " + "x" * 100 + "\nContent-Type: text/html\n\nbody")
        assert outline(scan(octets, Limits(header_octets=50)), octets) == (PLAIN, b"body")
        assert scan_message(octets, Limits(header_octets=50)).header_octets == 50

    def test_fields_beyond_the_number_do_not_count(self) -> None:
        octets = message("A: x\nContent-Type: text/html\n\nbody")
        assert outline(scan(octets, Limits(fields=1)), octets) == (PLAIN, b"body")

    def test_after_too_many_false_delimiters_the_part_has_the_rest(self) -> None:
        octets = message(HEAD + "--b\n\n" + "--bx\n" * 3 + "--b--\n")
        assert outline(scan(octets, Limits(false_delimiters=2)), octets) == (
            MIXED,
            [(PLAIN, b"--bx\r\n--bx\r\n--bx\r\n--b--\r\n")],
        )
        assert outline(scan(octets, Limits(false_delimiters=4)), octets) == (
            MIXED,
            [(PLAIN, b"--bx\r\n--bx\r\n--bx")],
        )


HOSTILE = {
    "the same multipart within itself": message(HEAD) + message("--b\n" + HEAD) * 20_000,
    "ever new multiparts": b"".join(
        message(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n") for n in range(15_000)
    ),
    "parts without end": message(HEAD) + b"--b\r\n" * 200_000,
    "almost delimiters": message(HEAD) + b"\n--bx" * 200_000,
    "messages within messages": b"Content-Type: message/rfc822\r\n\r\n" * 30_000,
    "empty lines in messages": b"Content-Type: message/rfc822\r\n\r\n" * 64 + b"\n" * 1_000_000,
    "no empty line anywhere": message(HEAD) + b"--b\r\nA: b\r\n" * 80_000,
    "one line": b"Content-Type: " + b";a=" * 300_000,
    "8-bit digest": message("Content-Type: multipart/digest; boundary=b\n\n")
    + b"--b\r\n\r\nSubject: \xe4\r\nFrom: \xe4 <a@b>\r\n\r\n" * 20_000,
}


@pytest.mark.parametrize("octets", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_megabyte_made_to_be_slow_is_not(octets: bytes) -> None:
    started = time.process_time()
    scan(octets)
    assert time.process_time() - started < 1.5  # a tenth of that on a machine with nothing to do


BEGINNINGS = [
    f"Content-Type: multipart/{kind}; boundary={name}\r\n".encode()
    for kind, name in [("mixed", "a"), ("digest", "ab"), ("related", "a--"), ("mixed", '" a"')]
]
BEGINNINGS += [b"Content-Type: message/rfc822\r\n", b"Content-Type: message/global\r\n"]
DELIMITERS = [
    b"--" + name + end
    for name in (b"a", b"ab", b"a--", b"ab--", b" a")
    for end in (b"\r\n", b"\n", b" \t\r\n", b"")
]
REST = [
    *(beginning + b"\r\n" for beginning in BEGINNINGS),
    b"Content-Type: text/html; charset=x\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Disposition: attachment; filename*=utf-8''%e4\r\n",
    b"Subject: \xff\x00\r\n",
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"--", b" ", b"text", b"text\r\n", b"From \r\n", b"\x00"),
]
# Half of the pieces are delimiters, and most messages begin as something that has parts.
broken_mime = st.tuples(
    st.sampled_from([*(beginning + b"\r\n" for beginning in BEGINNINGS), b""]),
    st.lists(
        st.sampled_from(DELIMITERS) | st.sampled_from(REST) | st.sampled_from(BEGINNINGS),
        max_size=30,
    ).map(b"".join),
).map(b"".join) | st.binary(max_size=200)


@settings(max_examples=400, deadline=None)
@given(broken_mime, st.sampled_from([Limits(), Limits(depth=3, parts=4, header_octets=60)]))
def test_parts_lie_within_each_other_and_beside_each_other(octets: bytes, limits: Limits) -> None:
    root = scan(octets, limits)
    assert (root.header_start, root.end) == (0, len(octets))
    check_places(root)


def check_places(part: Part) -> None:
    assert part.header_start <= part.body_start <= part.end
    assert part.is_multipart <= bool(part.children)
    assert not (part.is_message and len(part.children) != 1)
    at = part.body_start
    for child in part.children:
        assert at <= child.header_start
        check_places(child)
        at = child.end
    assert at <= part.end


@settings(max_examples=200, deadline=None)
@given(broken_mime, broken_mime)
def test_what_follows_changes_nothing_of_what_was_complete(octets: bytes, more: bytes) -> None:
    whole = message(HEAD) + b"--b\r\n\r\n" + octets.replace(b"--", b"-") + b"\r\n--b--\r\n"
    assert [outline(child, whole) for child in scan(whole).children] == [
        outline(child, whole) for child in scan(whole + more).children
    ]


# Messages as they should be, made with what they should be read as.
texts = st.lists(
    st.text(st.characters(codec="ascii", exclude_characters="\r\n"), max_size=20), max_size=4
).map(lambda lines: "\r\n".join(line.lstrip("-") for line in lines).encode())


@st.composite
def entities(draw: st.DrawFn, depth: int = 3) -> tuple[bytes, Outline]:
    kind = draw(st.sampled_from(["leaf", "multipart", "message"] if depth else ["leaf"]))
    if kind == "leaf":
        name, body = draw(st.sampled_from(["text/plain", "text/html", "image/png"])), draw(texts)
        return f"Content-Type: {name}\r\n\r\n".encode() + body, (name, body)
    if kind == "message":
        inner, tree = draw(entities(depth=depth - 1))
        return b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n" + inner, (
            "message/rfc822",
            [tree],
        )
    children = draw(st.lists(entities(depth=depth - 1), min_size=1, max_size=3))
    # One letter more for each level, so that outer boundaries begin inner ones or inner outer ones.
    boundary = draw(st.sampled_from(["=", "x"])) * depth
    name = draw(st.sampled_from(["multipart/mixed", "multipart/alternative"]))
    parts = b"".join(b"--%b\r\n%b\r\n" % (boundary.encode(), octets) for octets, _ in children)
    octets = f'Content-Type: {name}; boundary="{boundary}"\r\n\r\n'.encode() + parts
    return octets + f"--{boundary}--".encode(), (name, [tree for _, tree in children])


@settings(max_examples=200, deadline=None)
@given(entities())
def test_reads_what_was_written(made: tuple[bytes, Outline]) -> None:
    octets, tree = made
    assert outline(scan(octets), octets) == tree


@settings(max_examples=100, deadline=None)
@given(entities())
def test_agrees_with_the_standard_library(made: tuple[bytes, Outline]) -> None:
    octets, _ = made
    assert outline(scan(octets), octets) == outline_of(email.message_from_bytes(octets))


def outline_of(parsed: Message) -> Outline:
    payload = parsed.get_payload()
    if isinstance(payload, list):
        children = [child for child in payload if isinstance(child, Message)]
        return parsed.get_content_type(), [outline_of(child) for child in children]
    assert isinstance(payload, str)
    return parsed.get_content_type(), payload.encode("ascii", "surrogateescape")
