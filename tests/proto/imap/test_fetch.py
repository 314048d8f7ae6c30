"""FETCH. RFC 9051 section 6.4.5, RFC 3501 section 6.4.5."""

import pytest

from roost.proto.imap import sequence
from roost.proto.imap.core import CORE
from roost.proto.imap.core.fetch import (
    BinarySection,
    BinarySize,
    BodySection,
    Fetch,
    FetchAttribute,
    FetchItem,
    Partial,
    SectionSpec,
    SectionText,
)
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.extension import Grammar
from roost.proto.imap.sequence import SAVED

GRAMMAR = Grammar(CORE)
A = FetchAttribute
FAST = (A.FLAGS, A.INTERNALDATE, A.RFC822_SIZE)
DATE_FROM = SectionSpec(text=SectionText.HEADER_FIELDS, fields=(b"DATE", b"From"))


def parse(items: bytes) -> Fetch:
    args = GRAMMAR.parse((b"a FETCH 2:4 " + items,)).args
    assert isinstance(args, Fetch)
    return args


@pytest.mark.parametrize(
    ("text", "items"),
    [
        (b"FAST", FAST),
        (b"all", (*FAST, A.ENVELOPE)),
        (b"FULL", (*FAST, A.ENVELOPE, A.BODY)),
        (b"flags", (A.FLAGS,)),
        (b"(UID BODY BODYSTRUCTURE)", (A.UID, A.BODY, A.BODYSTRUCTURE)),
        (b"(FLAGS FLAGS rfc822.size)", (A.FLAGS, A.RFC822_SIZE)),
        (b"BODY[]", (BodySection(SectionSpec(), False, None, b"BODY[]"),)),
        (
            b"(FLAGS BODY[HEADER.FIELDS (DATE From)])",
            (A.FLAGS, BodySection(DATE_FROM, False, None, b"BODY[HEADER.FIELDS (DATE From)]")),
        ),
        (
            b"body.peek[header.fields (DATE From)]<0.100>",
            (
                BodySection(
                    DATE_FROM, True, Partial(0, 100), b"BODY[HEADER.FIELDS (DATE From)]<0>"
                ),
            ),
        ),
        (
            b'BODY[1.2.HEADER.FIELDS.NOT ("X(")]',
            (
                BodySection(
                    SectionSpec((1, 2), SectionText.HEADER_FIELDS_NOT, (b"X(",)),
                    False,
                    None,
                    b'BODY[1.2.HEADER.FIELDS.NOT ("X(")]',
                ),
            ),
        ),
        (
            b"BODY[4.2.2.2.MIME]",
            (
                BodySection(
                    SectionSpec((4, 2, 2, 2), SectionText.MIME), False, None, b"BODY[4.2.2.2.MIME]"
                ),
            ),
        ),
        (
            b"BODY.PEEK[3.TEXT]",
            (BodySection(SectionSpec((3,), SectionText.TEXT), True, None, b"BODY[3.TEXT]"),),
        ),
        (b"BODY[1]<2048.4>", (BodySection(SectionSpec((1,)), False, Partial(2048, 4), b"BODY[1]<2048>"),)),
        (b"RFC822", (BodySection(SectionSpec(), False, None, b"RFC822"),)),
        (
            b"(RFC822.HEADER RFC822.TEXT)",
            (
                BodySection(SectionSpec(text=SectionText.HEADER), True, None, b"RFC822.HEADER"),
                BodySection(SectionSpec(text=SectionText.TEXT), False, None, b"RFC822.TEXT"),
            ),
        ),
        (b"BINARY[1.2]", (BinarySection((1, 2), False, None, b"BINARY[1.2]"),)),
        (b"BINARY.PEEK[]<5.6>", (BinarySection((), True, Partial(5, 6), b"BINARY[]<5>"),)),
        (b"BINARY.SIZE[3]", (BinarySize((3,), b"BINARY.SIZE[3]"),)),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)  # fmt: skip
def test_reads(text: bytes, items: tuple[FetchItem, ...]) -> None:
    assert parse(text) == Fetch(sequence.parse(b"2:4"), items)


def test_the_uid_form_and_the_saved_result() -> None:
    command = GRAMMAR.parse((b"a UID FETCH $ UID",))
    assert command.uid
    assert command.args == Fetch(SAVED, (A.UID,))


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"", 12),
        (b"()", 13),
        (b"FOO", 12),
        (b"(FLAGS FOO)", 19),
        (b"(FLAGS FAST)", 19),
        (b"(FLAGS  UID)", 19),
        (b"(FLAGS", 18),
        (b"FLAGS UID", 18),
        (b"FLAGS (CHANGEDSINCE 5)", 19),
        (b"BODY.PEEK", 12),
        (b"BINARY", 12),
        (b"FLAGS[]", 12),
        (b"BODY[", 17),
        (b"BODY[1", 18),
        (b"BODY[1.]", 19),
        (b"BODY[0]", 17),
        (b"BODY[1.0]", 17),
        (b"BODY[4294967296]", 17),
        (b"BODY[" + b"9" * 5000 + b"]", 17),
        (b"BODY[MIME]", 17),
        (b"BODY[FOO]", 17),
        (b"BODY[1.FOO]", 19),
        (b"BODY[HEADER.FIELDS]", 30),
        (b"BODY[HEADER.FIELDS ()]", 32),
        (b"BODY[HEADER.FIELDS (a:b)]", 32),
        (b'BODY[HEADER.FIELDS ("")]', 32),
        (b"BODY[HEADER.FIELDS (a) x]", 34),
        (b"BODY[TEXT", 21),
        (b"BODY[]<5>", 20),
        (b"BODY[]<5.0>", 21),
        (b"BODY[]<5.6", 22),
        (b"BODY[]<9223372036854775808.1>", 19),
        (b"BINARY[TEXT]", 19),
        (b"BINARY.SIZE[1]<0.1>", 26),
    ],
    ids=lambda value: value[:40].decode() if isinstance(value, bytes) else "",
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset


@pytest.mark.parametrize(
    "text",
    [
        b"BODY[" + b".".join([b"1"] * 101) + b"]",
        b"BODY[HEADER.FIELDS (" + b" ".join([b"a"] * 201) + b")]",
        b"(" + b" ".join([b"UID"] * 201) + b")",
    ],
    ids=["deep part", "many fields", "many items"],
)
def test_has_bounds(text: bytes) -> None:
    with pytest.raises(OverLimit):
        parse(text)
