"""Messages of APPEND and REPLACE on their way in, a literal at a time. RFC 9051 section 6.3.12."""

from collections.abc import Sequence

from roost.base.ids import AccountId
from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.core.append import Append, AppendMessage
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext.replace import Replace
from roost.proto.imap.extension import Grammar
from roost.proto.imap.token import Piece
from roost.session.imap import messagelimit
from roost.session.imap.append import find_target
from roost.session.imap.conversation import Conversation, Refused
from roost.session.imap.replace import find_old
from roost.store import blobs, quota
from roost.store.engine import ReadTx, StoreFull
from roost.store.stowed import Stowed

__all__ = ["Appending"]


class Appending:
    """The messages of one command on their way in.

    stowed: the literals that are whole. failure: why the last one could not be kept, once all of it
    came.
    """

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._sink: blobs.BlobSink | None = None
        self._owner = AccountId(0)  # who has the mailbox they go to
        self._octets = 0
        self._literals = 0
        self._read = 0  # so many pieces are of messages that are whole
        self._whole = 0  # messages that these pieces are of
        self._messages = 0  # that were begun
        self.tag = b""
        self.stowed: list[Stowed] = []
        self.failure: Exception | None = None

    def parse(self, grammar: Grammar, pieces: Sequence[Piece]) -> Command:
        """Read a command as far as it came, but of several messages only what is not whole yet.

        So that a thousand messages are not read a thousand times. Raises BadSyntax.
        """
        utf8 = self._talk.utf8
        if self._read:
            text = pieces[self._read]
            assert isinstance(text, bytes), "behind a literal stands text"
            try:
                command = grammar.parse(
                    (self.tag + b" APPEND INBOX" + text, *pieces[self._read + 1 :]), utf8=utf8
                )
            except BadSyntax:
                grammar.parse(pieces, utf8=utf8)  # the offset is that in the whole command
                raise
        else:
            command = grammar.parse(pieces, utf8=utf8)
        args = command.args
        if isinstance(args, Append):
            self._messages = self._whole + len(args.messages)
            if args.messages[-1].data is None:
                self._read, self._whole = len(pieces), self._messages
        self.tag = command.tag
        return command

    async def begin(self, command: Command, size_octets: int) -> None:
        """Another literal is announced: refuse it before its octets where that is possible.

        command: of `parse`. size_octets: of this literal.
        """
        if self.failure is not None:
            raise self.failure
        talk = self._talk
        name, messages = _asked(command)
        messagelimit.check_append(talk, self._messages)
        if not talk.port.may_accept():
            raise StoreFull
        if not self._literals:
            self._owner = (await find_target(talk, name)).account_id
            if isinstance(command.args, Replace):
                await find_old(talk, command)
        if messages[-1].size_octets > talk.port.limits.max_append_octets:
            raise Refused("the message is too big", response.TOOBIG)
        self._literals += 1
        self._octets += size_octets
        if isinstance(command.args, Append):  # REPLACE gives room back, which is counted there
            await talk.port.store.read(self._check_room)
        self._sink = blobs.begin_blob(talk.port.store, talk.port.blobs, talk.port.clock)

    async def _check_room(self, tx: ReadTx) -> None:
        used, _ = await quota.used(tx, self._owner)
        limit = await quota.limit_of(tx, self._owner, self._talk.port.default_quota)
        if not quota.has_room(used, self._octets, limit):
            raise quota.QuotaExceeded(self._owner, used, limit)

    async def write(self, octets: bytes) -> None:
        """Some octets of the literal. Raises StoreFull, StoreFailed, Refused for a NUL.

        Only a literal8 may hold NUL (RFC 9051 section 9), and a server that cannot give such a
        message out in plain literals says so (RFC 3516 section 4.3).
        """
        assert self._sink is not None, "a literal was begun"
        if b"\0" in octets:
            raise Refused("a message with a NUL octet is not kept", response.UNKNOWN_CTE)
        await self._sink.write(octets)

    async def end(self) -> None:
        """The literal is whole. Raises StoreFull, StoreFailed."""
        assert self._sink is not None, "a literal was begun"
        self.stowed.append(await self._sink.finish())
        self._sink = None  # not before: one that is broken off is discarded

    async def discard(self) -> None:
        """Forget what was not filed. Never raises."""
        port = self._talk.port
        if self._sink is not None:
            await self._sink.discard()
            self._sink = None
        for stowed in self.stowed:
            await blobs.discard(port.store, port.blobs, port.clock, stowed)
        self.stowed = []


def _asked(command: Command) -> tuple[str, tuple[AppendMessage, ...]]:
    args = command.args
    if isinstance(args, Replace):
        return args.mailbox, (args.message,)
    assert isinstance(args, Append), "only APPEND and REPLACE have messages"
    return args.mailbox, args.messages
