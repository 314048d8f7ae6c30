"""UNAUTHENTICATE: the connection is as if nobody had signed in yet. RFC 8437."""

from roost.ports.net import ConnectionLost
from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.session.imap.conversation import Conversation, Done


async def unauthenticate(talk: Conversation, command: Command) -> Done:  # noqa: ARG001 - a handler
    """Forget who signed in and all that was selected and enabled; TLS and ID stay.

    A connection that is deflated would have to end that as well, which it cannot: it is closed
    instead, as section 3 allows.
    """
    if talk.is_deflated:
        talk.send(response.bye("COMPRESS cannot end: connect again"))
        talk.leaving = True
        talk.wire.close()
        raise ConnectionLost
    if talk.view is not None:
        await talk.deselect()
    talk.watch = None
    talk.forget_own_changes()
    talk.login = None
    talk.enabled.clear()
    talk.metadata_told = None
    talk.own_metadata.clear()
    talk.selection_changed()
    return Done("nobody is signed in")
