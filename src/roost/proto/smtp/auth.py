"""An AUTH exchange. RFC 4954 section 4."""

import binascii

from roost.proto.sasl.mechanism import (
    Challenge,
    Credentials,
    External,
    Failed,
    Mechanism,
    Step,
)
from roost.proto.sasl.mechanism import Exchange as SaslExchange
from roost.proto.smtp.command import Auth, decode_base64
from roost.proto.smtp.event import ExternalAsked, LoginAsked
from roost.proto.smtp.parameter import CommandError
from roost.proto.smtp.server_config import ServerConfig
from roost.proto.smtp.standing import Standing

Outcome = bytes | LoginAsked | ExternalAsked


class Exchange:
    """A mechanism at work."""

    def __init__(self, name: str, mechanism: Mechanism) -> None:
        self._name = name
        self._mechanism = mechanism

    def begin(self, initial: bytes | None) -> Outcome:
        """Feed the initial response, if there was one."""
        return self._outcome(self._mechanism.step(initial))

    def answer(self, line: bytes) -> Outcome:
        """Feed a line of the client.

        Returns the reply that asks for more, or what the client said. Raises CommandError when the
        client gives up, breaks base64 or the mechanism's rules.
        """
        if line == b"*":
            raise CommandError(501, "5.7.0", "the login was cancelled")
        return self._outcome(self._mechanism.step(decode_base64(line)))

    def _outcome(self, step: Step) -> Outcome:
        match step:
            case Challenge(octets):
                return b"334 " + binascii.b2a_base64(octets, newline=False) + b"\r\n"
            case Credentials():
                return LoginAsked(self._name, step)
            case External(authorization):
                return ExternalAsked(authorization)
            case Failed(reason):
                raise CommandError(501, "5.5.2", reason)
            case _:
                raise TypeError(f"AUTH cannot carry on with {type(step).__name__}")


def begin_exchange(asked: Auth, config: ServerConfig, standing: Standing) -> Exchange:
    """The exchange that AUTH asked for; CommandError when it is not to be had."""
    known = [m for m in config.mechanisms if m.name == asked.mechanism]
    if not known:
        raise CommandError(504, "5.5.4", "this mechanism is not offered")
    if known[0] not in standing.offered(config):
        if standing.tls:
            raise CommandError(535, "5.7.8", "this mechanism needs a TLS client certificate")
        raise CommandError(538, "5.7.11", "this mechanism needs TLS")
    return Exchange(known[0].name, known[0].start(SaslExchange()))
