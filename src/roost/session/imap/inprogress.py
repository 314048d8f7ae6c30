"""INPROGRESS: who waits long for an answer is told that the server is still at it. RFC 9585."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.ext.inprogress import INPROGRESS, in_progress_code
from roost.session.imap.conversation import Conversation

__all__ = ["with_progress"]

T = TypeVar("T")

EVERY_SECONDS = 10.0
# Those that may take long and send nothing but whole lines meanwhile.
_LONG = frozenset({"SEARCH", "ESEARCH", "SORT", "THREAD", "STORE", "COPY", "MOVE", "EXPUNGE"})


async def with_progress(talk: Conversation, command: Command, work: Awaitable[T]) -> T:
    """Do the work of a command; tell every ten seconds that it goes on, if it may take long."""
    if command.verb not in _LONG or not talk.hidden.isdisjoint(INPROGRESS.capabilities):
        return await work
    talk.progress = None
    telling = asyncio.get_running_loop().create_task(_tell(talk, command.tag))
    try:
        return await work
    finally:
        telling.cancel()


async def _tell(talk: Conversation, tag: bytes) -> None:
    while True:
        await talk.port.clock.sleep(EVERY_SECONDS)
        done, goal = talk.progress or (None, None)
        talk.send(response.untagged_ok("still at it", in_progress_code(tag, done, goal)))
