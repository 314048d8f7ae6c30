"""Lists of who may do what with a mailbox, as users see and change them. RFC 4314 section 3.

`acting` is the account that asks, `owner` the one whose mailbox is meant. An identifier is any
address of an account, or "anyone"; with "-" before it, its rights are taken away (section 2).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from roost.base.address import Address
from roost.base.errors import ServiceError
from roost.base.ids import AccountId, MailboxRef
from roost.service import mailboxes, rights
from roost.service.mailbox_errors import MailboxUnknown
from roost.service.rights import ALL_RIGHTS, NO_RIGHTS, OWNERS, Right, Rights
from roost.store import accounts, acl, addresses
from roost.store.acl import ANYONE, WHOLE, Entry, Identifier
from roost.store.engine import ReadTx, Store, WriteTx

MAX_ENTRIES = 200
ANYONE_NAME = "anyone"
NEGATIVE = "-"
# Any of them lets an account ask what it may do: RFC 4314 section 4, MYRIGHTS.
TELLING: Rights = frozenset(
    (
        Right.LOOKUP,
        Right.READ,
        Right.INSERT,
        Right.CREATE,
        Right.DELETE_MAILBOX,
        Right.ADMINISTER,
    )
)


@dataclass(eq=False)
class IdentifierUnknown(ServiceError):
    """No account has this address."""

    code: ClassVar[str] = "identifier_unknown"

    def __str__(self) -> str:
        return f'no account has this address: name one of this server, or "{ANYONE_NAME}"'


@dataclass(eq=False)
class TooManyEntries(ServiceError):
    """The list is as long as it may be."""

    code: ClassVar[str] = "too_many_rights"

    def __str__(self) -> str:
        return f"a mailbox may have rights for {MAX_ENTRIES} identifiers: remove some first"


class Granted(NamedTuple):
    """What an identifier has, as people name it."""

    identifier: str
    rights: Rights


class Grantable(NamedTuple):
    """What an identifier always has, and what it can be given. RFC 4314 section 3.7."""

    always: Rights
    optional: Rights


async def get(store: Store, acting: AccountId, owner: AccountId, name: str) -> list[Granted]:
    """The list of a mailbox, its owner first. Raises MailboxUnknown, NotPermitted."""
    wanted = mailboxes.known_name(name)

    async def work(tx: ReadTx) -> list[Granted]:
        ref = await _administered(tx, acting, owner, wanted)
        entries = await acl.of_mailbox(tx, ref)
        told = [entry for entry in entries if entry.rights]
        if not any(entry.who == Identifier(owner) for entry in entries):
            told.insert(0, Entry(ref.id, Identifier(owner), acl.letters(ALL_RIGHTS)))
        return [
            Granted(await spell(tx, entry.who), rights.parse_rights(entry.rights)) for entry in told
        ]

    return await store.read(work)


async def put(
    store: Store,
    acting: AccountId,
    owner: AccountId,
    name: str,
    identifier: str,
    change: Callable[[Rights], Rights],
) -> None:
    """Give an identifier other rights.

    change: makes of the rights it has those it shall have; called again if the work is. An owner
    keeps those it always has. Raises MailboxUnknown, NotPermitted, IdentifierUnknown,
    TooManyEntries. RFC 4314 section 3.1.
    """
    wanted = mailboxes.known_name(name)

    async def work(tx: WriteTx) -> None:
        ref = await _administered(tx, acting, owner, wanted)
        who = await parse(tx, identifier)
        held = {entry.who: entry for entry in await acl.of_mailbox(tx, ref)}
        before = rights.parse_rights(held[who].rights) if who in held else NO_RIGHTS
        if who == Identifier(owner) and who not in held:
            before = ALL_RIGHTS
        after = change(before) | (OWNERS if who == Identifier(owner) else NO_RIGHTS)
        await _put(tx, ref, who, after)
        if await acl.count(tx, ref) > MAX_ENTRIES:
            raise TooManyEntries

    await store.write(work)


async def remove(
    store: Store, acting: AccountId, owner: AccountId, name: str, identifier: str
) -> None:
    """Take an identifier from the list; no error where it is not there. RFC 4314 section 3.2.

    An owner has all rights again. Raises MailboxUnknown, NotPermitted, IdentifierUnknown.
    """
    wanted = mailboxes.known_name(name)

    async def work(tx: WriteTx) -> None:
        ref = await _administered(tx, acting, owner, wanted)
        await _put(tx, ref, await parse(tx, identifier), NO_RIGHTS)

    await store.write(work)


async def grantable(
    store: Store, acting: AccountId, owner: AccountId, name: str, identifier: str
) -> Grantable:
    """What an identifier can be given on a mailbox; each right by itself.

    Raises MailboxUnknown, NotPermitted, IdentifierUnknown. RFC 4314 section 3.4.
    """
    wanted = mailboxes.known_name(name)

    async def work(tx: ReadTx) -> Grantable:
        await _administered(tx, acting, owner, wanted)
        who = await parse(tx, identifier)
        if who.user != owner:
            return Grantable(NO_RIGHTS, ALL_RIGHTS)
        return Grantable(NO_RIGHTS if who.negative else OWNERS, ALL_RIGHTS - OWNERS)

    return await store.read(work)


async def of_oneself(store: Store, acting: AccountId, owner: AccountId, name: str) -> Rights:
    """What `acting` may do with a mailbox. Raises MailboxUnknown. RFC 4314 section 3.5."""
    wanted = mailboxes.known_name(name)

    async def work(tx: ReadTx) -> Rights:
        _, may = await mailboxes.require_with_rights(tx, acting, owner, wanted)
        if not may & TELLING:
            raise MailboxUnknown
        return may

    return await store.read(work)


async def parse(tx: ReadTx, text: str) -> Identifier:
    """Whom an identifier means. Raises IdentifierUnknown."""
    negative = text.startswith(NEGATIVE)
    name = text[len(NEGATIVE) :] if negative else text
    if name == ANYONE_NAME:
        return Identifier(ANYONE, negative)
    try:
        address = Address.parse(name)
    except ServiceError as error:
        raise IdentifierUnknown from error
    found = await addresses.find(tx, address.domain.ascii, address.local)
    if found is None:
        raise IdentifierUnknown
    return Identifier(found.account, negative)


async def spell(tx: ReadTx, who: Identifier) -> str:
    """An identifier for people: the main address of an account, without one its name."""
    sign = NEGATIVE if who.negative else ""
    if who.user == ANYONE:
        return sign + ANYONE_NAME
    address = await addresses.main_of_account(tx, who.user)
    if address is not None:
        return sign + str(address)
    account = await accounts.by_id(tx, who.user)
    return sign + (account.name if account is not None else str(who.user))


async def _administered(tx: ReadTx, acting: AccountId, owner: AccountId, name: str) -> MailboxRef:
    return (await mailboxes.require(tx, acting, owner, name, Right.ADMINISTER)).ref


async def _put(tx: WriteTx, ref: MailboxRef, who: Identifier, granted: Rights) -> None:
    """Without rights there is no entry, but for one that stands before that on the account."""
    elsewhere = await acl.find(tx, MailboxRef(ref.account, WHOLE), who)
    if granted or (elsewhere is not None and elsewhere.rights):
        await acl.put(tx, ref.account, Entry(ref.id, who, acl.letters(granted)))
    else:
        await acl.remove(tx, ref, who)
