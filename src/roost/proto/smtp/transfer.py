"""How the message of one transaction comes in: after DATA, or in BDAT chunks. RFC 3030."""

from roost.proto.smtp import replies
from roost.proto.smtp.command import Bdat
from roost.proto.smtp.data import MessageReader
from roost.proto.smtp.reader import InputReader
from roost.proto.smtp.reply import Reply


class Transfer:
    """Takes octets of a message off the input, up to its end or the end of a chunk.

    mend: whether line ends are mended. max_octets: the bound on the message.
    chunk: the first BDAT, None after DATA.
    """

    def __init__(self, *, mend: bool, max_octets: int, chunk: Bdat | None = None) -> None:
        self._message = MessageReader(stuffed=chunk is None, mend=mend, max_octets=max_octets)
        self._max_octets = max_octets
        self._chunk = chunk
        self._left = chunk.size_octets if chunk else 0
        self._spoilt: Reply | None = None

    def next_chunk(self, chunk: Bdat) -> None:
        """Another BDAT."""
        self._chunk = chunk
        self._left = chunk.size_octets

    def spoil(self, reply: Reply) -> None:
        """Give out no more text; `reply` is what the client shall be told at the end."""
        self._spoilt = self._spoilt or reply

    def take(self, source: InputReader) -> bytes:
        """Text of the message; b"" when there is none to give out."""
        text = self._take_data(source) if self._chunk is None else self._take_chunk(source)
        return b"" if self._spoilt is not None else text

    def _take_data(self, source: InputReader) -> bytes:
        text = self._message.feed(source.take())
        if self._message.ended:
            source.put_back(self._message.rest)
        return text

    def _take_chunk(self, source: InputReader) -> bytes:
        octets = source.take(self._left)
        self._left -= len(octets)
        if self._spoilt is not None:
            return b""
        text = self._message.feed(octets) if octets else b""
        if self.is_complete:
            text += self._message.finish()
        return text

    @property
    def wants_octets(self) -> bool:
        """Whether nothing goes on without input."""
        return self._chunk is None or self._left > 0

    @property
    def is_over(self) -> bool:
        """Whether commands come now: the message has ended, or the chunk."""
        return self._message.ended if self._chunk is None else not self._left

    @property
    def is_complete(self) -> bool:
        """Whether all of the message came."""
        return self.is_over and (self._chunk is None or self._chunk.last)

    @property
    def chunk_octets(self) -> int:
        """The size of the chunk that came last."""
        return self._chunk.size_octets if self._chunk else 0

    @property
    def size_octets(self) -> int:
        """How much text was given out."""
        return self._message.size_octets

    @property
    def refusal(self) -> Reply | None:
        """Why the message cannot be taken, None when it can."""
        if self._spoilt is None and self._message.fault is not None:
            return replies.fault(self._message.fault, self._max_octets)
        return self._spoilt
