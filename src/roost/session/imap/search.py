"""SEARCH and UID SEARCH. RFC 9051 section 6.4.4; ESEARCH: RFC 4731; SAVE and `$`: RFC 5182.

A client of IMAP4rev1 that asks for nothing with RETURN gets the plain SEARCH response, any other
one ESEARCH.
"""

from array import array
from collections.abc import Sequence

from roost.proto.imap import data
from roost.proto.imap.command import Command
from roost.proto.imap.core.search import Search, SearchReturn
from roost.proto.imap.ext.condstore import search_with_modseq
from roost.session.imap import messagelimit
from roost.session.imap.context import check_tag, keep, refuse, update_items, wants_update
from roost.session.imap.conversation import Conversation, Done
from roost.session.imap.results import (
    ALL,
    condition,
    find,
    highest_modseq,
    numbers_of,
    spell_results,
    tell,
    to_save,
)
from roost.session.imap.utf8_accept import check_charset

__all__ = ["search"]


async def search(talk: Conversation, command: Command) -> Done:
    """Tell which messages match."""
    args = command.args
    assert isinstance(args, Search), "the grammar gave the arguments"
    check_charset(talk, named=args.charset_named)
    view, returns = talk.selected, args.returns
    check_tag(talk, command, returns)
    wanted, cut = messagelimit.within(talk, args.key, condition(talk, args.key))
    if returns is not None and returns.save:
        view.saved = array("I")  # what a search that fails leaves: RFC 5182 section 2.1
    uids = await find(talk, wanted)
    if returns is not None and returns.save:
        view.saved = to_save(returns, uids)
    modseq = await highest_modseq(talk, args.key, returns, uids)
    asked = ALL if returns is None and talk.is_rev2 else returns

    def spell() -> bytes:
        return _spell(command, asked, uids if command.uid else numbers_of(view, uids), modseq)

    await tell(talk, spell, len(uids))
    if wants_update(returns):
        if cut is None:
            items = update_items(returns)
            keep(talk, command, wanted, uids, by_uid=command.uid, items=items)
        else:
            refuse(talk, command.tag)
    return messagelimit.finish(talk, Done("SEARCH done"), cut)


def _spell(
    command: Command, returns: SearchReturn | None, numbers: Sequence[int], modseq: int | None
) -> bytes:
    """The response; returns None: the one of IMAP4rev1. RFC 9051 section 7.3.4."""
    if returns is not None:
        return spell_results(command, returns, numbers, modseq)
    return data.search(numbers) if modseq is None else search_with_modseq(numbers, modseq)
