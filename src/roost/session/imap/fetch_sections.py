"""FETCH of octets: small ones by the batch, large ones streamed. RFC 9051 section 6.4.5.1.

A batch is worked out, read and spelled in one reader thread. What is larger than PIECE_OCTETS is
sent piece by piece as the client takes it, behind a literal whose size is known from the row.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, NoReturn

from roost.base.ids import BlobId
from roost.ports.log_events import Event
from roost.ports.net import ConnectionLost
from roost.proto.imap.data import FETCH_TAIL
from roost.proto.imap.spelling import literal_head
from roost.session.imap.conversation import Conversation
from roost.session.imap.decoding import PieceDecoder
from roost.session.imap.fetch_plan import Plan, SectionItem
from roost.session.imap.sections import Finder, Octets, UnknownEncoding, Wanted, finder, nil_item
from roost.store.engine import ReadTx, Row
from roost.store.octets import Extent, read_many
from roost.store.stowed import BlobGone

PIECE_OCTETS = 256 << 10
BATCH_OCTETS = 1 << 20


@dataclass(slots=True)
class Trouble:
    """What went wrong with single messages, told once at the end."""

    unknown_encoding: bool = False
    damage: Exception | None = None


class _Answer(NamedTuple):
    """The response of one message. wanted: of each item, None for one that cannot be told."""

    head: bytes
    prefix: bytes
    blob: BlobId
    wanted: list[Wanted | None]

    def extents(self) -> Iterator[Extent]:
        """The octets each item needs, in order."""
        for one in self.wanted:
            yield Extent(self.prefix, self.blob, *(one.octets if one else (0, 0)))


@dataclass(slots=True)
class _Batch:
    """What a reader thread made of some rows. stop: of how many; streamed: the last of them."""

    stop: int
    octets: bytes = b""
    streamed: _Answer | None = None
    trouble: Trouble = field(default_factory=Trouble)


class SectionTeller:
    """Tells the sections of messages, page by page. trouble: what could not be told."""

    def __init__(self, talk: Conversation, plan: Plan) -> None:
        self._talk = talk
        self._items = [(item, finder(item)) for item in plan.sections]
        places = ("prefix", "blob_id", "size", "header_size", "parts")
        self._places = [plan.at(name) for name in places]
        self.trouble = Trouble()

    async def tell(self, heads: Iterable[bytes], rows: Sequence[Row]) -> None:
        """Send the responses for these rows, whose beginnings are `heads`."""
        heads, at = list(heads), 0
        while at < len(rows):
            batch = await self._talk.port.store.scan(partial(self._batch, heads, rows, at))
            self._note(batch.trouble)
            self._talk.send(batch.octets)
            await self._talk.room()
            if batch.streamed is not None:
                await self._stream(batch.streamed)
            at = batch.stop

    # In a reader thread.

    async def _batch(
        self, heads: list[bytes], rows: Sequence[Row], start: int, tx: ReadTx
    ) -> _Batch:
        """As many responses from `start` on as make BATCH_OCTETS, up to one that is streamed."""
        batch, answers, octets = _Batch(len(rows)), [], 0
        for at in range(start, len(rows)):
            answer = self._answer(heads[at], rows[at], batch.trouble)
            if any(map(_is_streamed, answer.wanted)):
                batch.stop, batch.streamed = at + 1, answer
                break
            answers.append(answer)
            octets += sum(wanted.size for wanted in answer.wanted if wanted)
            if octets >= BATCH_OCTETS:
                batch.stop = at + 1
                break
        extents = [extent for answer in answers for extent in answer.extents()]
        found = iter(await read_many(tx, extents))
        batch.octets = b"".join(
            [piece for answer in answers for piece in self._spell(answer, found, batch.trouble)]
        )
        return batch

    def _answer(self, head: bytes, row: Row, trouble: Trouble) -> _Answer:
        prefix, blob, size, header_size, parts = [row[at] for at in self._places]
        octets = Octets(size, header_size, parts)
        return _Answer(head, prefix, blob, [_find(one, octets, trouble) for _, one in self._items])

    def _spell(
        self, answer: _Answer, found: Iterator[bytes | None], trouble: Trouble
    ) -> Iterator[bytes]:
        between = answer.head
        for (item, _), wanted in zip(self._items, answer.wanted, strict=True):
            octets = next(found)
            if octets is None:
                trouble.damage = BlobGone(answer.blob)
            yield between
            yield _spell_item(item, wanted, octets)
            between = b" "
        yield FETCH_TAIL

    # On the loop.

    async def _stream(self, answer: _Answer) -> None:
        between = answer.head
        for (item, _), wanted in zip(self._items, answer.wanted, strict=True):
            if wanted is not None and _is_streamed(wanted):
                tell = self._stream_item if wanted.decoding is None else self._stream_decoded
                await tell(between, answer, item, wanted)
            else:
                start, end = wanted.octets if wanted else (0, 0)
                octets = await self._piece(answer, start, end)
                self._talk.send(between + _spell_item(item, wanted, octets))
            between = b" "
        self._talk.send(FETCH_TAIL)

    async def _stream_item(
        self, between: bytes, answer: _Answer, item: SectionItem, wanted: Wanted
    ) -> None:
        start, end = wanted.octets
        announced = False
        for at in range(start, end, PIECE_OCTETS):
            octets = await self._piece(answer, at, min(at + PIECE_OCTETS, end))
            if octets is None and not announced:
                self._talk.send(between + nil_item(item))
                return
            if octets is None:
                self._break_off()
            self._talk.send(octets if announced else between + wanted.head + octets)
            announced = True
            await self._talk.room()

    async def _stream_decoded(
        self, between: bytes, answer: _Answer, item: SectionItem, wanted: Wanted
    ) -> None:
        """Decode twice: first to know how much it is, then to send it."""
        assert wanted.decoding is not None, "only what is encoded is decoded"
        partial, size = wanted.decoding.partial, 0
        async for octets in self._decoded(answer, wanted):
            if octets is None:
                self._talk.send(between + nil_item(item))
                return
            size += len(octets)
        if wanted.decoding.is_size:
            self._talk.send(b"%b%b %d" % (between, wanted.label, size))
            return
        first = min(partial.first, size) if partial else 0
        last = min(first + partial.count, size) if partial else size
        self._talk.send(
            between + wanted.label + b" " + literal_head(last - first, binary=last > first)
        )
        at = 0
        async for octets in self._decoded(answer, wanted):
            if octets is None:
                self._break_off()
            self._talk.send(octets[max(first - at, 0) : max(last - at, 0)])
            at += len(octets)
            await self._talk.room()

    async def _decoded(self, answer: _Answer, wanted: Wanted) -> AsyncIterator[bytes | None]:
        """The decoded octets, piece by piece; None where they cannot be read, and then no more."""
        assert wanted.decoding is not None, "only what is encoded is decoded"
        decoder = PieceDecoder(wanted.decoding.encoding)
        start, end = wanted.octets
        for at in range(start, end, PIECE_OCTETS):
            octets = await self._piece(answer, at, min(at + PIECE_OCTETS, end))
            if octets is None:
                yield None
                return
            yield decoder.feed(octets)
        yield decoder.end()

    def _break_off(self) -> NoReturn:
        """The client waits for as many octets as were announced: only an end is honest."""
        self._talk.wire.abort()
        raise ConnectionLost

    async def _piece(self, answer: _Answer, start: int, end: int) -> bytes | None:
        extent = Extent(answer.prefix, answer.blob, start, end)

        async def read(tx: ReadTx) -> bytes | None:
            return (await read_many(tx, [extent]))[0]

        octets = await self._talk.port.store.scan(read)
        if octets is None:
            self._note(Trouble(damage=BlobGone(answer.blob)))
        return octets

    def _note(self, trouble: Trouble) -> None:
        """Remember trouble; damage goes to the log too, once a command."""
        self.trouble.unknown_encoding |= trouble.unknown_encoding
        if trouble.damage is not None and self.trouble.damage is None:
            self.trouble.damage = trouble.damage
            self._talk.port.log.error(
                Event.COMMAND_FAILED, error=trouble.damage, connection=self._talk.wire.id
            )


def _is_streamed(wanted: Wanted | None) -> bool:
    if wanted is None or wanted.size <= PIECE_OCTETS:
        return False
    return wanted.spell is None or wanted.decoding is not None


def _find(find: Finder, octets: Octets, trouble: Trouble) -> Wanted | None:
    try:
        return find(octets)
    except UnknownEncoding:
        trouble.unknown_encoding = True
    except ValueError as error:
        trouble.damage = error
    return None


def _spell_item(item: SectionItem, wanted: Wanted | None, octets: bytes | None) -> bytes:
    return nil_item(item) if wanted is None or octets is None else wanted.of(octets)
