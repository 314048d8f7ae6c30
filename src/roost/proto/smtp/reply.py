"""Replies of a server and how they are spelled. RFC 5321 section 4.2, RFC 2034, RFC 3463."""

from collections.abc import Sequence
from dataclasses import dataclass, field

MAX_REPLY_OCTETS = 510  # RFC 5321 section 4.5.3.1.5: 512 with CRLF


@dataclass(frozen=True, slots=True)
class Reply:
    """A code, an enhanced status code and a text.

    status: "5.1.1" and the like, "" where RFC 2034 section 3 has none (greeting, 3xx).
    text: one line of any length; what is not printable ASCII goes out as "?".
    """

    code: int
    status: str
    text: str
    _octets: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Most replies are made once and said again and again.
        object.__setattr__(self, "_octets", self._spell(""))

    @property
    def is_error(self) -> bool:
        """Whether it says that the command failed, for now or for good."""
        return self.code >= 400

    def spell(self, suffix: str = "") -> bytes:
        """The octets of the reply, CRLF included, over several lines if it is long.

        suffix: goes behind the text, such as the connection's id.
        """
        return self._spell(suffix) if suffix else self._octets

    def _spell(self, suffix: str) -> bytes:
        start = f"{self.status} " if self.status else ""
        line = f"{self.code} {start}{self.text}{suffix}"
        if len(line) <= MAX_REPLY_OCTETS and line.isascii() and line.isprintable():
            return line.encode("ascii") + b"\r\n"
        room = MAX_REPLY_OCTETS - 4 - len(start)
        lines = wrap(_printable(self.text + suffix), room)
        return spell_lines(self.code, [start + text for text in lines])


def spell_lines(code: int, lines: Sequence[str]) -> bytes:
    """A reply of several lines, all but the last marked by a hyphen. RFC 5321 section 4.2.1."""
    *first, last = lines
    text = "".join(f"{code}-{line}\r\n" for line in first) + f"{code} {last}\r\n"
    return text.encode("ascii", "replace")


def wrap(text: str, room: int) -> list[str]:
    """Cut text into lines of at most `room` characters, at spaces where there are any."""
    lines = []
    while len(text) > room:
        at = text.rfind(" ", 1, room + 1)
        at = at if at > 0 else room
        lines.append(text[:at])
        text = text[at:].lstrip(" ")
    return [*lines, text]


def _printable(text: str) -> str:
    return "".join(ch if " " <= ch <= "~" else "?" for ch in text)
