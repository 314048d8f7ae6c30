"""APPEND: the messages that came are filed, all or none. RFC 9051 section 6.3.12, RFC 3502."""

import asyncio
from collections.abc import Sequence

from msgspec import structs

from roost.base.ids import MailboxRef
from roost.delivery.file_in import scan
from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.core.append import Append, AppendMessage
from roost.proto.mime.render import render_with_prefix
from roost.service import mailboxes, rights
from roost.service.mailbox_errors import MailboxUnknown
from roost.service.rights import Right
from roost.session.imap import messagelimit, utf8_accept
from roost.session.imap.catenate import Whole
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.store import quota
from roost.store.emails import Columns, columns_of
from roost.store.engine import MAX_INLINE_ROWS, WriteTx
from roost.store.filing import Filed, Filing, file_messages
from roost.store.flags import Flags
from roost.store.mailbox_names import parse_name
from roost.store.mailboxes import Mailbox
from roost.store.sql_lists import chunks
from roost.store.stowed import Stowed

__all__ = ["append", "file_some", "filed_away", "find_target", "make_filings", "octets_of"]


async def append(talk: Conversation, command: Command) -> Done:
    """File the messages that came; all of them or none."""
    args = command.args
    assert isinstance(args, Append), "the grammar gave the arguments"
    messagelimit.check_append(talk, len(args.messages))
    target = await find_target(talk, args.mailbox)
    filings = await make_filings(talk, target.ref, args.messages)

    async def work(tx: WriteTx) -> list[Filed]:
        return await file_some(tx, talk, filings)

    filed = await talk.port.store.write(work, octets=octets_of(filings))
    filed_away(talk, filings)
    code = response.append_uid_code(target.uid_validity, [one.uid for one in filed])
    return Done("APPEND done", code)


async def find_target(talk: Conversation, name: str) -> Mailbox:
    """The mailbox that messages go to. Raises Refused ([TRYCREATE]) and what the name deserves."""
    place = await talk.place(name)
    wanted = parse_name(place.name)
    try:
        return await mailboxes.find(
            talk.port.store, talk.user.account, place.owner, wanted, Right.INSERT
        )
    except MailboxUnknown as error:
        raise Refused("create the mailbox first", response.TRYCREATE) from error


async def make_filings(
    talk: Conversation, target: MailboxRef, messages: Sequence[AppendMessage]
) -> list[Filing]:
    """What is to be filed, of the literals that came. Raises Refused, StoreFull, StoreFailed."""
    whole = Whole(talk)
    filings = []
    for message in messages:
        stowed = await whole.next(message)
        if stowed.size == 0:
            raise Refused("an empty message cancels APPEND")  # RFC 3502 section 6.3.11
        if stowed.size > talk.port.limits.max_append_octets:
            raise Refused("the message is too big", response.TOOBIG)
        filings.append(await _filing(talk, target, message, stowed))
        await asyncio.sleep(0)  # a message takes a moment to read: others want their turn
    return filings


async def file_some(tx: WriteTx, talk: Conversation, filings: Sequence[Filing]) -> list[Filed]:
    """File them in their one mailbox, as far as the quota of its owner goes.

    Flags that the client may not set are left out (RFC 4314 section 4). Raises QuotaExceeded,
    MailboxGone, MailboxUnknown, NotPermitted.
    """
    target = filings[0].mailbox
    may = await rights.require(tx, talk.user.account, target, Right.INSERT)
    changeable = rights.changeable_flags(may)
    limit = await quota.limit_of(tx, target.account, talk.port.default_quota)
    allowed = [
        structs.replace(one, quota_octets=limit, flags=changeable.within(one.flags))
        for one in filings
    ]
    filed: list[Filed] = []
    for some in chunks(allowed, MAX_INLINE_ROWS):
        filed += await file_messages(tx, some)
    return filed


def octets_of(filings: Sequence[Filing]) -> int:
    """How much message data the work carries."""
    blobs_of_it = [one.blob for one in filings]
    return sum(len(blob.octets or b"") for blob in blobs_of_it if isinstance(blob, Stowed))


def filed_away(talk: Conversation, filings: Sequence[Filing]) -> None:
    """What was filed is no longer to be discarded when the command is over."""
    kept = {id(one.blob) for one in filings}
    talk.appended[:] = [stowed for stowed in talk.appended if id(stowed) not in kept]


async def _filing(
    talk: Conversation, target: MailboxRef, message: AppendMessage, stowed: Stowed
) -> Filing:
    now = talk.port.clock.now()
    scanned = await scan(talk.port.store, stowed, stowed.size)
    columns: Columns = columns_of(render_with_prefix(b"", scanned))
    utf8_accept.check_header(talk, scanned.octets[: columns.header_size])
    return Filing(
        target,
        stowed,
        columns,
        received=message.date or now,
        saved=now,
        flags=Flags(message.flags.bits, " ".join(message.flags.keywords)),
    )
