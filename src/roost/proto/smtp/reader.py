"""Octets as they come, cut into command lines or handed out as they are.

RFC 5321 section 4.5.3.1.4.
"""

from roost.base.errors import ProtocolError

MAX_LINE_OCTETS = 2048  # RFC 5321 section 4.5.3.1.4 asks for 512; extensions add to it
MAX_AUTH_LINE_OCTETS = 12288  # RFC 4954 section 4


class LineTooLong(ProtocolError):
    """The peer sends more than a line may have; the stream makes no sense any more.

    max_octets: the bound it broke.
    """

    def __init__(self, max_octets: int) -> None:
        super().__init__(f"a line has at most {max_octets} octets")
        self.max_octets = max_octets


class InputReader:
    """What came and was not used yet."""

    def __init__(self) -> None:
        self._octets = b""
        self._at = 0
        self._more: list[bytes] = []
        self._more_octets = 0

    def feed(self, octets: bytes) -> None:
        """Add octets, cut anywhere."""
        self._more.append(octets)
        self._more_octets += len(octets)

    def __len__(self) -> int:
        return len(self._octets) - self._at + self._more_octets

    def command_line(self) -> bytes | None:
        """The next command. RFC 4954 section 4 allows AUTH more octets than the others."""
        try:
            return self.line(MAX_LINE_OCTETS)
        except LineTooLong:
            if self._octets[self._at : self._at + 5].upper() != b"AUTH ":
                raise
        return self.line(MAX_AUTH_LINE_OCTETS)

    def sasl_line(self) -> bytes | None:
        """The next answer within an AUTH exchange."""
        return self.line(MAX_AUTH_LINE_OCTETS)

    def line(self, max_octets: int) -> bytes | None:
        """The next line without its CRLF; None when it is not whole yet.

        max_octets: with CRLF; raises LineTooLong beyond it. A bare CR or LF ends no line.
        """
        self._join()
        end = self._octets.find(b"\r\n", self._at)
        length = end + 2 - self._at if end >= 0 else len(self._octets) - self._at + 1
        if length > max_octets:
            raise LineTooLong(max_octets)
        if end < 0:
            return None
        line = self._octets[self._at : end]
        self._at = end + 2
        return line

    def take(self, max_octets: int | None = None) -> bytes:
        """All that is there, or as much as wanted; b"" when there is nothing."""
        self._join()
        end = len(self._octets) if max_octets is None else self._at + max_octets
        octets = self._octets[self._at : end]
        self._at += len(octets)
        return octets

    def put_back(self, octets: bytes) -> None:
        """Undo the taking of these last octets."""
        self._at -= len(octets)

    def clear(self) -> None:
        """Forget what came."""
        self._octets, self._at = b"", 0
        self._more.clear()
        self._more_octets = 0

    def _join(self) -> None:
        if not self._more:
            return
        if self._at < len(self._octets):
            self._more.insert(0, self._octets[self._at :])
        self._octets = self._more[0] if len(self._more) == 1 else b"".join(self._more)
        self._at = 0
        self._more.clear()
        self._more_octets = 0
