"""Signs in to a session in memory with the client's half of a mechanism, step by step."""

import base64

from roost.proto.sasl.client import Client, Derive, Say
from roost.testing.wire import MemoryWire

_CANCEL = b"*"


class SaslClient:
    """A client of one session.

    protocol: "imap" or "smtp". challenges: what the server sent in the exchange that ran last.
    """

    def __init__(self, wire: MemoryWire, protocol: str) -> None:
        self.wire = wire
        self.protocol = protocol
        self.challenges: list[bytes] = []
        self._command, self._prompt = (
            (b"x AUTHENTICATE ", b"+ ") if protocol == "imap" else (b"AUTH ", b"334 ")
        )

    async def greet(self) -> "SaslClient":
        """Hear the greeting, say EHLO; returns self."""
        await self.wire.line()
        if self.protocol == "smtp":
            self.wire.feed(b"EHLO laptop.test\r\n")
            while (await self.wire.line())[3:4] != b" ":
                pass
        return self

    async def sign_in(
        self, client: Client, *, initial_response: bool = True, up_to: int | None = None
    ) -> str:
        """The last line of the answer.

        up_to: how many times the client speaks after the command before it cancels.
        """
        self.challenges = []
        first = client.start()
        if first is not None and initial_response:
            said = self._command + client.name.encode() + b" " + _spelled(first)
            first = None
        else:
            said = self._command + client.name.encode()
        while True:
            line = await self.say(said)
            if not line.startswith(self._prompt):
                return line.decode()
            challenge = base64.b64decode(line.removeprefix(self._prompt), validate=True)
            self.challenges.append(challenge)
            if up_to is not None and len(self.challenges) > up_to:
                said = _CANCEL
            elif first is not None:
                said, first = base64.b64encode(first), None
            else:
                said = _answer(client, challenge)

    async def say(self, line: bytes) -> bytes:
        """What the server answers to a line."""
        self.wire.feed(line + b"\r\n")
        return await self.wire.line()


def _spelled(initial: bytes) -> bytes:
    return base64.b64encode(initial) or b"="


def _answer(client: Client, challenge: bytes) -> bytes:
    step = client.answer(challenge)
    if isinstance(step, Derive):
        step = client.derived(step.run())
    return base64.b64encode(step.octets) if isinstance(step, Say) else _CANCEL
