"""Threads of RFC 5256: each rule of the six steps, and what holds for any references."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.threading import Forest, Messages, by_references, by_subject

MISSING = "-"


def messages_of(rows: Sequence[tuple[int, str, str | None, Sequence[str]]]) -> Messages:
    """Messages of rank, subject, id and references."""
    return Messages(
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
        lambda at: rows[at][3],
    )


def spell(forest: Forest, count: int) -> str:
    """As THREAD spells it, with every child in parentheses."""

    def one(node: int) -> str:
        name = str(node + 1) if node < count else MISSING
        return f"({name}{''.join(map(one, forest.children.get(node, [])))})"

    return "".join(map(one, forest.roots))


def mail(*rows: tuple[str, str | None, str]) -> Messages:
    """Subject, id and references of messages whose dates ascend."""
    return messages_of(
        [
            (rank, subject, message_id, references.split())
            for rank, (subject, message_id, references) in enumerate(rows)
        ]
    )


def threads(messages: Messages, replies: Sequence[int] = ()) -> str:
    forest = by_references(messages, lambda at: at + 1 in replies)
    return spell(forest, len(messages.ranks))


@pytest.mark.parametrize(
    ("messages", "replies", "expected"),
    [
        (mail(), [], ""),
        (mail(("", "a", ""), ("", "b", "a"), ("", "c", "a b")), [], "(1(2(3)))"),
        (mail(("", "b", "a"), ("", "a", "")), [], "(2(1))"),
        (mail(("", "b", "x"), ("", "c", "x")), [], "(-(1)(2))"),
        (mail(("", "b", "x")), [], "(1)"),
        (mail(("", "b", "w x"), ("", "c", "w y")), [], "(-(1)(2))"),
        (mail(("", "a", ""), ("", "c", "a x y")), [], "(1(2))"),
        (mail(("", "a", "b"), ("", "b", "a")), [], "(2(1))"),
        (mail(("", "a", "a")), [], "(1)"),
        (mail(("", "a", ""), ("", "a", ""), ("", "c", "a")), [], "(1(3))(2)"),
        (mail(("", None, ""), ("", None, "")), [], "(1)(2)"),
        (mail(("", "c", "a b"), ("", "a", ""), ("", "b", "")), [], "(2)(3(1))"),
        (mail(("", "a", ""), ("", "A", ""), ("", "c", "A")), [], "(1)(2(3))"),
        (mail(("s", "a", ""), ("s", "b", "")), [2], "(1(2))"),
        (mail(("s", "a", ""), ("s", "b", "")), [1], "(2(1))"),
        (mail(("s", "a", ""), ("s", "b", "")), [], "(-(1)(2))"),
        (mail(("s", "a", ""), ("s", "b", "")), [1, 2], "(-(1)(2))"),
        (mail(("s", "a", ""), ("s", "b", ""), ("s", "c", "")), [], "(-(1)(2)(3))"),
        (mail(("s", "a", ""), ("s", "b", "x"), ("s", "c", "x")), [], "(-(1)(2)(3))"),
        (
            mail(("s", "a", "x"), ("t", "b", "x"), ("s", "c", "y"), ("t", "d", "y")),
            [],
            "(-(1)(2)(3)(4))",
        ),
        (mail(("", "a", ""), ("", "b", "")), [2], "(1)(2)"),
        (mail(("s", "a", ""), ("t", "b", ""), ("s", "c", "")), [3], "(1(3))(2)"),
    ],
    ids=[
        "no messages",
        "a chain",
        "the answer came first",
        "answers to a missing message",
        "one answer to a missing message",
        "a missing message of missing messages",
        "missing ones in between",
        "a loop",
        "an answer to itself",
        "an id given twice is the first one's",
        "no ids",
        "1.B breaks what 1.A linked",
        "ids differ in case",
        "5.C a reply of the same subject",
        "5.B one that is no reply stands above",
        "5.C two that are no replies",
        "5.C two replies",
        "5.C the third joins the dummy",
        "5.B a dummy stands above",
        "5.C two dummies",
        "an empty subject joins nobody",
        "6 roots stay by date",
    ],
)
def test_references(messages: Messages, replies: list[int], expected: str) -> None:
    assert threads(messages, replies) == expected


def test_siblings_stand_by_date_not_by_number() -> None:
    answers = messages_of([(0, "", "a", []), (2, "", "b", ["a"]), (1, "", "c", ["a"])])
    assert threads(answers) == "(1(3)(2))"
    merged = messages_of([(1, "s", "a", []), (0, "s", "b", []), (2, "t", "c", [])])
    assert threads(merged) == "(-(2)(1))(3)"


def test_by_subject() -> None:
    subjects = ["b", "a", "b", "", "a", ""]
    messages = messages_of([(5 - at, one, None, []) for at, one in enumerate(subjects)])
    assert spell(by_subject(messages), 6) == "(6(4))(5(2))(3(1))"


def test_a_chain_deeper_than_the_stack() -> None:
    count = 20_000
    messages = messages_of([(at, "s", f"{at}", [f"{at - 1}"]) for at in range(count)])
    forest = by_references(messages, lambda _: False)
    assert len(forest.roots) == 1
    assert sorted(walk(forest)) == [*range(count)]


def walk(forest: Forest) -> list[int]:
    """Every node as often as it is met; fails on a cycle."""
    met: list[int] = []
    waiting = list(forest.roots)
    most = len(forest.roots) + sum(map(len, forest.children.values()))
    while waiting:
        met.append(waiting.pop())
        assert len(met) <= most, "a cycle"
        waiting += forest.children.get(met[-1], [])
    return met


IDS = st.sampled_from("abcdefgh")


@st.composite
def mailboxes(draw: st.DrawFn) -> tuple[Messages, list[bool]]:
    count = draw(st.integers(0, 12))
    ranks = draw(st.permutations(range(count)))
    rows = [
        (
            rank,
            draw(st.sampled_from(["", "s", "t"])),
            draw(st.none() | IDS),
            draw(st.lists(IDS, max_size=4, unique=True)),
        )
        for rank in ranks
    ]
    return messages_of(rows), draw(st.lists(st.booleans(), min_size=count, max_size=count))


@settings(max_examples=300, deadline=None)
@given(mailboxes())
def test_every_message_stands_in_one_place(drawn: tuple[Messages, list[bool]]) -> None:
    messages, replies = drawn
    count = len(messages.ranks)
    for forest in (by_subject(messages), by_references(messages, replies.__getitem__)):
        met = walk(forest)
        assert sorted(node for node in met if node < count) == [*range(count)]
        assert len(met) == len(set(met))
        for node in met:
            if node >= count:
                assert node in forest.roots, "what is missing stands at the top only"
                assert len(forest.children[node]) > 1

        def rank(node: int) -> int:
            return messages.ranks[node if node < count else forest.children[node][0]]  # noqa: B023

        for siblings in (forest.roots, *forest.children.values()):
            assert [*map(rank, siblings)] == sorted(map(rank, siblings))


@settings(max_examples=200, deadline=None)
@given(mailboxes())
def test_subjects_at_the_top_are_all_different(drawn: tuple[Messages, list[bool]]) -> None:
    messages, replies = drawn
    count = len(messages.ranks)
    forest = by_references(messages, replies.__getitem__)
    tops = [root for root in forest.roots if root < count and messages.subjects[root]]
    subjects = [messages.subjects[root] for root in tops]
    assert len(subjects) == len(set(subjects))
