"""The octets of a message as they come after DATA or in BDAT chunks.

Nothing is held but the few octets that may be the beginning of a line end, so a message of any
size goes through. The work is done on whole pieces: three counts say that a piece has no bare CR
or LF, and one `replace` takes the stuffed dots away.
"""

import re
from enum import IntEnum

END = b"\r\n.\r\n"
_LINE_DOT = b"\r\n."


class Fault(IntEnum):
    """Why a message cannot be taken; of several the highest counts, wherever it stood."""

    TOO_LARGE = 1
    NUL = 2
    BARE_LINE_END = 3
    SMUGGLED_END = 4


# A tail that later octets may complete to CRLF, to a stuffed dot or to the end of the message.
_OPEN_TAIL = re.compile(rb"(?:\r?\n|\r)(?:\.\r?)?\Z")
_LONGEST_TAIL = len(END) - 1

# CR without LF, LF without CR. RFC 5321 section 2.3.8.
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")

# A bare CR or LF before a dot, or behind a dot that begins a line: some servers take such a thing
# for the end of the message or for a stuffed dot, and that is how messages are smuggled.
_SMUGGLED = re.compile(rb"\r\.|(?<!\r)\n\.|[\r\n]\.(?:\n|\r[^\n])")


class MessageReader:
    """Octets in, text of the message out: dots unstuffed, line ends checked or mended.

    stuffed: the octets come after DATA and end with CRLF.CRLF (RFC 5321 section 4.5.2); otherwise
    they come in BDAT chunks and `finish` ends them (RFC 3030).
    mend: turn a bare CR or LF into CRLF instead of calling it a fault.
    max_octets: the bound on the text, trailing CRLF included.
    Once there is a fault no more text comes out, but the end is still looked for.
    """

    def __init__(self, *, stuffed: bool, mend: bool, max_octets: int) -> None:
        self.fault: Fault | None = None
        self.ended = False
        self.rest = b""
        self.size_octets = 0
        self._stuffed = stuffed
        self._mend = mend
        self._max_octets = max_octets
        # A line end is thought before the first octet, so that the first line is like any other.
        self._held = b"\r\n"
        self._thought = 2
        self._has_dots = False

    def feed(self, octets: bytes) -> bytes:
        """The text that is certain now; the end of DATA sets `ended` and leaves `rest`."""
        octets = self._held + octets
        if self._stuffed:
            # The first dot of a line is mostly the one that ends the message.
            end = octets.find(_LINE_DOT)
            self._has_dots = end >= 0 and not octets.startswith(END, end)
            if self._has_dots:
                end = octets.find(END, end + 1)
            if end >= 0:
                self.ended = True
                self.rest = octets[end + len(END) :]
                octets = octets[: end + 2]
                return self._text(octets, len(octets))
        tail = _OPEN_TAIL.search(octets, max(0, len(octets) - _LONGEST_TAIL))
        certain = tail.start() if tail else len(octets)
        self._held = octets[certain:]
        return self._text(octets, certain)

    def finish(self) -> bytes:
        """The rest of the text: there will be no more octets."""
        self.ended = True
        octets, self._held = self._held, b""
        return self._text(octets, len(octets))

    def _text(self, octets: bytes, certain: int) -> bytes:
        """Judge all the octets, give the certain ones out. What is held is judged again later."""
        pairs = octets.count(b"\r\n")
        text = octets[:certain]
        if octets.count(b"\n") != pairs or octets.count(b"\r") != pairs:
            text = self._judge_line_ends(octets, text)
        if b"\0" in octets:
            # Neither 7bit nor 8bit data has it (RFC 2045 section 2.7), and IMAP cannot show it.
            self._fail(Fault.NUL)
        if self.fault is not None:
            return b""
        if self._thought and text:
            text = self._unstuffed(text)[self._thought :]
            self._thought = 0
        else:
            text = self._unstuffed(text)
        self.size_octets += len(text)
        if self.size_octets <= self._max_octets:
            return text
        self._fail(Fault.TOO_LARGE)
        return b""

    def _unstuffed(self, text: bytes) -> bytes:
        """RFC 5321 section 4.5.2: the first dot of a line goes, whatever follows it."""
        return text.replace(_LINE_DOT, b"\r\n") if self._has_dots else text

    def _judge_line_ends(self, octets: bytes, text: bytes) -> bytes:
        if _SMUGGLED.search(octets):
            self._fail(Fault.SMUGGLED_END)
        elif not self._mend and _BARE.search(text):
            self._fail(Fault.BARE_LINE_END)
        elif self._mend:
            # No stuffed dot can follow a line end that is mended here: that was smuggling.
            return _BARE.sub(b"\r\n", text)
        return text

    def _fail(self, fault: Fault) -> None:
        self.fault = max(fault, self.fault or fault)
