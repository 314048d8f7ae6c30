"""REPLACE and UID REPLACE: a new message in place of an old one. RFC 8508."""

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.ext.replace import Replace
from roost.service import rights
from roost.service.rights import Right
from roost.session.imap.append import (
    file_some,
    filed_away,
    find_target,
    make_filings,
    octets_of,
)
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.store import expunging
from roost.store.engine import WriteTx
from roost.store.filing import Filed

__all__ = ["find_old", "replace"]

_TO_REMOVE = (Right.DELETE_MESSAGES, Right.EXPUNGE)  # RFC 8508 section 4.1


async def replace(talk: Conversation, command: Command) -> Done:
    """File the message and remove the old one, both or neither.

    The old one goes first, so that what it took up of the quota is free for the new one; the
    client hears of the new one first (section 4.3).
    """
    args, view = command.args, talk.selected
    assert isinstance(args, Replace), "the grammar gave the arguments"
    old = await find_old(talk, command)
    target = await find_target(talk, args.mailbox)
    filings = await make_filings(talk, target.ref, [args.message])
    now = talk.port.clock.now()

    async def work(tx: WriteTx) -> list[Filed]:
        await rights.require(tx, talk.user.account, view.ref, *_TO_REMOVE)
        if not await expunging.remove(tx, view.ref, [old], now=now):
            raise _gone()
        return await file_some(tx, talk, filings)

    filed = await talk.port.store.write(work, octets=octets_of(filings))
    filed_away(talk, filings)
    code = response.append_uid_code(target.uid_validity, [one.uid for one in filed])
    talk.send(response.untagged_ok("the message is there", code))
    return Done("REPLACE done", removed=True)


async def find_old(talk: Conversation, command: Command) -> int:
    """The uid of the message to be replaced. Raises Refused, NotPermitted."""
    args, view = command.args, talk.selected
    assert isinstance(args, Replace), "the grammar gave the arguments"
    if view.read_only:
        raise Refused("the mailbox is open for reading only", response.READ_ONLY)
    await rights.check(talk.port.store, talk.user.account, view.ref, *_TO_REMOVE)
    number = len(view.uids) if args.old is None else args.old
    if command.uid and args.old is not None:
        if view.number_of(args.old) is None:
            raise _gone()
        return args.old
    if not 0 < number <= len(view.uids):
        raise Refused("there is no message with this number", bad=not command.uid)
    return view.uids[number - 1]


def _gone() -> Refused:
    return Refused("the message is not there", response.EXPUNGEISSUED)
