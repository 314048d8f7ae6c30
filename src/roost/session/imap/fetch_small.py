"""FETCH of headers and of small messages: rows and octets of a page come by one statement.

A page is read and spelled in a reader thread, the next one while the client takes it. Pages with
a message that is large, lies in a file, is damaged or gone are left to others. RFC 9051 section
6.4.5.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Coroutine, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from roost.proto.imap.data import FETCH_TAIL
from roost.proto.imap.sequence import Range
from roost.session.imap.conversation import UIDONLY, Conversation
from roost.session.imap.fetch_plan import PLACE_COLUMNS, Plan
from roost.session.imap.sections import StartSpeller, needs_header_only, start_speller
from roost.session.imap.targets import count, uids_of
from roost.store import placements
from roost.store.engine import ReadTx, Row

T = TypeVar("T")

PAGE_MESSAGES = 200  # of at most placements.SMALL_OCTETS each
_TRIES = 2


class Told(NamedTuple):
    """A page of answers. rows: of the columns of `SmallTeller.plan`."""

    octets: bytes
    rows: list[Row]


class SmallTeller:
    """Reads and spells pages. Made by `small_teller`. plan: what it reads."""

    def __init__(
        self,
        talk: Conversation,
        plan: Plan,
        spellers: Sequence[StartSpeller],
        *,
        downwards: bool,
    ) -> None:
        size, octets = "size", "small_octets"
        if all(map(needs_header_only, plan.sections)):
            size, octets = "header_size", "small_header"
        kept = [name for name in plan.columns if name not in PLACE_COLUMNS or name in plan.shown]
        columns = dict.fromkeys((*kept, "prefix", octets, size, "header_size"))
        self.plan = replace(plan, columns=tuple(columns))
        self._places = [self.plan.at(name) for name in ("prefix", octets, size, "header_size")]
        self._spellers = spellers
        self._talk = talk
        self._downwards = downwards
        self._tries = _TRIES

    async def read(self, page: Sequence[Range]) -> Told | None:
        """The answers for a page of messages; None where they must be found in another way.

        Where that is so for most pages it does not try any more.
        """
        if not self._tries:
            return None
        told = await self._talk.port.store.scan(partial(self._read, page))
        self._tries += 1 if told else -1
        return told

    async def _read(self, page: Sequence[Range], tx: ReadTx) -> Told | None:
        """In a reader thread."""
        rows = await read_rows(tx, self._talk, self.plan, page)
        if len(rows) < count(page):
            return None
        numbers: Iterable[int] = chain.from_iterable(range(a + 1, b + 1) for a, b in page)
        if UIDONLY in self._talk.enabled:
            numbers = [row[0] for row in rows]
        answers = list(self._answers(self.plan.heads(numbers, rows), rows))
        if len(answers) < len(rows):
            return None
        return Told(b"".join(reversed(answers) if self._downwards else answers), rows)

    def _answers(self, heads: Iterable[bytes], rows: Sequence[Row]) -> Iterator[bytes]:
        """The answer for each row, up to one that is not small or has lost octets."""
        prefix_at, octets_at, size_at, header_at = self._places
        first, *others = self._spellers
        for head, row in zip(heads, rows, strict=True):
            octets = row[octets_at]
            if octets is None:
                return
            if prefix := row[prefix_at]:
                octets = prefix + octets
            if len(octets) != row[size_at]:
                return
            header = row[header_at]
            items = first(octets, header)
            for spell in others:
                items += b" " + spell(octets, header)
            yield head + items + FETCH_TAIL


def small_teller(talk: Conversation, plan: Plan, *, downwards: bool) -> SmallTeller | None:
    """For a plan whose sections are all of the message as a whole; None for any other.

    downwards: whether the messages of a page are told from the last to the first.
    """
    spellers = [speller for item in plan.sections if (speller := start_speller(item)) is not None]
    if not spellers or len(spellers) < len(plan.sections):
        return None
    return SmallTeller(talk, plan, spellers, downwards=downwards)


async def read_rows(tx: ReadTx, talk: Conversation, plan: Plan, page: Sequence[Range]) -> list[Row]:
    """The columns of a plan for those messages of a page that are there."""
    view = talk.selected
    if len(page) > 1:
        return await placements.columns_by_uids(tx, view.ref, plan.columns, uids_of(view, page))
    ((start, stop),) = page
    first, last = view.uids[start], view.uids[stop - 1]
    return await placements.columns_page(tx, view.ref, plan.columns, first, last)


async def one_ahead(works: Iterable[Coroutine[Any, Any, T]]) -> AsyncGenerator[T, None]:
    """The results in order; the work behind the one whose result is in use is begun already."""
    begun: deque[asyncio.Task[T]] = deque()
    try:
        for work in works:
            begun.append(asyncio.ensure_future(work))
            if len(begun) > 1:
                yield await begun.popleft()
        while begun:
            yield await begun.popleft()
    finally:
        for task in begun:
            task.cancel()
