"""INPROGRESS. RFC 9585."""

import pytest

from roost.proto.imap.ext.inprogress import INPROGRESS, in_progress_code
from roost.proto.imap.response import Code, untagged_ok


@pytest.mark.parametrize(
    ("code", "wire"),
    [
        (in_progress_code(b"A001", 454, 1000), b'INPROGRESS ("A001" 454 1000)'),
        (in_progress_code(b"A001", 1020), b'INPROGRESS ("A001" 1020 NIL)'),
        (in_progress_code(b"A001"), b'INPROGRESS ("A001" NIL NIL)'),
        (in_progress_code(done=0), b"INPROGRESS (NIL 0 NIL)"),
        (in_progress_code(), b"INPROGRESS"),
        (in_progress_code(b"x]1", 3, 4), b"INPROGRESS (NIL 3 4)"),
        (in_progress_code(b"x]1"), b"INPROGRESS"),
        (in_progress_code(b"a", goal=9), b'INPROGRESS ("a" NIL NIL)'),
        (in_progress_code(b"a", 9, 9), b'INPROGRESS ("a" NIL NIL)'),
        (in_progress_code(b"a", 0, 0), b'INPROGRESS ("a" NIL NIL)'),
    ],
)
def test_spells(code: Code, wire: bytes) -> None:
    assert code == wire
    assert untagged_ok("still at it", code) == b"* OK [" + wire + b"] still at it\r\n"
    assert INPROGRESS.capabilities == ("INPROGRESS",)
