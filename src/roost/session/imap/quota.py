"""QUOTA: how much the account holds of what it may. RFC 9208.

An account has one quota root, named "", and only its octets are limited. Quotas are set by the
admin, so that SETQUOTA is not for clients.
"""

from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.ext.quota import (
    GetQuota,
    GetQuotaRoot,
    quota,
    quota_root,
    storage_usage,
)
from roost.session.imap.conversation import Conversation, Done, Refused
from roost.store import quota as quotas
from roost.store.engine import ReadTx

__all__ = ["get_quota", "get_quota_root", "set_quota"]

ROOT = ""


async def get_quota(talk: Conversation, command: Command) -> Done:
    """GETQUOTA. Without a limit there is nothing to tell. Section 4.1.1."""
    args = command.args
    assert isinstance(args, GetQuota), "the grammar gave the arguments"
    if args.root != ROOT:
        raise Refused("there is no such quota root", response.NONEXISTENT)
    await _tell(talk)
    return Done("GETQUOTA done")


async def get_quota_root(talk: Conversation, command: Command) -> Done:
    """GETQUOTAROOT; the mailbox need not be there. Section 4.1.2."""
    args = command.args
    assert isinstance(args, GetQuotaRoot), "the grammar gave the arguments"
    talk.send(quota_root(args.mailbox, [ROOT], utf8=talk.utf8))
    await _tell(talk)
    return Done("GETQUOTAROOT done")


async def set_quota(talk: Conversation, command: Command) -> Done:  # noqa: ARG001 - a handler
    """SETQUOTA: there is none, as QUOTASET is not among the capabilities. Section 4.1.3."""
    raise Refused("quotas are not set here", bad=True)


async def _tell(talk: Conversation) -> None:
    """QUOTA, unless nothing is limited: its list may not be empty. Section 4.2.1."""
    account = talk.user.account

    async def read(tx: ReadTx) -> tuple[int, int]:
        used, _ = await quotas.used(tx, account)
        return used, await quotas.limit_of(tx, account, talk.port.default_quota)

    used, limit = await talk.port.store.read(read)
    if limit != quotas.UNLIMITED:
        talk.send(quota(ROOT, [storage_usage(used, limit)]))
