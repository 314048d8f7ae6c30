"""What a client may ask at any time: CAPABILITY, NOOP, LOGOUT, ID; and ENABLE, NAMESPACE, CHECK."""

from roost.ports.net import Wire
from roost.proto.imap import data, response
from roost.proto.imap.command import Command
from roost.proto.imap.core.enable import Enable
from roost.proto.imap.core.id import Id
from roost.proto.imap.ext import appendlimit
from roost.proto.sasl.mechanism import Offered
from roost.proto.sasl.mechanisms import offered
from roost.session.imap import condstore, context, messagelimit, metadata
from roost.session.imap.conversation import CONDSTORE, QRESYNC, UIDONLY, Conversation, Done
from roost.session.imap.places import PREFIX
from roost.session.sign_in import bindings_of

_CLIENT_FIELDS = ("name", "version", "os")
MAX_CLIENT_ID = 200


def capabilities(talk: Conversation) -> list[str]:
    """What the server can do, as it stands now. RFC 9051 sections 6.1.1 and 7.2.2."""
    hidden = talk.hidden
    known = [
        _spelled(talk, name) for name in talk.grammar.capabilities if name.upper() not in hidden
    ]
    limits = messagelimit.capabilities(talk.port.limits)
    known += [spelled for name, spelled in limits if name not in hidden]
    if talk.login is not None:
        return known
    if talk.wire.can_start_tls:
        known.append("STARTTLS")
    known += [f"AUTH={one.name}" for one in mechanisms(talk)]
    return known if may_send_passwords(talk) else [*known, "LOGINDISABLED"]


def _spelled(talk: Conversation, name: str) -> str:
    """A capability with what only the server knows of it."""
    if name == appendlimit.STATUS_ITEM:
        return appendlimit.append_limit_capability(talk.port.limits.max_append_octets)
    return name


def may_send_passwords(talk: Conversation) -> bool:
    """Whether a password may be sent on this connection. RFC 9051 section 11.1."""
    return talk.wire.tls is not None or talk.port.clear_text_logins


def has_certificate(wire: Wire) -> bool:
    """Whether the client presented a certificate in the TLS handshake."""
    return wire.tls is not None and wire.tls.peer_key is not None


def mechanisms(talk: Conversation) -> tuple[Offered, ...]:
    """The mechanisms that AUTHENTICATE has on this connection, the safest first."""
    return offered(
        talk.port.mechanisms,
        private=may_send_passwords(talk),
        bindings=bindings_of(talk.wire),
        has_certificate=has_certificate(talk.wire),
    )


async def capability(talk: Conversation, command: Command) -> Done:  # noqa: ARG001 - a handler
    """CAPABILITY. RFC 9051 section 6.1.1."""
    talk.send(data.capability(capabilities(talk)))
    return Done("CAPABILITY done")


async def noop(talk: Conversation, command: Command) -> Done:  # noqa: ARG001 - a handler
    """NOOP: the news that follow every command are its sense. RFC 9051 section 6.1.2."""
    return Done("NOOP done")


async def check(talk: Conversation, command: Command) -> Done:  # noqa: ARG001 - a handler
    """CHECK: all is on disk before it is told. RFC 3501 section 6.4.1."""
    return Done("CHECK done")


async def logout(talk: Conversation, command: Command) -> Done:  # noqa: ARG001 - a handler
    """LOGOUT. RFC 9051 section 6.1.3."""
    talk.send(response.bye("until next time"))
    talk.leaving = True
    return Done("bye")


async def identify(talk: Conversation, command: Command) -> Done:
    """ID. Strangers do not learn the version. RFC 2971 section 3.1."""
    args = command.args
    assert isinstance(args, Id), "the grammar gave the arguments"
    fields = dict(args.fields)
    said = " ".join(text for name in _CLIENT_FIELDS if (text := fields.get(name)))
    talk.client_id = said[:MAX_CLIENT_ID]
    own = [("name", "roost")]
    if talk.login is not None and talk.port.version:
        own.append(("version", talk.port.version))
    talk.send(data.server_id(own))
    return Done("ID done")


async def enable(talk: Conversation, command: Command) -> Done:
    """ENABLE; what we do not know counts for nothing. RFC 9051 section 6.3.1."""
    args = command.args
    assert isinstance(args, Enable), "the grammar gave the arguments"
    new = [
        name
        for name in args.capabilities
        if name in talk.grammar.enables and name not in talk.enabled and name not in talk.hidden
    ]
    if CONDSTORE in new or QRESYNC in new:
        condstore.switch_on(talk)
    talk.enabled.update(new)
    if UIDONLY in new and talk.view is not None:
        context.name_by_uid(talk.view)
    if "METADATA" in new:
        await metadata.begin_telling(talk)
    spelled = {name.upper(): name for name in talk.grammar.capabilities}
    talk.send(data.enabled(spelled.get(name, name) for name in new))
    return Done("ENABLE done")


async def namespace(talk: Conversation, command: Command) -> Done:  # noqa: ARG001 - a handler
    """NAMESPACE: one's own mailboxes without a prefix, and below one those of others.

    RFC 9051 section 6.3.10.
    """
    talk.send(data.namespace([""], [PREFIX]))
    return Done("NAMESPACE done")
