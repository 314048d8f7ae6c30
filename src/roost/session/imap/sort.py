"""SORT and UID SORT. RFC 5256 section 3; with RETURN: RFC 5267 section 3.1.

SAVE keeps the messages in the order of the mailbox, since `$` is a set.
"""

from array import array

from roost.proto.imap.command import Command
from roost.proto.imap.ext import sort as syntax
from roost.proto.imap.ext.sort import Sort
from roost.session.imap import messagelimit
from roost.session.imap.context import check_tag, keep, update_items, wants_update
from roost.session.imap.conversation import Conversation, Done
from roost.session.imap.results import (
    condition,
    find,
    highest_modseq,
    numbers_in_order,
    order_uids,
    spell_results,
    tell,
    to_save,
)

__all__ = ["sort"]


async def sort(talk: Conversation, command: Command) -> Done:
    """Tell which messages match, in an order."""
    args = command.args
    assert isinstance(args, Sort), "the grammar gave the arguments"
    view, returns = talk.selected, args.returns
    check_tag(talk, command, returns)
    messagelimit.check_sort(talk, args.key)
    wanted = condition(talk, args.key)
    if returns is not None and returns.save:
        view.saved = array("I")
    uids = await order_uids(talk, args.criteria, await find(talk, wanted))
    if returns is not None and returns.save:
        view.saved = to_save(returns, uids)
    modseq = await highest_modseq(talk, args.key, returns, uids)

    def spell() -> bytes:
        numbers = uids if command.uid else numbers_in_order(view, uids)
        if returns is None:
            return syntax.sort(numbers, modseq=modseq)
        return spell_results(command, returns, numbers, modseq, in_order=True)

    await tell(talk, spell, len(uids))
    if wants_update(returns):
        items = update_items(returns)
        keep(talk, command, wanted, uids, args.criteria, by_uid=command.uid, items=items)
    return Done("SORT done")
