"""CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE. RFC 9051 sections 6.3.4 to 6.3.8."""

from collections.abc import Mapping
from types import MappingProxyType

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.core.mailbox import Create, Mailbox, Rename, SpecialUse
from roost.service import mailboxes
from roost.service.rights import Right
from roost.session.imap import objectid
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.store.mailboxes import Role

# RFC 6154 section 2, RFC 8457 section 3. INBOX has its role from its name; \All and \Flagged are of
# views of mail that no mailbox here has.
ROLES: Mapping[str, Role] = MappingProxyType(
    {
        "Archive": Role.ARCHIVE,
        "Drafts": Role.DRAFTS,
        "Important": Role.IMPORTANT,
        "Junk": Role.JUNK,
        "Sent": Role.SENT,
        "Trash": Role.TRASH,
    }
)
SPECIAL_USE: Mapping[Role, str] = MappingProxyType({role: name for name, role in ROLES.items()})


async def create(talk: Conversation, command: Command) -> Done:
    """CREATE, with a special use where one is asked for. RFC 6154 section 3."""
    args = command.args
    assert isinstance(args, Create), "the grammar gave the arguments"
    port, role = talk.port, _role_of(args)
    place = await talk.place(args.mailbox)
    created = await mailboxes.create(
        port.store, port.clock, talk.user.account, place.owner, place.name, role=role
    )
    return Done("CREATE done", objectid.mailbox_code(created[-1].ref))


async def delete(talk: Conversation, command: Command) -> Done:
    """DELETE."""
    port, place = talk.port, await talk.place(_name_of(command))
    await mailboxes.delete(port.store, port.clock, talk.user.account, place.owner, place.name)
    return Done("DELETE done")


async def rename(talk: Conversation, command: Command) -> Done:
    """RENAME; INBOX stays, and what it holds moves. RFC 9051 section 6.3.6."""
    args = command.args
    assert isinstance(args, Rename), "the grammar gave the arguments"
    account, port = talk.user.account, talk.port
    old, new = await talk.place(args.mailbox), await talk.place(args.new_name)
    if old.owner != new.owner:
        await mailboxes.find(port.store, account, old.owner, old.name, Right.DELETE_MAILBOX)
        raise Refused("a mailbox stays with its owner", response.CANNOT)
    await mailboxes.rename(port.store, port.clock, account, old.owner, old.name, new.name)
    return Done("RENAME done")


async def subscribe(talk: Conversation, command: Command) -> Done:
    """SUBSCRIBE."""
    place = await talk.place(_name_of(command))
    await mailboxes.subscribe(talk.port.store, talk.user.account, place.owner, place.name)
    return Done("SUBSCRIBE done")


async def unsubscribe(talk: Conversation, command: Command) -> Done:
    """UNSUBSCRIBE."""
    place = await talk.place(_name_of(command))
    await mailboxes.unsubscribe(talk.port.store, talk.user.account, place.owner, place.name)
    return Done("UNSUBSCRIBE done")


def _name_of(command: Command) -> str:
    args = command.args
    assert isinstance(args, Mailbox), "the grammar gave the arguments"
    return args.mailbox


def _role_of(args: Create) -> Role | None:
    """A mailbox has one special use at most, and one of those we have."""
    asked = [one for one in args.parameters if isinstance(one, SpecialUse)]
    names = {name for one in asked for name in one.names}
    if not all(one.known for one in asked) or len(names) > 1 or not names <= ROLES.keys():
        raise Refused("there is no such special use", response.USEATTR)
    return ROLES[names.pop()] if names else None
