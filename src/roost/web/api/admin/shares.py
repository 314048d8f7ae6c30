"""Shares: accounts that may use the mailboxes of others."""

import re

import msgspec

from roost.base.ids import AccountId, MailboxId
from roost.config.accounts import ShortText
from roost.service import directory, mailboxes, shares
from roost.service.shares import Shown, Wanted
from roost.store.acl import Entry, Identifier, Share
from roost.web.api.admin.domains import Removed
from roost.web.context import AdminContext
from roost.web.number import RevisionNumber
from roost.web.router import Route

PAGE = 500
_PLACE = re.compile(r"([0-9]{1,18}) ([0-9]{1,18}) ([0-9]{1,18})")


class ShareShown(msgspec.Struct, frozen=True):
    """What an account may do with the mailboxes of another.

    owner, user: their addresses. mailbox: "" for all of the owner's. rights: letters of RFC 4314.
    revision: for saves, 0 where a user changed it last.
    """

    owner: str
    mailbox: str
    user: str
    rights: str
    send_as: bool
    revision: int


class ShareList(msgspec.Struct, frozen=True):
    """Shares by owner and mailbox; after: what to ask for to go on, empty at the end."""

    shares: list[ShareShown]
    after: str = ""


class AddShare(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One more share. owner, user: account names or addresses.

    mailbox: one of the owner's, "" for all that there are and will be. rights: none, read, write,
    admin, or letters of RFC 4314. send_as: whether the user may send with the owner's addresses.
    """

    owner: ShortText
    user: ShortText
    rights: ShortText
    mailbox: ShortText = ""
    send_as: bool = False
    reason: ShortText = ""


class SaveShare(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of a share. made_from: the revision it was made from, null for any."""

    rights: ShortText
    send_as: bool
    made_from: RevisionNumber | None
    reason: ShortText = ""


async def add_share(ctx: AdminContext, *, asked: AddShare) -> ShareShown:
    """Let an account use a mailbox of another, or all of them.

    Errors: account_unknown, domain_unknown, address_unknown, mailbox_unknown, share_exists,
    settings_invalid.
    """
    server, letters = ctx.server, shares.parse_level(asked.rights)
    wanted = await _wanted(ctx, asked.owner, asked.user, asked.mailbox)
    added = await shares.add(
        server.store,
        server.clock,
        ctx.actor,
        wanted,
        letters,
        send_as=asked.send_as,
        reason=asked.reason,
    )
    return _shown(added)


async def list_shares(ctx: AdminContext, *, after: str = "") -> ShareList:
    """List the shares, at most 500 at once. after: where the answer before this one ended."""
    found = await shares.page(ctx.server.store, _after(after), PAGE)
    more = _spell_after(found[-1].share) if len(found) == PAGE else ""
    return ShareList([_shown(one) for one in found], more)


async def get_share(ctx: AdminContext, *, owner: str, user: str, mailbox: str = "") -> ShareShown:
    """Show a share; mailbox: empty for that of all mailboxes.

    Errors: account_unknown, domain_unknown, address_unknown, mailbox_unknown, share_unknown.
    """
    wanted = await _wanted(ctx, owner, user, mailbox)
    return _shown(await shares.get(ctx.server.store, wanted))


async def save_share(
    ctx: AdminContext, *, owner: str, user: str, asked: SaveShare, mailbox: str = ""
) -> ShareShown:
    """Change a share; mailbox: empty for that of all mailboxes.

    Errors: account_unknown, domain_unknown, address_unknown, mailbox_unknown, share_unknown,
    settings_invalid, stale_revision.
    """
    saved = await shares.save(
        ctx.server.store,
        ctx.server.clock,
        ctx.actor,
        await _wanted(ctx, owner, user, mailbox),
        shares.parse_level(asked.rights),
        send_as=asked.send_as,
        made_from=asked.made_from,
        reason=asked.reason,
    )
    return _shown(saved)


async def remove_share(ctx: AdminContext, *, owner: str, user: str, mailbox: str = "") -> Removed:
    """End a share; mailbox: empty for all that the user has of the owner's.

    Errors: account_unknown, domain_unknown, address_unknown, mailbox_unknown, share_unknown.
    """
    wanted = await _wanted(ctx, owner, user, mailbox)
    await shares.remove(ctx.server.store, ctx.server.clock, ctx.actor, wanted)
    return Removed()


async def _wanted(ctx: AdminContext, owner: str, user: str, mailbox: str) -> Wanted:
    store = ctx.server.store
    return Wanted(
        (await directory.account_of(store, owner)).name,
        (await directory.account_of(store, user)).name,
        mailboxes.known_name(mailbox) if mailbox else "",
    )


def _shown(shown: Shown) -> ShareShown:
    entry = shown.share.entry
    return ShareShown(
        shown.owner,
        shown.share.mailbox_name,
        shown.user,
        entry.rights,
        entry.send_as,
        entry.revision,
    )


def _spell_after(share: Share) -> str:
    return f"{share.owner} {share.entry.mailbox} {share.entry.who.user}"


def _after(text: str) -> Share | None:
    """Where a list goes on; from the beginning for what no answer had."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    owner, mailbox, user = map(int, found.groups())
    entry = Entry(MailboxId(mailbox), Identifier(AccountId(user)), "")
    return Share(AccountId(owner), entry, "")


ROUTES = (
    Route("GET", "/api/admin/shares", list_shares),
    Route("POST", "/api/admin/shares", add_share),
    Route("GET", "/api/admin/shares/{owner}/{user}", get_share),
    Route("PUT", "/api/admin/shares/{owner}/{user}", save_share),
    Route("DELETE", "/api/admin/shares/{owner}/{user}", remove_share),
)
