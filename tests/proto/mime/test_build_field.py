"""Fields of our own, read back."""

from datetime import UTC, datetime
from email.message import Message
from email.utils import collapse_rfc2231_value

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.base.address import Address
from roost.proto.mime.address_list import address_text, display_name, mailboxes, parse_address_list
from roost.proto.mime.build_field import (
    address_field,
    date_field,
    ids_field,
    parameter_words,
    plain_field,
    text_field,
    words_field,
)
from roost.proto.mime.charset import printable
from roost.proto.mime.header import decode_unstructured, parse_fields
from roost.proto.mime.parameter import filename_of, parse_disposition
from roost.proto.mime.thread import message_ids

ADDRESS = Address.parse("a@example.test")


def value_of(field: bytes) -> bytes:
    (found,) = parse_fields(field + b"\r\n")
    assert found.end == len(field)
    assert all(len(line) <= 78 for line in field.split(b"\r\n"))
    return field[found.value_start : found.end]


TEXT = st.text(max_size=200).map(printable)


@given(TEXT)
@settings(deadline=None)
def test_text_comes_back(text: str) -> None:
    assert decode_unstructured(value_of(text_field("Subject", text))) == text


@given(st.lists(TEXT.map(str.strip), min_size=1, max_size=4))
@settings(deadline=None)
def test_names_and_addresses_come_back(names: list[str]) -> None:
    field = address_field("To", [(name, ADDRESS) for name in names])
    boxes = list(mailboxes(parse_address_list(value_of(field))))
    assert [display_name(box) for box in boxes] == names
    assert {address_text(box) for box in boxes} == {"a@example.test"}


@given(TEXT.filter(bool))
@settings(deadline=None, max_examples=200)
def test_file_names_come_back(name: str) -> None:
    words = parameter_words("filename", name)
    parts = [b"attachment", *words]
    field = words_field("Content-Disposition", [p + b";" for p in parts[:-1]] + parts[-1:])
    plain = name.rsplit("/", maxsplit=1)[-1].rsplit("\\", maxsplit=1)[-1].strip()
    assert filename_of(None, parse_disposition(value_of(field))) == (
        plain[:255] if plain.strip(".") else None
    )
    message = Message()
    message["Content-Disposition"] = field.split(b":", 1)[1].decode().strip()
    read = message.get_param("filename", header="content-disposition")
    assert isinstance(read, str | tuple)
    assert collapse_rfc2231_value(read) == name


def test_local_parts_of_other_scripts_stay_utf8() -> None:
    field = address_field("To", [("", Address.parse("ü@bücher.example"))])
    assert field == "To: ü@xn--bcher-kva.example\r\n".encode()


def test_ids_come_back() -> None:
    ids = [f"{number}.{'x' * 30}@example.test" for number in range(9)]
    assert message_ids(value_of(ids_field("References", ids))) == tuple(ids)


def test_date() -> None:
    at = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert date_field("Date", at) == b"Date: Tue, 02 Jan 2024 03:04:05 +0000\r\n"


@pytest.mark.parametrize("evil", ["a\r\nBcc: x", "a\nb", "a\rb", "a\0b"])
def test_no_line_end_gets_into_a_header(evil: str) -> None:
    with pytest.raises(ValueError, match="CR, LF"):
        text_field("Subject", evil)
    with pytest.raises(ValueError, match="printable"):
        plain_field("Precedence", evil)
    with pytest.raises(ValueError, match="CR, LF"):
        address_field("To", [(evil, ADDRESS)])
    with pytest.raises(ValueError, match="id"):
        ids_field("References", [f"{evil}@x"])
    with pytest.raises(ValueError, match="CR, LF"):
        parameter_words("filename", evil)
    with pytest.raises(ValueError, match="field name"):
        text_field(evil, "x")


@pytest.mark.parametrize("name", ["", "a b", "a:", "ü", "x" * 80])
def test_bad_field_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="field name"):
        plain_field(name, "x")


def test_empty_lists_are_refused() -> None:
    with pytest.raises(ValueError, match="one at least"):
        address_field("To", [])
    with pytest.raises(ValueError, match="one at least"):
        ids_field("References", [])


def test_a_word_longer_than_a_line_is_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        plain_field("X", "x" * 1000)
