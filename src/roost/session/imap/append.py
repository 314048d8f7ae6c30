"""APPEND: messages stream in while they come and are filed all or none. RFC 9051 section 6.3.12."""

from roost.base.ids import MailboxRef
from roost.delivery.file_in import scan
from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.core.append import Append, AppendMessage
from roost.proto.mime.render import render_with_prefix
from roost.service import mailboxes, rights
from roost.service.mailbox_errors import MailboxUnknown
from roost.service.rights import Right
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.store import blobs, quota
from roost.store.emails import Columns, columns_of
from roost.store.engine import ReadTx, StoreFull, WriteTx
from roost.store.filing import Filed, Filing, file_messages
from roost.store.flags import Flags
from roost.store.mailbox_names import parse_name
from roost.store.mailboxes import Mailbox
from roost.store.stowed import Stowed

__all__ = ["Appending", "append"]


class Appending:
    """The messages of one APPEND on their way in.

    stowed: those that are whole. failure: why the last one could not be kept, once all of it came.
    """

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._sink: blobs.BlobSink | None = None
        self.tag = b""
        self.stowed: list[Stowed] = []
        self.failure: Exception | None = None

    async def begin(self, command: Command) -> None:
        """Another message is announced: refuse it before its octets where that is possible."""
        args = command.args
        assert isinstance(args, Append), "only APPEND has messages"
        self.tag = command.tag
        talk = self._talk
        if self.failure is not None:
            raise self.failure
        if not talk.port.may_accept():
            raise StoreFull
        await _target(talk, args.mailbox)
        size = sum(message.size_octets for message in args.messages)
        if args.messages[-1].size_octets > talk.port.limits.max_append_octets:
            raise Refused("the message is too big", response.TOOBIG)
        await talk.port.store.read(lambda tx: _check_room(tx, talk, size))
        self._sink = blobs.begin_blob(talk.port.store, talk.port.blobs, talk.port.clock)

    async def write(self, octets: bytes) -> None:
        """Some octets of the message. Raises StoreFull, StoreFailed."""
        assert self._sink is not None, "a message was begun"
        await self._sink.write(octets)

    async def end(self) -> None:
        """The message is whole. Raises StoreFull, StoreFailed."""
        assert self._sink is not None, "a message was begun"
        sink, self._sink = self._sink, None
        self.stowed.append(await sink.finish())

    async def discard(self) -> None:
        """Forget what was not filed. Never raises."""
        port = self._talk.port
        if self._sink is not None:
            await self._sink.discard()
            self._sink = None
        for stowed in self.stowed:
            await blobs.discard(port.store, port.blobs, port.clock, stowed)
        self.stowed = []


async def append(talk: Conversation, command: Command) -> Done:
    """File the messages that came; all of them or none."""
    args = command.args
    assert isinstance(args, Append), "the grammar gave the arguments"
    if any(stowed.size == 0 for stowed in talk.appended):
        raise Refused("an empty message cancels APPEND")  # RFC 3502 section 6.3.11
    target = await _target(talk, args.mailbox)
    filings = [
        await _filing(talk, target.ref, message, stowed)
        for message, stowed in zip(args.messages, talk.appended, strict=True)
    ]

    async def work(tx: WriteTx) -> list[Filed]:
        limit = await _limit(tx, talk)
        return await file_messages(tx, [_with_limit(filing, limit) for filing in filings])

    octets = sum(len(stowed.octets or b"") for stowed in talk.appended)
    filed = await talk.port.store.write(work, octets=octets)
    talk.appended.clear()
    code = response.append_uid_code(target.uid_validity, [one.uid for one in filed])
    return Done("APPEND done", code)


async def _target(talk: Conversation, name: str) -> Mailbox:
    account = talk.user.account
    try:
        found = await mailboxes.status(talk.port.store, account, account, parse_name(name))
    except MailboxUnknown as error:
        raise Refused("create the mailbox first", response.TRYCREATE) from error
    rights.require(account, found.ref, Right.INSERT)
    return found


async def _filing(
    talk: Conversation, target: MailboxRef, message: AppendMessage, stowed: Stowed
) -> Filing:
    now = talk.port.clock.now()
    scanned = await scan(talk.port.store, stowed, stowed.size)
    columns: Columns = columns_of(render_with_prefix(b"", scanned))
    return Filing(
        target,
        stowed,
        columns,
        received=message.date or now,
        saved=now,
        flags=Flags(message.flags.bits, " ".join(message.flags.keywords)),
    )


async def _check_room(tx: ReadTx, talk: Conversation, size: int) -> None:
    used, _ = await quota.used(tx, talk.user.account)
    limit = await _limit(tx, talk)
    if not quota.has_room(used, size, limit):
        raise quota.QuotaExceeded(talk.user.account, used, limit)


async def _limit(tx: ReadTx, talk: Conversation) -> int:
    return await quota.limit_of(tx, talk.user.account, talk.port.default_quota)


def _with_limit(filing: Filing, limit: int) -> Filing:
    return Filing(
        filing.mailbox,
        filing.blob,
        filing.columns,
        received=filing.received,
        saved=filing.saved,
        flags=filing.flags,
        quota_octets=limit,
    )
