"""APPENDLIMIT. RFC 7889."""

from roost.proto.imap import data
from roost.proto.imap.core import CORE
from roost.proto.imap.core.status import Status
from roost.proto.imap.ext.appendlimit import APPENDLIMIT, append_limit_capability
from roost.proto.imap.extension import Grammar

GRAMMAR = Grammar((*CORE, APPENDLIMIT))


def test_status_asks_for_the_limit() -> None:
    assert GRAMMAR.parse((b"t1 STATUS INBOX (appendlimit)",)).args == Status(
        "INBOX", ("APPENDLIMIT",)
    )
    assert data.status("INBOX", [("APPENDLIMIT", 257890)], utf8=False) == (
        b"* STATUS INBOX (APPENDLIMIT 257890)\r\n"
    )


def test_one_limit_for_all_is_a_capability() -> None:
    assert append_limit_capability(257890) == "APPENDLIMIT=257890"
