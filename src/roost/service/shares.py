"""What the admin lets accounts do with a mailbox of another account, or with all of them.

An account that nobody has a password for is mail that several share: members read it beside their
own, and send with its address if they may. A share is a row of rights (`service.rights`) that the
admin made; users change those of single mailboxes by IMAP.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from roost.base.errors import ServiceError
from roost.base.ids import AccountId, MailboxId, MailboxRef
from roost.ports.clock import Clock
from roost.service import accounts, mailboxes, rights
from roost.service.acl import spell
from roost.service.config_errors import SettingsInvalid
from roost.service.configuration import Apply, Edit, Revised, commit, page_size, refuse_stale
from roost.service.mailbox_errors import MailboxUnknown
from roost.service.rights import ALL_RIGHTS, NO_RIGHTS, Right
from roost.store import acl
from roost.store import mailboxes as mailbox_rows
from roost.store.acl import WHOLE, Entry, Identifier, Share
from roost.store.engine import ReadTx, Store, WriteTx
from roost.store.revisions import Actor, Change, change

# Names for what is often wanted. Writing is all that can be done with messages; only an admin of
# the share makes and removes mailboxes, and lets others in.
LEVELS = MappingProxyType(
    {"none": "", "read": "lrs", "write": "lrswipte", "admin": acl.letters(ALL_RIGHTS)}
)


@dataclass(eq=False)
class ShareExists(ServiceError):
    """It is shared with this account already."""

    code: ClassVar[str] = "share_exists"

    def __str__(self) -> str:
        return "it is shared with this account already: change the share instead"


@dataclass(eq=False)
class ShareUnknown(ServiceError):
    """It is not shared with this account."""

    code: ClassVar[str] = "share_unknown"

    def __str__(self) -> str:
        return "it is not shared with this account: list the shares to see which there are"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to let do something. owner, user: names of accounts.

    mailbox: one of the owner's, "" for all that there are and will be.
    """

    owner: str
    user: str
    mailbox: str = ""

    @property
    def key(self) -> str:
        """How a revision names the share; names of accounts have no spaces."""
        return f"{self.owner} {self.user}" + (f" {self.mailbox}" if self.mailbox else "")


@dataclass(frozen=True, slots=True)
class Shown:
    """A share for people. owner, user: their main addresses, or names of accounts without one."""

    owner: str
    user: str
    share: Share


def parse_level(text: str) -> str:
    """The letters of a level, or of rights that are spelled out, "l" among them.

    Without it nobody finds a mailbox, and a mistyped level would be letters. Raises
    SettingsInvalid.
    """
    if text in LEVELS:
        return LEVELS[text]
    try:
        granted = rights.parse_rights(text)
    except KeyError:
        granted = NO_RIGHTS
    if Right.LOOKUP not in granted:
        known = ", ".join(LEVELS)
        raise SettingsInvalid(f"rights: they are {known}, or letters of {acl.LETTERS} with l")
    return acl.letters(granted)


async def page(store: Store, after: Share | None, limit: int) -> list[Shown]:
    """Up to `limit` shares by owner and mailbox, those after `after`."""

    size = page_size(limit)

    async def work(tx: ReadTx) -> list[Shown]:
        return [await _shown(tx, one) for one in await acl.shares(tx, after, size)]

    return await store.read(work)


async def get(store: Store, wanted: Wanted) -> Shown:
    """One share. Raises AccountUnknown, MailboxUnknown, ShareUnknown."""

    async def work(tx: ReadTx) -> Shown:
        ref, who = await _place(tx, wanted)
        entry = await acl.find(tx, ref, who)
        if entry is None:
            raise ShareUnknown
        return await _shown(tx, Share(ref.account, entry, wanted.mailbox))

    return await store.read(work)


async def add(
    store: Store,
    clock: Clock,
    actor: Actor,
    wanted: Wanted,
    letters: str,
    *,
    send_as: bool = False,
    reason: str = "",
) -> Shown:
    """Let an account do something with a mailbox, or with all of an account.

    letters: of `parse_level`. send_as: whether it may send with the owner's addresses. Raises
    AccountUnknown, MailboxUnknown, ShareExists, SettingsInvalid.
    """
    edit = Edit(actor, reason, clock.now())
    step = change("share", wanted.key, None, _facts(letters, send_as=send_as))
    await store.write(lambda tx: commit(tx, edit, [(apply, step)]))
    return await get(store, wanted)


async def save(
    store: Store,
    clock: Clock,
    actor: Actor,
    wanted: Wanted,
    letters: str,
    *,
    send_as: bool,
    made_from: int | None,
    reason: str = "",
) -> Shown:
    """Change what a share lets the account do.

    made_from: the revision of the share the caller saw; None to save over whatever is there.
    Raises AccountUnknown, MailboxUnknown, ShareUnknown, SettingsInvalid, StaleRevision.
    """
    edit = Edit(actor, reason, clock.now())

    async def work(tx: WriteTx) -> None:
        entry = await _require(tx, wanted)
        before = _facts(entry.rights, send_as=entry.send_as)
        step = change("share", wanted.key, before, _facts(letters, send_as=send_as))
        await refuse_stale(tx, made_from, entry.revision, step)
        await commit(tx, edit, [(apply, step)])

    await store.write(work)
    return await get(store, wanted)


async def remove(
    store: Store, clock: Clock, actor: Actor, wanted: Wanted, *, reason: str = ""
) -> None:
    """End a share; without a mailbox all that the account has of the owner's.

    Raises AccountUnknown, MailboxUnknown, ShareUnknown.
    """
    edit = Edit(actor, reason, clock.now())

    async def work(tx: WriteTx) -> None:
        ref, who = await _place(tx, wanted)
        ended = await acl.of_user(tx, ref.account, who.user)
        steps: list[tuple[Apply, Change]] = [
            (apply, _ended(wanted, one))
            for one in ended
            if not wanted.mailbox or one.entry.mailbox == ref.id
        ]
        if not steps:
            raise ShareUnknown
        await commit(tx, edit, steps)

    await store.write(work)


async def apply(tx: WriteTx, step: Change, revised: Revised) -> None:
    """Make the row what `step.after` says. Raises what the functions above raise."""
    ref, who = await _place(tx, _parse_key(step.key))
    there = await acl.find(tx, ref, who)
    if step.before is None and there is not None:
        raise ShareExists
    if step.before is not None and there is None:
        raise ShareUnknown
    if step.after is None:
        await acl.remove(tx, ref, who)
        return
    send_as = bool(step.after["send_as"])
    if send_as and ref.id != WHOLE:
        raise SettingsInvalid("send_as: addresses are of an account, so share all of it")
    entry = Entry(ref.id, who, step.after["rights"], send_as=send_as, revision=revised.revision)
    await acl.put(tx, ref.account, entry)


async def current(tx: ReadTx, key: str) -> tuple[int, dict[str, Any]] | None:
    """The revision and the facts of the share that a revision names so."""
    try:
        entry = await _require(tx, _parse_key(key))
    except ServiceError:
        return None
    return entry.revision, _facts(entry.rights, send_as=entry.send_as)


async def _require(tx: ReadTx, wanted: Wanted) -> Entry:
    entry = await acl.find(tx, *await _place(tx, wanted))
    if entry is None:
        raise ShareUnknown
    return entry


async def _place(tx: ReadTx, wanted: Wanted) -> tuple[MailboxRef, Identifier]:
    """Where the row of a share is. Raises AccountUnknown, MailboxUnknown, SettingsInvalid."""
    owner = (await accounts.require(tx, wanted.owner)).id
    user = (await accounts.require(tx, wanted.user)).id
    if owner == user:
        raise SettingsInvalid("user: an account has all of its own already")
    return MailboxRef(owner, await _mailbox(tx, owner, wanted.mailbox)), Identifier(user)


async def _mailbox(tx: ReadTx, owner: AccountId, name: str) -> MailboxId:
    if not name:
        return WHOLE
    found = await mailbox_rows.id_of(tx, owner, mailboxes.known_name(name))
    if found is None:
        raise MailboxUnknown
    return found


async def _shown(tx: ReadTx, share: Share) -> Shown:
    owner = await spell(tx, Identifier(share.owner))
    return Shown(owner, await spell(tx, share.entry.who), share)


def _ended(wanted: Wanted, share: Share) -> Change:
    key = Wanted(wanted.owner, wanted.user, share.mailbox_name).key
    before = _facts(share.entry.rights, send_as=share.entry.send_as)
    return change("share", key, before, None)


def _parse_key(key: str) -> Wanted:
    owner, _, rest = key.partition(" ")
    user, _, mailbox = rest.partition(" ")
    return Wanted(owner, user, mailbox)


def _facts(letters: str, *, send_as: bool) -> dict[str, Any]:
    return {"rights": letters, "send_as": send_as}
