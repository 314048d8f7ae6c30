"""How a connection begins: who the client's certificate says it is, and the greeting."""

from roost.base.errors import ServiceError
from roost.proto.imap import response
from roost.session.imap.conversation import Conversation
from roost.session.imap.errors import spell_refused_certificate
from roost.session.imap.general import capabilities


def greet(talk: Conversation) -> None:
    """RFC 9051 section 7.1."""
    say = response.untagged_ok if talk.login is None else response.preauth
    code = response.capability_code(capabilities(talk))
    talk.send(say(f"{talk.port.hostname} roost ready", code))


async def identify(talk: Conversation, *, greets: bool) -> None:
    """Take the client for who its certificate says it is, also on a resumed connection; or end it.

    greets: on TLS from the start. The client is signed in with that (RFC 9051 section 7.1.4) unless
    its key is to wait; after STARTTLS it has to sign in as anybody else.
    """
    try:
        found = await talk.port.identify(talk.wire, signs_in=greets)
    except ServiceError as error:
        talk.leaving = True
        talk.send(spell_refused_certificate(error))
        talk.wire.close()
        return
    talk.by_key = found.login
    if greets and not found.waits:
        talk.login = found.login
        talk.selection_changed()
    if greets:
        greet(talk)
