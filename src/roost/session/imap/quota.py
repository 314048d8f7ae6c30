"""QUOTA: how much the account holds of what it may. RFC 9208.

An account has one quota root, and only its octets are limited. One's own is named "", that of
another account as the level its mailboxes are below. Quotas are set by the admin, so that SETQUOTA
is not for clients.
"""

from roost.base.ids import AccountId
from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.ext.quota import (
    GetQuota,
    GetQuotaRoot,
    quota,
    quota_root,
    storage_usage,
)
from roost.service import mailboxes, others
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.store import quota as quotas
from roost.store.engine import ReadTx

__all__ = ["get_quota", "get_quota_root", "set_quota"]

ROOT = ""
ANY = "any"  # stands for a mailbox below a root that is named


async def get_quota(talk: Conversation, command: Command) -> Done:
    """GETQUOTA. Without a limit there is nothing to tell. Section 4.1.1."""
    args = command.args
    assert isinstance(args, GetQuota), "the grammar gave the arguments"
    owner = await _owner_of(talk, args.root)
    await _tell(talk, owner, args.root)
    return Done("GETQUOTA done")


async def get_quota_root(talk: Conversation, command: Command) -> Done:
    """GETQUOTAROOT; a mailbox of one's own need not be there. Section 4.1.2.

    One of others has to be, and to be for the client to read: the size of all of them tells of it.
    """
    args = command.args
    assert isinstance(args, GetQuotaRoot), "the grammar gave the arguments"
    account, place = talk.user.account, await talk.place(args.mailbox)
    root = ROOT
    if place.owner != account:
        await mailboxes.status(talk.port.store, account, place.owner, place.name)
        root = place.prefix.removesuffix("/")
    talk.send(quota_root(args.mailbox, [root], utf8=talk.utf8))
    await _tell(talk, place.owner, root)
    return Done("GETQUOTAROOT done")


async def set_quota(talk: Conversation, command: Command) -> Done:  # noqa: ARG001 - a handler
    """SETQUOTA: there is none, as QUOTASET is not among the capabilities. Section 4.1.3."""
    raise Refused("quotas are not set here", bad=True)


async def _owner_of(talk: Conversation, root: str) -> AccountId:
    """Whose root has this name. Raises Refused for one that the client is not to know of."""
    account = talk.user.account
    if root == ROOT:
        return account
    owner = (await talk.place(f"{root}/{ANY}")).owner
    if owner != account and await others.may_know_size(talk.port.store, account, owner):
        return owner
    raise Refused("there is no such quota root", response.NONEXISTENT)


async def _tell(talk: Conversation, account: AccountId, root: str) -> None:
    """QUOTA, unless nothing is limited: its list may not be empty. Section 4.2.1."""

    async def read(tx: ReadTx) -> tuple[int, int]:
        used, _ = await quotas.used(tx, account)
        return used, await quotas.limit_of(tx, account, talk.port.default_quota)

    used, limit = await talk.port.store.read(read)
    if limit != quotas.UNLIMITED:
        talk.send(quota(root, [storage_usage(used, limit)]))
