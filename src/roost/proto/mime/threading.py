"""Messages as trees of answers: ORDEREDSUBJECT and REFERENCES. RFC 5256 section 3.

Messages are given in the order of the mailbox, with their place by sent date, so that nothing is
sorted here but what step 5 of REFERENCES puts together; a mailbox of 100,000 takes some tenths of
a second. The steps are those of the RFC.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

# How many ancestors are looked at, over all links, to keep out loops. Mailboxes need next to none;
# past it, which takes ids made up for the purpose, links in doubt are not made.
MAX_WALK = 5_000_000

_NONE = -1


class Messages(NamedTuple):
    """The messages to be threaded, column by column, so that many are no burden.

    ranks: of each its place among all by sent date, then by mailbox order, from 0. subjects: base
    subjects, folded. references: of a message, as section 3 chooses them, oldest first.
    """

    ranks: Sequence[int]
    subjects: Sequence[str]
    ids: Sequence[str | None]
    references: Callable[[int], Sequence[str]]


class Forest(NamedTuple):
    """The threads, in order. Messages are their places in what was given; what is above is missing.

    children: in order, for messages that have some.
    """

    roots: list[int]
    children: dict[int, list[int]]


def by_subject(messages: Messages) -> Forest:
    """ORDEREDSUBJECT: the first of each subject is the root, all others are its children."""
    threads: dict[str, list[int]] = {}
    for message in _in_order(messages):
        threads.setdefault(messages.subjects[message], []).append(message)
    roots = [thread[0] for thread in threads.values()]
    return Forest(roots, {thread[0]: thread[1:] for thread in threads.values() if thread[1:]})


def by_references(messages: Messages, is_reply: Callable[[int], bool]) -> Forest:
    """REFERENCES.

    is_reply: whether a message is a reply or forward by its subject; asked of few.
    """
    links = _Links(messages)
    for message in range(len(messages.ranks)):
        links.add(message, messages.references(message))
    forest = _pruned(messages, links.parents)
    return _joined(messages, forest, is_reply)


class _Links:
    """Step 1: who is whose parent. Nodes above the messages are dummies."""

    def __init__(self, messages: Messages) -> None:
        self.parents = [_NONE] * len(messages.ranks)
        self._nodes: dict[str, int] = {}
        self._is_parent = bytearray(len(messages.ranks))
        self._walk_left = MAX_WALK
        for message, message_id in enumerate(messages.ids):
            if message_id:
                self._nodes.setdefault(message_id, message)

    def add(self, message: int, references: Sequence[str]) -> None:
        """Link what a message refers to, then the message to the last of that."""
        above = _NONE
        for reference in references:
            node = self._node(reference)
            if above != _NONE and self.parents[node] == _NONE and self._may(above, node):  # (1.A)
                self._link(above, node)
            above = node
        self.parents[message] = _NONE  # (1.B)
        if above != _NONE and self._may(above, message):
            self._link(above, message)

    def _node(self, message_id: str) -> int:
        node = self._nodes.setdefault(message_id, len(self.parents))
        if node == len(self.parents):
            self.parents.append(_NONE)
            self._is_parent.append(0)
        return node

    def _link(self, parent: int, child: int) -> None:
        self.parents[child] = parent
        self._is_parent[parent] = 1

    def _may(self, parent: int, child: int) -> bool:
        """Whether the link makes no loop: the parent must not be below the child."""
        if parent == child:
            return False
        if not self._is_parent[child]:
            return True
        node = parent
        while node not in (_NONE, child) and self._walk_left:
            node = self.parents[node]
            self._walk_left -= 1
        return node == _NONE


def _pruned(messages: Messages, parents: Sequence[int]) -> Forest:
    """Steps 2 to 4: dummies go, but for those with several children at the top; roots by date."""
    count = len(messages.ranks)
    forest = Forest([], {})
    above = list(parents)  # of dummies in the end: the nearest message, or the topmost dummy
    for message in _in_order(messages):
        parent = _nearest(above, parents[message], count)
        if parent == _NONE:
            forest.roots.append(message)
            continue
        siblings = forest.children.setdefault(parent, [])
        if parent >= count and not siblings:
            forest.roots.append(parent)
        siblings.append(message)
    for at, root in enumerate(forest.roots):
        if root >= count and len(forest.children[root]) == 1:
            (forest.roots[at],) = forest.children.pop(root)
    return forest


def _nearest(above: list[int], node: int, count: int) -> int:
    """The nearest ancestor that is a message, from `node` on; else the topmost dummy, or none."""
    passed = []
    while node >= count and above[node] != _NONE:
        passed.append(node)
        node = above[node]
    for dummy in passed:
        above[dummy] = node
    return node


def _joined(messages: Messages, forest: Forest, is_reply: Callable[[int], bool]) -> Forest:
    """Steps 5 and 6: threads of one subject become one; all are sorted again."""
    joining = _Joining(messages, forest, is_reply)
    joining.fill_table()
    joining.merge()
    return joining.in_order()


class _Joining:
    def __init__(self, messages: Messages, forest: Forest, is_reply: Callable[[int], bool]) -> None:
        self._messages = messages
        self._count = len(messages.ranks)
        self._forest = forest
        self._children = forest.children
        self._is_reply = is_reply
        self._table: dict[str, int] = {}
        self._next_dummy = max((*forest.roots, self._count - 1)) + 1
        self._changed: set[int] = set()
        self._gone: set[int] = set()

    def _is_dummy(self, node: int) -> bool:
        return node >= self._count

    def _first(self, node: int) -> int:
        return self._children[node][0] if self._is_dummy(node) else node

    def fill_table(self) -> None:
        """Step 5.B."""
        for root in self._forest.roots:
            subject = self._messages.subjects[self._first(root)]
            if not subject:
                continue
            known = self._table.setdefault(subject, root)
            if known == root or self._is_dummy(known):
                continue
            if self._is_dummy(root) or (self._is_reply(known) and not self._is_reply(root)):
                self._table[subject] = root

    def merge(self) -> None:
        """Step 5.C."""
        for root in list(self._forest.roots):
            subject = self._messages.subjects[self._first(root)]
            if not subject or (known := self._table[subject]) == root:
                continue
            if self._is_dummy(known) and self._is_dummy(root):
                self._adopt(known, self._children.pop(root))
            elif self._is_dummy(known) or (self._is_reply(root) and not self._is_reply(known)):
                self._adopt(known, [root])
            else:
                self._table[subject] = self._put_together(known, root)
            self._gone.add(root)

    def _adopt(self, parent: int, children: list[int]) -> None:
        self._children.setdefault(parent, []).extend(children)
        self._changed.add(parent)

    def _put_together(self, one: int, other: int) -> int:
        dummy = self._next_dummy
        self._next_dummy += 1
        self._adopt(dummy, [one, other])
        self._forest.roots.append(dummy)
        self._gone.add(one)
        return dummy

    def in_order(self) -> Forest:
        """Step 6. Only what was put together is not in order yet."""
        for parent in self._changed:
            self._children[parent].sort(key=self._rank)
        if not self._gone:
            return self._forest
        places = [_NONE] * self._count
        for root in self._forest.roots:
            if root not in self._gone:
                places[self._rank(self._first(root))] = root
        return Forest([root for root in places if root != _NONE], self._children)

    def _rank(self, node: int) -> int:
        return self._messages.ranks[node]


def _in_order(messages: Messages) -> list[int]:
    """The messages by sent date."""
    order = [0] * len(messages.ranks)
    for message, rank in enumerate(messages.ranks):
        order[rank] = message
    return order
