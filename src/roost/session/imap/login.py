"""STARTTLS, LOGIN and AUTHENTICATE. RFC 9051 sections 6.2 and 11.1."""

import binascii
from dataclasses import replace
from typing import NoReturn

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.core.login import Authenticate, Login, parse_sasl_line
from roost.proto.sasl.mechanism import (
    Challenge,
    Credentials,
    External,
    Failed,
    LookUp,
    Mechanism,
    Proved,
    Step,
    Token,
)
from roost.proto.sasl.mechanisms import offers_plus
from roost.service.login import Login as Session
from roost.service.login_outcome import LoginFailed
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.session.imap.general import (
    capabilities,
    has_certificate,
    may_send_passwords,
    mechanisms,
)
from roost.session.sign_in import Proof, SignIn, bindings_of, fresh_exchange


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
    await talk.pace.before()
    return _welcome(talk, await _check(talk, "LOGIN", args.user, args.password))


async def authenticate(talk: Conversation, command: Command) -> Done:
    """AUTHENTICATE, with or without an initial response. RFC 9051 section 6.2.2, RFC 4959."""
    args = command.args
    assert isinstance(args, Authenticate), "the grammar gave the arguments"
    offers = mechanisms(talk)
    chosen = next((one for one in talk.port.mechanisms if one.name == args.mechanism), None)
    if chosen is not None and chosen.sends_password:
        _require_privacy(talk)
    if chosen is not None and chosen.needs_certificate:
        _require_certificate(talk)
    if chosen is None or chosen not in offers:
        raise Refused("there is no such mechanism", response.CANNOT)
    given = replace(
        fresh_exchange(talk.port.random, talk.port.clock),
        bindings=bindings_of(talk.wire),
        offers_plus=offers_plus(offers),
        host=talk.port.hostname,
    )
    proof = talk.port.begin_proof(chosen.name, talk.client_id, talk.wire)
    exchange = _Exchange(talk, chosen.name, chosen.start(given), proof)
    return _welcome(talk, await exchange.run(args.initial))


class _Exchange:
    """A mechanism at work: challenges and responses, up to a login."""

    def __init__(
        self, talk: Conversation, name: str, mechanism: Mechanism, proof: Proof[Session]
    ) -> None:
        self._talk = talk
        self._name = name
        self._mechanism = mechanism
        self._proof = proof

    async def run(self, initial: bytes | None) -> Session:
        """Who signs in. Raises ServiceError, Refused, BadSyntax, ConnectionLost."""
        step = self._mechanism.step(initial)
        while True:
            match step:
                case Challenge(octets):
                    step = self._mechanism.step(await self._ask(octets))
                case LookUp():
                    await self._talk.pace.before()
                    step = self._mechanism.found(await self._proof.secrets(step))
                case Token():
                    login = await self._judged(step)
                    if login is not None:
                        return login
                    step = self._mechanism.refused()
                case _:
                    return await self._end(step)

    async def _end(self, step: Step) -> Session:
        match step:
            case Credentials(name, password, authorization):
                await self._talk.pace.before()
                self._proof.require_own(name, authorization)
                return await _check(self._talk, self._name, name, password)
            case External(identity):
                await self._talk.pace.before()
                return await self._talk.port.login_as(
                    identity, self._talk.client_id, self._talk.wire
                )
            case Proved():
                return await self._proved(step)
            case Failed():
                await self._fail(step)
        raise TypeError(f"AUTHENTICATE cannot carry on with {type(step).__name__}")

    async def _judged(self, token: Token) -> Session | None:
        await self._talk.pace.before()
        return await self._proof.by_token(token)

    async def _proved(self, proved: Proved) -> Session:
        """IMAP has no words of the mechanism with success: they are one more challenge."""
        if proved.final is not None and await self._ask(proved.final):
            self._proof.broken_off()
            raise Refused("there is nothing more to say", bad=True)
        return await self._proof.by_proof(proved)

    async def _fail(self, failed: Failed) -> NoReturn:
        self._proof.failed(failed)
        if failed.final is not None:
            self._talk.send(_challenge(failed.final))
            await self._talk.next_line()  # whatever it is
        if failed.wrong:
            raise LoginFailed
        raise Refused(failed.reason, bad=True)

    async def _ask(self, challenge: bytes) -> bytes:
        """What the client answers; a login that is given up is listed."""
        self._talk.send(_challenge(challenge))
        said = None
        try:
            said = parse_sasl_line(await self._talk.next_line())
        finally:
            if said is None:
                self._proof.broken_off()
        if said is None:
            raise Refused("cancelled", bad=True)
        return said


def _challenge(octets: bytes) -> bytes:
    return response.challenge(binascii.b2a_base64(octets, newline=False))


async def _check(talk: Conversation, mechanism: str, name: str, password: str) -> Session:
    said = SignIn(mechanism, name, password, talk.client_id)
    return await talk.port.check_login(said, talk.wire)


def _welcome(talk: Conversation, login: Session) -> Done:
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
