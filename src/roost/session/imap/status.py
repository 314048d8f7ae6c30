"""STATUS, also as LIST asks for it. RFC 9051 section 6.3.11, RFC 5819."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from roost.proto.imap import data
from roost.proto.imap.command import Command
from roost.proto.imap.core.status import Status
from roost.proto.imap.ext.condstore import STATUS_ITEM as HIGHESTMODSEQ
from roost.service import mailboxes
from roost.session.imap import condstore, objectid
from roost.session.imap.conversation import Conversation, Done
from roost.store import recent
from roost.store.mailboxes import Mailbox

RECENT = "RECENT"

APPENDLIMIT = "APPENDLIMIT"  # RFC 7889

_VALUES: Mapping[str, Callable[[Mailbox], int | bytes]] = MappingProxyType(
    {
        "MESSAGES": lambda mailbox: mailbox.messages,
        "UIDNEXT": lambda mailbox: mailbox.uid_next,
        "UIDVALIDITY": lambda mailbox: mailbox.uid_validity,
        "UNSEEN": lambda mailbox: mailbox.unseen,
        "DELETED": lambda mailbox: mailbox.deleted,
        "SIZE": lambda mailbox: mailbox.octets,
        "MAILBOXID": lambda mailbox: objectid.mailbox_id(mailbox.ref),
        "DELETED-STORAGE": lambda mailbox: mailbox.deleted_octets,
    }
)


async def status(talk: Conversation, command: Command) -> Done:
    """STATUS."""
    args = command.args
    assert isinstance(args, Status), "the grammar gave the arguments"
    place = await talk.place(args.mailbox)
    found = await mailboxes.status(talk.port.store, talk.user.account, place.owner, place.name)
    talk.send(await status_line(talk, place.prefix + found.name, found, args.items))
    return Done("STATUS done")


async def status_line(
    talk: Conversation, name: str, mailbox: Mailbox, items: Sequence[str]
) -> bytes:
    """What STATUS says of a mailbox.

    name: what the client calls it. items: of `Grammar.status_items`.
    """
    values = [(item, await _value(talk, mailbox, item)) for item in items]
    return data.status(name, values, utf8=talk.utf8)


async def _value(talk: Conversation, mailbox: Mailbox, item: str) -> int | bytes:
    if item == RECENT:
        return await _recent(talk, mailbox)
    if item == APPENDLIMIT:
        return talk.port.limits.max_append_octets
    if item == HIGHESTMODSEQ:
        return condstore.highest_of(talk, mailbox)
    return _VALUES[item](mailbox)


async def _recent(talk: Conversation, mailbox: Mailbox) -> int:
    """Only where somebody filed something since the last SELECT is there anything to count."""
    if mailbox.recent_uid == mailbox.uid_next:
        return 0
    return await talk.port.store.scan(lambda tx: recent.count(tx, mailbox.ref, mailbox.recent_uid))
