"""The messages of a search that is kept up to date, and how changes of it are spelled.

RFC 5267 section 4.3. A result in the order of the mailbox is told with position 0, any other with
the positions that keep the client's list in order.
"""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from roost.proto.imap.core.fetch import FetchItem
from roost.proto.imap.ext.sort import SortCriterion
from roost.store.search_rows import Condition


@dataclass(slots=True)
class Context:
    """One search with UPDATE.

    condition: with what numbers, `$` and times meant when the command came. by_uid: whether uids
    are told, else sequence numbers. source: further correlators of the response. criteria: of
    SORT, () for the order of the mailbox. items: to FETCH of messages that come in. members: uids,
    in the order the client has them.
    """

    tag: bytes
    by_uid: bool
    condition: Condition
    members: "array[int]"
    source: bytes = b""
    criteria: tuple[SortCriterion, ...] = ()
    items: tuple[FetchItem, ...] = ()

    def among(self, uids: Iterable[int]) -> set[int]:
        """Those of these uids that are members."""
        if self.criteria:
            return set(uids).intersection(self.members)
        members = self.members
        count = len(members)
        places = ((uid, bisect_left(members, uid)) for uid in uids)
        return {uid for uid, at in places if at < count and members[at] == uid}

    def remove(self, left: Collection[int]) -> list[tuple[int, list[int]]]:
        """Take these members out; the changes to tell, from the last position to the first."""
        if not left:
            return []
        changes = [(0, sorted(left))] if not self.criteria else _runs(self.members, left)[::-1]
        self.members = array("I", [uid for uid in self.members if uid not in left])
        return changes

    def add(self, new: Collection[int], order: Sequence[int]) -> list[tuple[int, list[int]]]:
        """Put these in; the changes to tell, from the first position to the last.

        order: all members as they stand afterwards.
        """
        if not new:
            return []
        self.members = array("I", order)
        return [(0, sorted(new))] if not self.criteria else _runs(self.members, new)


def _runs(order: Sequence[int], some: Collection[int]) -> list[tuple[int, list[int]]]:
    """Where these stand in the order, counted from 1, neighbours together."""
    runs: list[tuple[int, list[int]]] = []
    last = -1
    for at, uid in enumerate(order):
        if uid not in some:
            continue
        if runs and at == last + 1:
            runs[-1][1].append(uid)
        else:
            runs.append((at + 1, [uid]))
        last = at
    return runs
