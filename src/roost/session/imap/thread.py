"""THREAD and UID THREAD. RFC 5256 section 3."""

import asyncio
from collections.abc import Iterator, Sequence

from roost.proto.imap.command import Command
from roost.proto.imap.ext import thread as syntax
from roost.proto.imap.ext.thread import Thread, ThreadAlgorithm, ThreadNode
from roost.proto.mime.threading import Forest
from roost.service import message_order
from roost.session.imap import messagelimit
from roost.session.imap.conversation import Conversation, Done
from roost.session.imap.results import condition, find, numbers_in_order

__all__ = ["thread"]


async def thread(talk: Conversation, command: Command) -> Done:
    """Tell which messages match, as trees of answers."""
    args = command.args
    assert isinstance(args, Thread), "the grammar gave the arguments"
    view = talk.selected
    messagelimit.check_mailboxes(talk, len(view.uids))
    uids, forest = await message_order.thread(
        talk.port.store,
        talk.user.account,
        view.ref,
        await find(talk, condition(talk, args.key)),
        by_ancestry=args.algorithm is ThreadAlgorithm.REFERENCES,
    )

    def spell() -> bytes:
        # The view has all of them: uids above the last it told were not looked for.
        numbers = uids if command.uid else numbers_in_order(view, uids)
        return syntax.thread(_nodes(numbers, forest))

    talk.send(await asyncio.to_thread(spell))
    await talk.room()
    return Done("THREAD done")


def _nodes(numbers: Sequence[int], forest: Forest) -> Iterator[ThreadNode]:
    """The threads as they are spelled, one by one: all nodes at once would be a heavy load."""
    for root in forest.roots:
        order = [root]
        for node in order:
            order.extend(forest.children.get(node, ()))
        made: dict[int, ThreadNode] = {}
        for node in reversed(order):  # children are made before their parents
            children = tuple([made.pop(child) for child in forest.children.get(node, ())])
            made[node] = ThreadNode(numbers[node] if node < len(numbers) else None, children)
        yield made[root]
