"""IDLE: the client listens until it says DONE. RFC 9051 section 6.3.13."""

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.session.imap.conversation import Conversation, Done


async def idle(talk: Conversation, command: Command) -> Done:  # noqa: ARG001 - a handler
    """Let the client listen; the connection tells news until DONE, and answers then."""
    talk.send(response.CONTINUE_IDLE)
    talk.idle_asked = True
    return Done("IDLE ended")
