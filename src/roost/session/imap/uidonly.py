"""UIDONLY: a client that knows messages by their unique identifiers alone. RFC 9586."""

from roost.proto.imap.command import Command
from roost.proto.imap.ext.uidonly import UIDREQUIRED, needs_numbers
from roost.session.imap.conversation import UIDONLY, Conversation, Refused


def refusal(talk: Conversation, command: Command) -> Refused | None:
    """Why a command may not come: it takes or gives sequence numbers. None when it may."""
    if UIDONLY not in talk.enabled or not needs_numbers(command):
        return None
    return Refused("sequence numbers are switched off", UIDREQUIRED, bad=True)
