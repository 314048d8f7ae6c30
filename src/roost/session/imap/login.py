"""STARTTLS, LOGIN and AUTHENTICATE. RFC 9051 sections 6.2 and 11.1."""

import binascii

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.core.login import Authenticate, Login, parse_sasl_line
from roost.proto.sasl.mechanism import (
    Challenge,
    Credentials,
    Exchange,
    External,
    Failed,
    Mechanism,
)
from roost.service import login as login_service
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.session.imap.general import MECHANISMS, capabilities, has_certificate, may_send_passwords
from roost.session.sign_in import SignIn


async def start_tls(talk: Conversation, command: Command) -> Done:  # noqa: ARG001 - a handler
    """STARTTLS: the handshake begins behind the tagged OK. RFC 9051 section 6.2.1."""
    if talk.wire.tls is not None:
        raise Refused("TLS is on already", bad=True)
    if talk.is_deflated:
        raise Refused("COMPRESS is on: connect again", response.UNAVAILABLE)
    if not talk.wire.can_start_tls:
        raise Refused("there is no certificate", response.UNAVAILABLE)
    talk.tls_asked = True
    return Done("begin TLS now")


async def login(talk: Conversation, command: Command) -> Done:
    """LOGIN. RFC 9051 section 6.2.3."""
    args = command.args
    assert isinstance(args, Login), "the grammar gave the arguments"
    _require_privacy(talk)
    return await _sign_in(talk, "LOGIN", args.user, args.password)


async def authenticate(talk: Conversation, command: Command) -> Done:
    """AUTHENTICATE, with or without an initial response. RFC 9051 section 6.2.2, RFC 4959."""
    args = command.args
    assert isinstance(args, Authenticate), "the grammar gave the arguments"
    offered = next((one for one in MECHANISMS if one.name == args.mechanism), None)
    if offered is None:
        raise Refused("there is no such mechanism", response.CANNOT)
    if offered.sends_password:
        _require_privacy(talk)
    if offered.needs_certificate:
        _require_certificate(talk)
    said = await _exchange(talk, offered.start(Exchange()), args.initial)
    if isinstance(said, External):
        return await _sign_in_by_key(talk, said.authorization)
    if said.authorization not in ("", said.username):
        raise Refused("nobody may act for another", response.AUTHORIZATIONFAILED)
    return await _sign_in(talk, offered.name, said.username, said.password)


async def _exchange(
    talk: Conversation, mechanism: Mechanism, initial: bytes | None
) -> Credentials | External:
    """Ask until the client told who it is. Raises Refused, BadSyntax, ConnectionLost."""
    said = initial
    while True:
        match mechanism.step(said):
            case Credentials() | External() as told:
                return told
            case Failed(reason):
                raise Refused(reason, bad=True)
            case Challenge(octets):
                talk.send(response.challenge(binascii.b2a_base64(octets, newline=False)))
            case other:
                raise TypeError(f"AUTHENTICATE cannot carry on with {type(other).__name__}")
        said = parse_sasl_line(await talk.next_line())
        if said is None:
            raise Refused("cancelled", bad=True)


async def _sign_in(talk: Conversation, mechanism: str, name: str, password: str) -> Done:
    await talk.pace.before()
    said = SignIn(mechanism, name, password, talk.client_id)
    return _welcome(talk, await talk.port.check_login(said, talk.wire))


async def _sign_in_by_key(talk: Conversation, identity: str) -> Done:
    await talk.pace.before()
    return _welcome(talk, await talk.port.login_as(identity, talk.client_id, talk.wire))


def _welcome(talk: Conversation, login: login_service.Login) -> Done:
    talk.login = login
    talk.pace.succeeded(talk.wire)
    talk.selection_changed()
    return Done("welcome", response.capability_code(capabilities(talk)))


def _require_certificate(talk: Conversation) -> None:
    if talk.wire.tls is None:
        raise Refused("turn TLS on first", response.AUTHENTICATIONFAILED)
    if not has_certificate(talk.wire):
        raise Refused("no client certificate was presented", response.AUTHENTICATIONFAILED)


def _require_privacy(talk: Conversation) -> None:
    if not may_send_passwords(talk):
        raise Refused("turn TLS on first", response.PRIVACYREQUIRED)
