"""ACL: SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS. RFC 4314.

Rights are looked at anew whenever the store says that some changed: what the client may do with its
mailbox is then told as PERMANENTFLAGS (section 5.1.1).
"""

from roost.proto.imap.command import Command
from roost.proto.imap.ext.acl import (
    DeleteAcl,
    GetAcl,
    ListRights,
    Modification,
    MyRights,
    SetAcl,
    my_rights,
)
from roost.proto.imap.ext.acl import acl as spell_acl
from roost.proto.imap.ext.acl import list_rights as spell_list_rights
from roost.service import acl, others
from roost.service.rights import Right, Rights, parse_rights
from roost.session.imap.conversation import Conversation, Done
from roost.session.imap.news import known_flags

__all__ = [
    "delete_acl",
    "get_acl",
    "list_rights",
    "look_again",
    "set_acl",
    "tell_my_rights",
]


async def set_acl(talk: Conversation, command: Command) -> Done:
    """SETACL. Section 3.1."""
    args = command.args
    assert isinstance(args, SetAcl), "the grammar gave the arguments"
    place, named = await talk.place(args.mailbox), parse_rights(args.rights)

    def change(before: Rights) -> Rights:
        match args.modification:
            case Modification.ADD:
                return before | named
            case Modification.REMOVE:
                return before - named
        return named

    await acl.put(
        talk.port.store, talk.user.account, place.owner, place.name, args.identifier, change
    )
    return Done("SETACL done")


async def delete_acl(talk: Conversation, command: Command) -> Done:
    """DELETEACL. Section 3.2."""
    args = command.args
    assert isinstance(args, DeleteAcl), "the grammar gave the arguments"
    place = await talk.place(args.mailbox)
    await acl.remove(talk.port.store, talk.user.account, place.owner, place.name, args.identifier)
    return Done("DELETEACL done")


async def get_acl(talk: Conversation, command: Command) -> Done:
    """GETACL. Section 3.3."""
    args = command.args
    assert isinstance(args, GetAcl), "the grammar gave the arguments"
    place = await talk.place(args.mailbox)
    entries = await acl.get(talk.port.store, talk.user.account, place.owner, place.name)
    told = ((one.identifier, "".join(one.rights)) for one in entries)
    talk.send(spell_acl(args.mailbox, told, utf8=talk.utf8))
    return Done("GETACL done")


async def list_rights(talk: Conversation, command: Command) -> Done:
    """LISTRIGHTS; the identifier is told as it was given. Section 3.4."""
    args = command.args
    assert isinstance(args, ListRights), "the grammar gave the arguments"
    place = await talk.place(args.mailbox)
    found = await acl.grantable(
        talk.port.store, talk.user.account, place.owner, place.name, args.identifier
    )
    always, optional = "".join(found.always), "".join(found.optional)
    talk.send(spell_list_rights(args.mailbox, args.identifier, always, optional, utf8=talk.utf8))
    return Done("LISTRIGHTS done")


async def tell_my_rights(talk: Conversation, command: Command) -> Done:
    """MYRIGHTS. Section 3.5."""
    args = command.args
    assert isinstance(args, MyRights), "the grammar gave the arguments"
    place = await talk.place(args.mailbox)
    may = await acl.of_oneself(talk.port.store, talk.user.account, place.owner, place.name)
    talk.send(my_rights(args.mailbox, may, utf8=talk.utf8))
    return Done("MYRIGHTS done")


async def look_again(talk: Conversation) -> None:
    """Learn what the client may do with its mailbox now, and tell it if that changed.

    Who may no longer read is told nothing here: `updates.catch_up` closes the mailbox.
    """
    view = talk.view
    if view is None or not talk.rights_in_doubt:
        return
    talk.rights_in_doubt = False
    before, view.rights = (
        view.rights,
        await others.rights_on(talk.port.store, talk.user.account, view.ref),
    )
    if before != view.rights and Right.READ in view.rights:
        talk.send(known_flags(view))
