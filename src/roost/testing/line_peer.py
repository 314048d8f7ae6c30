"""A peer of a listener that talks in lines."""

import asyncio

SECONDS = 5.0


class LinePeer:
    """One end of a TCP connection; nothing it waits for takes longer than SECONDS.

    line_end: what its lines end in, and the server's.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        line_end: bytes = b"\r\n",
    ) -> None:
        self.reader = reader
        self.writer = writer
        self._line_end = line_end

    def say(self, octets: bytes) -> None:
        """Send octets as they are."""
        self.writer.write(octets)

    async def line(self) -> bytes:
        """The next line, without its end."""
        read = await asyncio.wait_for(self.reader.readline(), SECONDS)
        return read.removesuffix(self._line_end)

    async def ask(self, line: bytes) -> bytes:
        """Send a line; returns the next one that comes."""
        self.say(line + self._line_end)
        return await self.line()

    async def end(self) -> bytes:
        """What comes until the server ends the connection in order."""
        return await asyncio.wait_for(self.reader.read(), SECONDS)

    async def cut(self) -> bytes:
        """What came before the connection ended, in whichever way."""
        try:
            return await self.end()
        except ConnectionResetError:
            return b""
