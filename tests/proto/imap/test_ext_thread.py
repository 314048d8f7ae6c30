"""THREAD. RFC 5256."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.imap.core import CORE
from roost.proto.imap.core.search import And, InText
from roost.proto.imap.error import BadCharset, BadSyntax
from roost.proto.imap.ext.thread import THREAD, Thread, ThreadAlgorithm, ThreadNode, thread
from roost.proto.imap.extension import Grammar

GRAMMAR = Grammar((*CORE, THREAD))


def parse(text: bytes) -> object:
    return GRAMMAR.parse((b"a UID THREAD " + text,)).args


def test_reads() -> None:
    assert parse(b"REFERENCES utf-8 ALL") == Thread(ThreadAlgorithm.REFERENCES, And())
    found = parse(b'orderedsubject UTF-8 TEXT "gewp"')
    assert found == Thread(ThreadAlgorithm.ORDEREDSUBJECT, InText("gewp"))
    assert GRAMMAR.has("THREAD=REFERENCES")


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (b"", 13),
        (b"REFS UTF-8 ALL", 13),
        (b"REFERENCES", 23),
        (b"REFERENCES UTF-8", 29),
        (b"REFERENCES UTF-8 FOO", 30),
    ],
)
def test_refuses_at_the_offset(text: bytes, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset


def test_an_unknown_charset_has_its_own_error() -> None:
    with pytest.raises(BadCharset):
        parse(b"REFERENCES X-UNKNOWN ALL")


def node(number: int | None, *children: ThreadNode) -> ThreadNode:
    return ThreadNode(number, children)


@pytest.mark.parametrize(
    ("threads", "wire"),
    [
        ([], b"* THREAD\r\n"),
        ([node(166), node(167), node(168)], b"* THREAD (166)(167)(168)\r\n"),
        ([node(2), node(3, node(6, node(4, node(23)), node(44, node(7, node(96)))))],
         b"* THREAD (2)(3 6 (4 23)(44 7 96))\r\n"),
        ([node(None, node(3), node(5))], b"* THREAD ((3)(5))\r\n"),
        ([node(None, node(3), node(5, node(6)))], b"* THREAD ((3)(5 6))\r\n"),
        ([node(1, node(None, node(2), node(3)))], b"* THREAD (1 (2)(3))\r\n"),
    ],
    ids=["nothing", "alone", "branches", "root is missing", "deeper", "one is missing inside"],
)  # fmt: skip
def test_spells(threads: list[ThreadNode], wire: bytes) -> None:
    assert thread(threads) == wire


def test_a_thread_may_be_deeper_than_the_stack() -> None:
    deep = node(100_000)
    for number in range(99_999, 0, -1):
        deep = node(number, deep, node(number + 200_000))
    wire = thread([deep])
    assert wire.count(b"(") == wire.count(b")") == 2 * 99_999 + 1


trees = st.recursive(
    st.builds(node, st.integers(1, 99)),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda many: node(7, *many)),
    max_leaves=20,
)


@given(st.lists(trees, max_size=4))
@settings(deadline=None, max_examples=100)
def test_what_is_spelled_follows_the_grammar(threads: list[ThreadNode]) -> None:
    wire = thread(threads).removeprefix(b"* THREAD").removesuffix(b"\r\n").strip()
    members = re.compile(rb"\([0-9]+(?: [0-9]+)*\)")
    nested = re.compile(rb"\([0-9]+(?: [0-9]+)* (?:x){2,}\)")
    while wire.strip(b"x"):
        shorter = nested.sub(b"x", members.sub(b"x", wire))
        assert shorter != wire, wire
        wire = shorter
