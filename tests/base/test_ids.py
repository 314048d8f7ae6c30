"""Wire ids. RFC 8474 section 4."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.base.ids import MAILBOX, parse_wire_id, wire_id

numbers = st.integers(0, 2**63 - 1)


@given(numbers, numbers)
def test_reads_back(account: int, number: int) -> None:
    spelled = wire_id(MAILBOX, account, number)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,255}", spelled)
    assert parse_wire_id(MAILBOX, spelled) == (account, number)


@pytest.mark.parametrize(
    "text",
    ["", "b", "b_", "ba_", "b_a", "mb_c", "bab", "baa_b", "ba_B", "ba_b_c", "ba_" + "a" * 14],
)
def test_refuses_other_texts(text: str) -> None:
    with pytest.raises(ValueError, match="id"):
        parse_wire_id(MAILBOX, text)
