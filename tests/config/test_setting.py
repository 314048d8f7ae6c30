"""Sizes and durations as people write them."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.config.accounts import AccountSettings
from roost.config.setting import Duration, Size, dec_hook, enc_hook


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("2G", 2147483648), ("2g", 2147483648), ("0", 0), ("-1", -1), ("100", 100),
        ("1k", 1024), ("3M", 3145728), ("1t", 1 << 40), (" 5k ", 5120), ("0g", 0),
    ],
)  # fmt: skip
def test_a_size_is_read(text: str, octets: int) -> None:
    assert Size(text) == octets


@pytest.mark.parametrize(
    "text",
    ["2.5g", "2gb", "", "g", "abc", "1 g", "-2", "-1k", "1e3", "0x10", "9999999999t", "٣", "+1"],
)
def test_what_is_no_size_is_refused_with_the_units(text: str) -> None:
    with pytest.raises(ValueError, match=r"k, m, g or t|between 0 and"):
        Size(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0s", timedelta()), ("90s", timedelta(seconds=90)), ("5m", timedelta(minutes=5)),
        ("2h", timedelta(hours=2)), ("3d", timedelta(days=3)), ("1w", timedelta(weeks=1)),
    ],
)  # fmt: skip
def test_a_duration_is_read(text: str, span: timedelta) -> None:
    assert Duration(text) == span


@pytest.mark.parametrize("text", ["5", "", "-1s", "1.5h", "5M", "1y", "5 m", "5min"])
def test_what_is_no_duration_is_refused_with_the_units(text: str) -> None:
    with pytest.raises(ValueError, match="s, m, h, d or w"):
        Duration(text)


def test_a_duration_that_no_date_bears_is_refused() -> None:
    assert Duration("5000w") == timedelta(weeks=5000)
    with pytest.raises(ValueError, match="at most 5000w"):
        Duration("999999999w")


@settings(deadline=None, max_examples=150)
@given(st.integers(-1, (1 << 62) - 1))
def test_a_size_reads_back_as_it_was_spelled(octets: int) -> None:
    assert Size(Size(octets).spell()) == octets


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 999_999_999))
def test_a_duration_reads_back_as_it_was_spelled(seconds: int) -> None:
    assert Duration(Duration(f"{seconds}s").spell()) == timedelta(seconds=seconds)


def test_a_quota_in_settings_goes_out_and_comes_back() -> None:
    text = msgspec.json.encode(AccountSettings(quota=Size("2G")), enc_hook=enc_hook)
    assert text == b'{"quota":"2g"}'
    read = msgspec.json.decode(text, type=AccountSettings, dec_hook=dec_hook)
    assert read.quota == Size("2g")


@pytest.mark.parametrize("text", [b'{"quota":"abc"}', b'{"quota":2.5}', b'{"quota":true}'])
def test_a_quota_that_is_none_is_refused_at_its_place(text: bytes) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"a size is .* - at `\$.quota`"):
        msgspec.json.decode(text, type=AccountSettings, dec_hook=dec_hook)
