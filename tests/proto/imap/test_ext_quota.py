"""QUOTA. RFC 9208."""

import pytest

from roost.proto.imap.core import CORE
from roost.proto.imap.core.status import Status
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.ext.quota import (
    QUOTA,
    GetQuota,
    GetQuotaRoot,
    Resource,
    SetQuota,
    Usage,
    quota,
    quota_root,
    storage_usage,
)
from roost.proto.imap.extension import Grammar
from roost.proto.imap.state import AFTER_LOGIN

GRAMMAR = Grammar((*CORE, QUOTA))


def parse(text: bytes) -> object:
    return GRAMMAR.parse((b"a " + text,)).args


@pytest.mark.parametrize(
    ("text", "args"),
    [
        (b'GETQUOTA "!partition/sda4"', GetQuota("!partition/sda4")),
        (b'GETQUOTA ""', GetQuota("")),
        (b"getquotaroot inbox", GetQuotaRoot("INBOX")),
        (b'SETQUOTA "" (STORAGE 512)', SetQuota("", (("STORAGE", 512),))),
        (b"SETQUOTA #user/alice (storage 510 X-new 1)", SetQuota("#user/alice", (("STORAGE", 510), ("X-NEW", 1)))),
        (b'SETQUOTA "" ()', SetQuota("", ())),
        (b"STATUS INBOX (MESSAGES DELETED DELETED-STORAGE)", Status("INBOX", ("MESSAGES", "DELETED", "DELETED-STORAGE"))),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)  # fmt: skip
def test_reads(text: bytes, args: object) -> None:
    assert parse(text) == args
    assert GRAMMAR.states["SETQUOTA"] == AFTER_LOGIN


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"GETQUOTA", 10),
        (b"GETQUOTA (a)", 11),
        (b'GETQUOTA "" x', 13),
        (b"GETQUOTAROOT", 14),
        (b'SETQUOTA ""', 13),
        (b'SETQUOTA "" STORAGE 512', 14),
        (b'SETQUOTA "" (STORAGE)', 22),
        (b'SETQUOTA "" (STORAGE -1)', 23),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset


@pytest.mark.parametrize(
    "text",
    [b"GETQUOTA " + b"a" * 1025, b'SETQUOTA "" (' + b" ".join([b"A 1"] * 21) + b")"],
    ids=["long root", "many resources"],
)
def test_has_bounds(text: bytes) -> None:
    with pytest.raises(OverLimit):
        parse(text)


def test_spells() -> None:
    usages = [Usage(Resource.STORAGE, 10, 512), Usage(Resource.MESSAGE, 3, 100)]
    assert quota("", usages) == b'* QUOTA "" (STORAGE 10 512 MESSAGE 3 100)\r\n'
    assert quota("a b", []) == b'* QUOTA "a b" ()\r\n'
    assert quota_root("INBOX", [""], utf8=False) == b'* QUOTAROOT INBOX ""\r\n'
    assert quota_root("ü", [], utf8=False) == b"* QUOTAROOT &APw-\r\n"


def test_storage_is_told_in_units_of_1024_octets() -> None:
    assert storage_usage(1025, 2047) == Usage(Resource.STORAGE, 2, 2)
    assert storage_usage(0, 1024) == Usage(Resource.STORAGE, 0, 1)
