"""THREAD: messages as trees of answers. RFC 5256."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from roost.proto.imap.command import Arguments
from roost.proto.imap.core.search import KeyParser, SearchKey, parse_charset
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.state import SELECTED
from roost.proto.imap.token import Cursor


class ThreadAlgorithm(Enum):
    """How threads are found. RFC 5256 section 3."""

    ORDEREDSUBJECT = "ORDEREDSUBJECT"
    REFERENCES = "REFERENCES"


@dataclass(frozen=True, slots=True)
class Thread(Arguments):
    """THREAD. RFC 5256 section 3."""

    algorithm: ThreadAlgorithm
    key: SearchKey


@dataclass(frozen=True, slots=True, eq=False)
class ThreadNode:
    """A message and the answers to it, in order.

    number: sequence number or UID; None for a message that is missing but has answers.
    """

    number: int | None
    children: tuple["ThreadNode", ...] = ()


def parse_thread(cursor: Cursor, grammar: Grammar) -> Thread:
    """Read the arguments of THREAD. Raises as `core.search.parse_search`."""
    cursor.sp()
    start = cursor.offset
    name = cursor.word("a threading algorithm is missing")
    if name not in ThreadAlgorithm.__members__:
        raise BadSyntax("there is no such threading algorithm", start)
    cursor.sp()
    parse_charset(cursor)
    cursor.sp()
    return Thread(ThreadAlgorithm[name], KeyParser(cursor, grammar).program())


def thread(threads: Iterable[ThreadNode]) -> bytes:
    """THREAD: all threads on one line, of any depth. RFC 5256 section 4."""
    pieces: list[bytes] = []
    for root in threads:
        _spell(root, pieces)
    return b"* THREAD" + (b" " if pieces else b"") + b"".join(pieces) + b"\r\n"


def _spell(root: ThreadNode, pieces: list[bytes]) -> None:
    """Without recursion, since a thread may be deeper than Python's stack."""
    waiting: list[ThreadNode | None] = [root]
    while waiting:
        node = waiting.pop()
        if node is None:
            pieces.append(b")")
            continue
        members, branches = _chain(node)
        pieces.append(b"(" + b" ".join(members))
        if branches and members:
            pieces.append(b" ")
        waiting.append(None)
        waiting.extend(reversed(branches))


def _chain(node: ThreadNode) -> tuple[list[bytes], tuple[ThreadNode, ...]]:
    """The members up to where the thread branches, and its branches."""
    members: list[bytes] = []
    while True:
        if node.number is not None:
            members.append(b"%d" % node.number)
        if len(node.children) != 1:
            return members, node.children
        node = node.children[0]


THREAD = Extension(
    name="thread",
    rfc=5256,
    capabilities=tuple(f"THREAD={algorithm.value}" for algorithm in ThreadAlgorithm),
    parsers={"THREAD": parse_thread, "UID THREAD": parse_thread},
    states={"THREAD": SELECTED},
)
