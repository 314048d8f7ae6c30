"""What SEARCH and SORT tell and save of the messages they found.

RFC 9051 sections 6.4.4 and 7.3.4, RFC 5182 section 2.4, RFC 9394 section 3, RFC 5267 section 3.
"""

import asyncio
from array import array
from collections.abc import Callable, Sequence
from types import MappingProxyType

from roost.proto.imap import data
from roost.proto.imap.command import Command
from roost.proto.imap.core.search import SearchKey, SearchReturn
from roost.proto.imap.ext.condstore import esearch_modseq_item, has_modseq
from roost.proto.imap.ext.partial import PartialRange, partial_item
from roost.proto.imap.ext.sort import SortCriterion, sorted_all_item
from roost.service import message_order, message_search
from roost.session.imap import condstore
from roost.session.imap.conversation import Conversation
from roost.session.imap.search_keys import condition_of
from roost.session.imap.view import View
from roost.store.search_rows import AllOf, Condition
from roost.store.sort_rows import Order

MANY = 5_000  # numbers take a few milliseconds to spell
FEW = 1_000  # are found one by one faster than all are walked
ALL = SearchReturn(all=True)
_ORDERS = MappingProxyType({order.name: order for order in Order})


def condition(talk: Conversation, key: SearchKey) -> Condition:
    """What a key means now in the selected mailbox."""
    return condition_of(talk.selected, key, talk.port.clock.now())


async def find(talk: Conversation, condition: Condition) -> Sequence[int]:
    """The uids of the selected mailbox for which this holds, ascending."""
    view, port = talk.selected, talk.port
    if condition == AllOf():
        gone = view.gone
        return array("I", [uid for uid in view.uids if uid not in gone]) if gone else view.uids[:]
    return await message_search.find(
        port.store, port.search, talk.user.account, view.ref, condition, view.last_uid, talk.came_to
    )


async def order_uids(
    talk: Conversation, criteria: Sequence[SortCriterion], uids: Sequence[int]
) -> list[int]:
    """Ascending uids of the selected mailbox in the order of these criteria."""
    orders = [(_ORDERS[one.key.name], one.reverse) for one in criteria]
    return await message_order.sort(
        talk.port.store, talk.user.account, talk.selected.ref, orders, uids
    )


async def highest_modseq(
    talk: Conversation, key: SearchKey, returns: SearchReturn | None, uids: Sequence[int]
) -> int | None:
    """The highest modseq of what is told; None where MODSEQ was not asked for or nothing found.

    RFC 7162 sections 3.1.6 and 3.1.10.
    """
    if not uids or not has_modseq(key):
        return None
    return await condstore.highest_among(talk, to_save(returns or ALL, uids))


async def tell(talk: Conversation, spell: Callable[[], bytes], count: int) -> None:
    """Send an answer with so many numbers; a long one is spelled in a thread."""
    talk.send(await asyncio.to_thread(spell) if count > MANY else spell())
    await talk.room()


def spell_results(
    command: Command,
    returns: SearchReturn,
    numbers: Sequence[int],
    modseq: int | None = None,
    *,
    in_order: bool = False,
    source: bytes = b"",
) -> bytes:
    """ESEARCH. modseq: see `highest_modseq`. source: further correlators, spelled.

    in_order: whether numbers have an order of their own, not that of the mailbox.
    """
    page = page_of(returns)
    if not (returns.min or returns.max or returns.all or returns.count or returns.extra):
        return b""  # SAVE alone: RFC 5182 section 2.1
    extra = []
    if in_order and returns.all and numbers:
        extra.append(sorted_all_item(numbers))
    if page is not None:
        extra.append(partial_item(page, numbers[page.of(len(numbers))]))
    if modseq is not None:
        extra.append(esearch_modseq_item(modseq))
    return data.esearch(
        command.tag,
        uid=command.uid,
        lowest=numbers[0] if returns.min and numbers else None,
        highest=numbers[-1] if returns.max and numbers else None,
        count=len(numbers) if returns.count else None,
        numbers=numbers if returns.all and not in_order else (),
        extra=extra,
        source=source,
    )


def page_of(returns: SearchReturn) -> PartialRange | None:
    """The PARTIAL of the return options."""
    return next((one for one in returns.extra if isinstance(one, PartialRange)), None)


def to_save(returns: SearchReturn, uids: Sequence[int]) -> "array[int]":
    """What `$` stands for: all that was found, or only what MIN, MAX and PARTIAL tell.

    uids: in the order of the answer. RFC 5182 section 2.4, RFC 9394 section 3.2.
    """
    page = page_of(returns)
    if returns.all or returns.count or not (returns.min or returns.max or page):
        return array("I", sorted(uids))
    told = set(uids[page.of(len(uids))] if page else ())
    if returns.min:
        told.update(uids[:1])
    if returns.max:
        told.update(uids[-1:])
    return array("I", sorted(told))


def numbers_of(view: View, uids: Sequence[int]) -> Sequence[int]:
    """The sequence numbers of ascending uids; a uid that the view does not have is left out."""
    if len(uids) == len(view.uids):
        return range(1, len(uids) + 1)
    if len(uids) < FEW:
        return numbers_in_order(view, uids)
    wanted = set(uids)
    return [number for number, uid in enumerate(view.uids, 1) if uid in wanted]


def numbers_in_order(view: View, uids: Sequence[int]) -> list[int]:
    """The sequence numbers of uids in any order; one that the view does not have is left out."""
    if len(uids) >= FEW:
        known = {uid: number for number, uid in enumerate(view.uids, 1)}
        return [known[uid] for uid in uids if uid in known]
    return [number for uid in uids if (number := view.number_of(uid)) is not None]
