"""Speaks SMTP to a session in memory, a command at a time."""

import base64

from roost.testing.wire import MemoryWire


class SmtpRefused(AssertionError):
    """The session said no; the text is its last reply."""


class SmtpClient:
    """A client of one session."""

    def __init__(self, wire: MemoryWire) -> None:
        self.wire = wire

    async def reply(self) -> str:
        """The last line of the next reply."""
        while (line := (await self.wire.line()).decode())[3:4] == "-":
            pass
        return line

    async def ask(self, command: str | bytes) -> str:
        """Say a command; returns the last line of its reply."""
        octets = command if isinstance(command, bytes) else command.encode()
        self.wire.feed(octets + b"\r\n")
        return await self.reply()

    async def ok(self, command: str | bytes) -> str:
        """As `ask`, for a command that does well; SmtpRefused."""
        return _well(await self.ask(command))

    async def greet(self) -> "SmtpClient":
        """Hear the greeting and say EHLO; returns self."""
        _well(await self.reply())
        await self.ok("EHLO client.test")
        return self

    async def login(self, name: str, password: str) -> None:
        """AUTH PLAIN; SmtpRefused."""
        response = base64.b64encode(b"\0".join((b"", name.encode(), password.encode())))
        await self.ok(b"AUTH PLAIN " + response)

    async def envelope(self, sender: str, recipients: tuple[str, ...]) -> None:
        """MAIL and RCPT, paths without their brackets; SmtpRefused."""
        path = f"<{sender}>"
        await self.ok(f"MAIL FROM:{path}" + ("" if path.isascii() else " SMTPUTF8"))
        for recipient in recipients:
            await self.ok(f"RCPT TO:<{recipient}>")

    async def data(self, octets: bytes) -> str:
        """Send a message after its envelope; returns the reply to its end."""
        await self.ok("DATA")
        stuffed = octets.replace(b"\r\n.", b"\r\n..")
        if stuffed.startswith(b"."):
            stuffed = b"." + stuffed
        self.wire.feed(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        return await self.reply()

    async def send(self, sender: str, recipients: tuple[str, ...], octets: bytes) -> None:
        """Send a message; returns once the session answers for it. SmtpRefused."""
        await self.envelope(sender, recipients)
        _well(await self.data(octets))


def _well(reply: str) -> str:
    if reply[:1] not in ("2", "3"):
        raise SmtpRefused(reply)
    return reply
