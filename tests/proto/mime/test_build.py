"""Messages of our own, read back by the standard library."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.base.address import Address
from roost.base.domain import Domain
from roost.proto.mime.build import (
    Entity,
    alternative,
    ascii_entity,
    attachment,
    boundary_from,
    compose,
    headers_entity,
    message_entity,
    message_id_from,
    multipart,
    report,
    text_entity,
)
from roost.proto.mime.build_field import address_field, date_field, ids_field, text_field

ADDRESS = Address.parse("a@example.test")
BOUNDARY = boundary_from(bytes(range(16)))


def read(octets: bytes) -> EmailMessage:
    assert b"\n" not in octets.replace(b"\r\n", b"")
    message = message_from_bytes(octets, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def test_a_whole_message() -> None:
    fields = [
        date_field("Date", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        address_field("From", [("Jürgen Müller", ADDRESS)]),
        address_field("To", [("Doe, John", ADDRESS), ("", ADDRESS)]),
        text_field("Subject", "Grüße aus München"),
        ids_field("Message-ID", [message_id_from(b"0123456789", Domain.parse("x.test"))]),
    ]
    body = alternative("Schöne Grüße\n", "<p>Schöne Grüße</p>\n", BOUNDARY)
    outer = multipart(
        "mixed",
        boundary_from(b"outer"),
        [body, attachment(bytes(range(256)), "image/png", filename="Übersicht.png")],
    )
    message = read(compose(fields, outer))
    assert message["From"] == "Jürgen Müller <a@example.test>"
    assert message["To"] == '"Doe, John" <a@example.test>, a@example.test'
    assert message["Subject"] == "Grüße aus München"
    assert message["Message-ID"] == "<gaytemzugu3doobz@x.test>"
    plain = message.get_body(["plain"])
    html = message.get_body(["html"])
    assert plain is not None
    assert html is not None
    assert plain.get_content().splitlines() == ["Schöne Grüße"]
    assert html.get_content().splitlines() == ["<p>Schöne Grüße</p>"]
    (file,) = message.iter_attachments()
    assert file.get_filename() == "Übersicht.png"
    assert file.get_content() == bytes(range(256))


def test_a_report() -> None:
    status = b"Reporting-MTA: dns; mx.test\r\n\r\nAction: failed\r\n"
    parts = [
        text_entity("It could not be delivered."),
        ascii_entity(status, "message/delivery-status"),
        headers_entity(b"Subject: x\r\n"),
    ]
    message = read(compose([], report("delivery-status", BOUNDARY, parts)))
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    types = [part.get_content_type() for part in message.iter_parts()]
    assert types == ["text/plain", "message/delivery-status", "text/rfc822-headers"]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
@settings(deadline=None)
def test_text_comes_back_with_crlf_lines(text: str) -> None:
    octets = compose([], text_entity(text))
    assert octets.isascii()
    assert all(len(line) <= 78 for line in octets.split(b"\r\n"))
    payload = read(octets).get_payload(decode=True)
    expected = "\r\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    assert payload == expected.encode()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain", b"7bit"),
        ("x" * 79, b"quoted-printable"),
        ("Schöne Grüße an euch alle in der großen Stadt", b"quoted-printable"),
        ("日本語", b"base64"),
        ("nul \0", b"quoted-printable"),
    ],
    ids=["ascii", "long line", "few", "many", "nul"],
)
def test_transfer_encoding_is_the_shortest_that_is_safe(text: str, encoding: bytes) -> None:
    assert b"Content-Transfer-Encoding: " + encoding in text_entity(text).fields


@pytest.mark.parametrize(
    ("octets", "media_type"),
    [
        (b"Subject: x\r\n\r\nbody\r\n", "message/rfc822"),
        (b"Subject: \xff\r\n\r\n", "message/rfc822"),
        (b"Subject: x\n\nbody\n", "application/octet-stream"),
        (b"Subject: x\r\n\r\n" + b"x" * 999, "application/octet-stream"),
        (b"\0", "application/octet-stream"),
    ],
    ids=["tidy", "8bit", "bare lf", "long line", "nul"],
)
def test_messages_inside_messages(octets: bytes, media_type: str) -> None:
    entity = message_entity(octets)
    message = read(compose([], entity))
    assert message.get_content_type() == media_type
    assert (b"8bit" in entity.fields) is (media_type == "message/rfc822" and not octets.isascii())
    if media_type == "message/rfc822":
        assert entity.body == octets
    else:
        assert message.get_content() == octets


def test_inline_picture() -> None:
    message = read(compose([], attachment(b"x", "image/png", content_id="pic@x")))
    assert message["Content-ID"] == "<pic@x>"
    assert message.get_content_disposition() == "inline"


def test_boundary_inside_a_part_is_refused() -> None:
    with pytest.raises(ValueError, match="boundary"):
        multipart("mixed", b"x", [Entity(b"", b"a\r\n--x\r\n")])


@pytest.mark.parametrize("boundary", [b"", b"x" * 71, b"a\r\nb", b'"', b"a "])
def test_bad_boundaries_are_refused(boundary: bytes) -> None:
    with pytest.raises(ValueError, match="boundary"):
        multipart("mixed", boundary, [text_entity("x")])


def test_a_multipart_without_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="parts"):
        multipart("mixed", BOUNDARY, [])


@pytest.mark.parametrize("media_type", ["", "text", "text/plain; x", "text/pl\r\nain", "a/b/c"])
def test_bad_media_types_are_refused(media_type: str) -> None:
    with pytest.raises(ValueError, match="media type"):
        text_entity("x", media_type)


@pytest.mark.parametrize("octets", [b"\xff", b"a\n", b"x" * 999, b"\0"])
def test_octets_that_are_not_7bit_are_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        ascii_entity(octets, "message/delivery-status")


def test_headers_with_other_octets_are_encoded() -> None:
    message = read(compose([], headers_entity(b"Subject: \xff\r\n")))
    assert message.get_payload(decode=True) == b"Subject: \xff\r\n"
