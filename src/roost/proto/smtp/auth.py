"""An AUTH exchange. RFC 4954 section 4."""

import binascii
from collections.abc import Callable
from dataclasses import replace

from roost.proto.sasl.mechanism import (
    Challenge,
    Credentials,
    External,
    Failed,
    LookUp,
    Mechanism,
    Offered,
    Proved,
    Secrets,
    Step,
    Token,
)
from roost.proto.sasl.mechanism import Exchange as SaslExchange
from roost.proto.sasl.mechanisms import offers_plus
from roost.proto.smtp import replies
from roost.proto.smtp.command import decode_base64, parse_auth_command
from roost.proto.smtp.event import ExternalAsked, LoginAsked, LoginBroken, SecretsAsked
from roost.proto.smtp.parameter import CommandError
from roost.proto.smtp.reply import Reply
from roost.proto.smtp.server_config import ServerConfig
from roost.proto.smtp.standing import Standing

Outcome = bytes | Reply | LoginAsked | SecretsAsked | LoginBroken | ExternalAsked


class Exchange:
    """A mechanism at work.

    What every step returns: a reply that asks for more, as octets; the last reply; or an event.
    name: of the mechanism. is_over: the client has nothing more to say that matters.
    """

    def __init__(self, name: str, mechanism: Mechanism) -> None:
        self.name = name
        self.is_over = False
        self._mechanism = mechanism
        self._read: Callable[[bytes], Outcome] = self._read_response

    def begin(self, initial: bytes | None) -> Outcome:
        """Feed the initial response, if there was one."""
        return self._outcome(self._mechanism.step(initial))

    def answer(self, line: bytes) -> Outcome:
        """Feed a line of the client."""
        return self._read(line)

    def found(self, secrets: Secrets) -> Outcome:
        """Go on with what SecretsAsked asked for."""
        return self._outcome(self._mechanism.found(secrets))

    def token_refused(self) -> Outcome:
        """Go on after LoginAsked with a token that is no good."""
        return self._outcome(self._mechanism.refused())

    def tell_failure(self, final: bytes, reply: Reply) -> bytes:
        """Send the mechanism's own words of failure; whatever answers them gets `reply`."""
        self._read = lambda _line: reply
        return _challenge(final)

    def _read_response(self, line: bytes) -> Outcome:
        if line == b"*":
            return self._broken(replies.CANCELLED)
        try:
            return self._outcome(self._mechanism.step(decode_base64(line)))
        except CommandError as error:
            return self._broken(error.reply)

    def _outcome(self, step: Step) -> Outcome:
        self.is_over = not isinstance(step, Challenge | LookUp)
        match step:
            case Challenge(octets):
                return _challenge(octets)
            case LookUp():
                return SecretsAsked(self.name, step)
            case Proved(final=bytes() as final):
                # SMTP has no words of the server with success (RFC 4954 section 4).
                self.is_over = False
                self._read = lambda line: self._read_empty(line, step)
                return _challenge(final)
            case Credentials() | Proved() | Token():
                return LoginAsked(self.name, step)
            case External(authorization):
                return ExternalAsked(authorization)
            case Failed(reason, wrong):
                reply = replies.WRONG_LOGIN if wrong else Reply(501, "5.5.2", reason)
                return LoginBroken(self.name, reply, step)
            case _:
                raise TypeError(f"AUTH cannot carry on with {type(step).__name__}")

    def _read_empty(self, line: bytes, proved: Proved) -> Outcome:
        if line == b"*":
            return self._broken(replies.CANCELLED)
        if line:
            return self._broken(Reply(501, "5.5.2", "there is nothing more to say"))
        self.is_over = True
        return LoginAsked(self.name, proved)

    def _broken(self, reply: Reply) -> LoginBroken:
        self.is_over = True
        return LoginBroken(self.name, reply)


def _challenge(octets: bytes) -> bytes:
    return b"334 " + binascii.b2a_base64(octets, newline=False) + b"\r\n"


class Authentication:
    """AUTH on one connection: what is offered, and the exchange that runs.

    fresh: see Server. standing: what the connection has proved; it says what may be used.
    """

    def __init__(
        self, config: ServerConfig, fresh: Callable[[], SaslExchange], standing: Standing
    ) -> None:
        self._config = config
        self._fresh = fresh
        self._standing = standing
        self._exchange: Exchange | None = None

    @property
    def unfinished(self) -> str:
        """The mechanism of an exchange in which the client has more to say, "" for none."""
        return "" if self._exchange is None or self._exchange.is_over else self._exchange.name

    @property
    def exchange(self) -> Exchange:
        """The one that runs, or that ran last; only once there was one."""
        assert self._exchange is not None, "no AUTH was begun"
        return self._exchange

    def forget(self) -> None:
        """What ran is over."""
        self._exchange = None

    def names(self) -> list[str]:
        """The mechanisms that may be used now."""
        return [one.name for one in self._offered()]

    def begin(self, argument: str | None) -> Outcome:
        """What AUTH asks for; CommandError when it is not to be had."""
        asked = parse_auth_command(argument)
        known = next((one for one in self._config.mechanisms if one.name == asked.mechanism), None)
        if known is None:
            raise CommandError(504, "5.5.4", "this mechanism is not offered")
        if known not in self._offered():
            raise self._missing(known)
        given = replace(
            self._fresh(),
            bindings=self._standing.bindings,
            offers_plus=offers_plus(self._offered()),
            host=self._config.hostname,
        )
        self._exchange = Exchange(known.name, known.start(given))
        return self._exchange.begin(asked.initial)

    def _missing(self, mechanism: Offered) -> CommandError:
        """What the connection lacks for a mechanism."""
        if not self._standing.tls:
            return CommandError(538, "5.7.11", "this mechanism needs TLS")
        if mechanism.needs_certificate:
            return CommandError(535, "5.7.8", "this mechanism needs a TLS client certificate")
        return CommandError(504, "5.5.4", "this mechanism is not offered here")

    def _offered(self) -> tuple[Offered, ...]:
        return self._standing.offered(self._config)
