"""COMPRESS: all that follows the tagged OK is deflated, both ways. RFC 4978."""

from roost.proto.imap.command import Command
from roost.proto.imap.ext.compress import COMPRESSION_ACTIVE
from roost.session.imap.conversation import Conversation, Done, Refused


async def compress(talk: Conversation, command: Command) -> Done:  # noqa: ARG001 - a handler
    """Have the connection deflate; the OK is the last that goes out plain."""
    if talk.is_deflated:
        raise Refused("COMPRESS is on already", COMPRESSION_ACTIVE)
    talk.deflate_asked = True
    return Done("DEFLATE from now on")
