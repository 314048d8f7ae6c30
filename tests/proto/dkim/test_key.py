"""Key records. RFC 6376 section 3.6.1."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.base.errors import ProtocolError
from roost.proto.dkim.key import (
    KeyRecord,
    KeyUnusable,
    key_bits,
    parse_record,
    public_key,
    record_of,
    spell_record,
    txt_strings,
)
from roost.testing.dkim import ED25519_KEY, rsa_key


def test_what_is_left_out_has_its_default() -> None:
    record = parse_record("p=AAAA")
    assert record == KeyRecord("rsa", b"\0\0\0")
    assert record.is_for("email")
    assert not record.is_testing
    assert not record.is_strict


def test_reads_every_tag() -> None:
    text = "v=DKIM1; k=ed25519; h=sha1 : sha256; s=tlsrpt:x; t=y : s; n=it=20is=3B; p=; z=y"
    record = parse_record(text)
    assert record.key_type == "ed25519"
    assert (record.hashes, record.services) == (("sha1", "sha256"), ("tlsrpt", "x"))
    assert record.is_testing
    assert record.is_strict
    assert (record.notes, record.octets) == ("it is;", b"")
    assert record.is_for("tlsrpt")
    assert not record.is_for("email")


@pytest.mark.parametrize(
    "text",
    [
        "", "v=DKIM1", "v=DKIM2; p=AAAA", "p=AAAA; v=DKIM1", "p=AAA", "p=AAAA; p=AAAA", "x",
        "v=spf1 -all", "p=" + "A" * 20_000,
    ],
)  # fmt: skip
def test_refuses(text: str) -> None:
    with pytest.raises(ProtocolError):
        parse_record(text)


@given(st.text(max_size=60) | st.text("vpkhstn=; AB:\t", max_size=40))
def test_any_text(text: str) -> None:
    with suppress(ProtocolError):
        public_key(parse_record(text))


@given(st.binary(max_size=80), st.sampled_from(["rsa", "ed25519", "x"]))
def test_any_key(octets: bytes, key_type: str) -> None:
    with suppress(KeyUnusable):
        assert key_bits(public_key(KeyRecord(key_type, octets)))


@given(
    st.binary(max_size=40),
    st.lists(st.sampled_from(["y", "s"]), unique=True).map(tuple),
    st.text(max_size=20),
)
def test_what_is_spelled_is_read(octets: bytes, flags: tuple[str, ...], notes: str) -> None:
    record = KeyRecord("rsa", octets, ("sha256",), ("email",), flags, notes)
    assert parse_record(spell_record(record)) == record


@pytest.mark.parametrize(
    ("key", "bits"), [(rsa_key(), 1024), (ED25519_KEY, 256)], ids=["rsa", "ed25519"]
)
def test_the_record_of_a_key_has_that_key(key: object, bits: int) -> None:
    public = key.public_key()  # type: ignore[attr-defined]
    text = spell_record(record_of(public))
    assert public_key(parse_record(text)) == public
    assert key_bits(public) == bits


def test_keys_without_wrapping_are_read_too() -> None:
    """RFC 6376 section 3.6.1 speaks of RSAPublicKey, everybody publishes SubjectPublicKeyInfo."""
    octets = record_of(rsa_key().public_key()).octets
    assert public_key(KeyRecord("rsa", octets[22:])) == rsa_key().public_key()


def test_long_records_are_strings_of_255() -> None:
    text = "v=DKIM1; p=" + "A" * 600
    strings = txt_strings(text)
    assert [len(one) for one in strings] == [255, 255, 101]
    assert "".join(strings) == text
