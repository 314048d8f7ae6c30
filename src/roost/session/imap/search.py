"""SEARCH and UID SEARCH. RFC 9051 section 6.4.4; ESEARCH: RFC 4731; SAVE and `$`: RFC 5182.

A client of IMAP4rev1 that asks for nothing with RETURN gets the plain SEARCH response, any other
one ESEARCH.
"""

import asyncio
from array import array
from collections.abc import Callable, Sequence
from functools import partial

from roost.proto.imap import data
from roost.proto.imap.command import Command
from roost.proto.imap.core.search import Search, SearchReturn
from roost.service import message_search
from roost.session.imap.conversation import Conversation, Done
from roost.session.imap.search_keys import condition_of
from roost.session.imap.view import View
from roost.store.search_rows import AllOf, Condition

__all__ = ["search"]

MANY = 5_000  # numbers take a few milliseconds to spell
FEW = 1_000  # are found one by one faster than all are walked
_ALL = SearchReturn(all=True)


async def search(talk: Conversation, command: Command) -> Done:
    """Tell which messages match."""
    args = command.args
    assert isinstance(args, Search), "the grammar gave the arguments"
    view, returns = talk.selected, args.returns
    condition = condition_of(view, args.key)
    if returns is not None and returns.save:
        view.saved = array("I")  # what a search that fails leaves: RFC 5182 section 2.1
    uids = await _find(talk, condition)
    if returns is not None and returns.save:
        view.saved = array("I", _to_save(returns, uids))
    numbers = uids if command.uid else _numbers(view, uids)
    plain = returns is None and not talk.is_rev2
    await _tell(
        talk, partial(_spell, command, None if plain else returns or _ALL, numbers), numbers
    )
    return Done("SEARCH done")


async def _find(talk: Conversation, condition: Condition) -> Sequence[int]:
    view = talk.selected
    if condition == AllOf():
        return view.uids[:]
    port = talk.port
    return await message_search.find(
        port.store, port.search, talk.user.account, view.ref, condition, view.last_uid
    )


async def _tell(talk: Conversation, spell: Callable[[], bytes], numbers: Sequence[int]) -> None:
    """Send the answer; a long one is spelled in a thread."""
    talk.send(await asyncio.to_thread(spell) if len(numbers) > MANY else spell())
    await talk.room()


def _spell(command: Command, returns: SearchReturn | None, numbers: Sequence[int]) -> bytes:
    """The response; returns None: the one of IMAP4rev1. RFC 9051 section 7.3.4."""
    if returns is None:
        return data.search(numbers)
    if not (returns.min or returns.max or returns.all or returns.count):
        return b""  # SAVE alone: RFC 5182 section 2.1
    return data.esearch(
        command.tag,
        uid=command.uid,
        lowest=numbers[0] if returns.min and numbers else None,
        highest=numbers[-1] if returns.max and numbers else None,
        count=len(numbers) if returns.count else None,
        numbers=numbers if returns.all else (),
    )


def _to_save(returns: SearchReturn, uids: Sequence[int]) -> Sequence[int]:
    """What `$` stands for: with MIN or MAX and nothing else only these. RFC 5182 section 2.4."""
    if returns.all or returns.count or not (returns.min or returns.max) or not uids:
        return uids
    ends = [uids[0]] if returns.min else []
    if returns.max and ends != [uids[-1]]:
        ends.append(uids[-1])
    return ends


def _numbers(view: View, uids: Sequence[int]) -> Sequence[int]:
    """Their sequence numbers; a uid that the view does not have is left out."""
    if len(uids) == len(view.uids):
        return range(1, len(uids) + 1)
    if len(uids) < FEW:
        return [number for uid in uids if (number := view.number_of(uid)) is not None]
    wanted = set(uids)
    return [number for number, uid in enumerate(view.uids, 1) if uid in wanted]
