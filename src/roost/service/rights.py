"""Who may do what with a mailbox: the one place that decides it. RFC 4314.

The owner has every right unless an entry of its own says less, and always those to see the mailbox
and to change its rights. Others have what the entries of their account and of "anyone" grant
together, less what negative entries take away.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from roost.base.errors import ServiceError
from roost.base.ids import AccountId, MailboxId, MailboxRef
from roost.service.mailbox_errors import MailboxUnknown
from roost.store import acl
from roost.store.acl import Entry, Identifier
from roost.store.engine import ReadTx, Store
from roost.store.flags import DELETED, EVERY_FLAG, SEEN, Changeable


class Right(StrEnum):
    """The rights of RFC 4314 section 2.1."""

    LOOKUP = "l"  # see it in LIST, subscribe to it
    READ = "r"  # SELECT, STATUS, FETCH, SEARCH, COPY from it
    SEEN = "s"  # set or clear \\Seen
    WRITE = "w"  # set or clear flags other than \\Seen and \\Deleted
    INSERT = "i"  # APPEND and COPY into it
    POST = "p"  # send mail to its address
    CREATE = "k"  # CREATE below it, RENAME to a name below it
    DELETE_MAILBOX = "x"  # DELETE it, RENAME it
    DELETE_MESSAGES = "t"  # set or clear \\Deleted
    EXPUNGE = "e"  # EXPUNGE
    ADMINISTER = "a"  # change its rights


Rights = frozenset[Right]

ALL_RIGHTS: Rights = frozenset(Right)
NO_RIGHTS: Rights = frozenset()
# What the owner of a mailbox keeps, whatever entries say: it could not mend them else.
OWNERS: Rights = frozenset((Right.LOOKUP, Right.ADMINISTER))
# Any of them lets a session change what others see: RFC 4314 section 5.2.
CHANGING: Rights = frozenset(
    (Right.INSERT, Right.EXPUNGE, Right.SEEN, Right.WRITE, Right.DELETE_MESSAGES)
)

# Stands for the top of an account's mailboxes: to create there needs CREATE on all of it.
TOP = acl.WHOLE


@dataclass(eq=False)
class NotPermitted(ServiceError):
    """The account sees the mailbox but may not do this."""

    code: ClassVar[str] = "not_permitted"
    right: Right

    def __str__(self) -> str:
        return f'this needs the right "{self.right}" on the mailbox: ask its owner for it'


class Grants:
    """What `acting` may do with each of an owner's mailboxes, of the entries that apply to it."""

    def __init__(self, acting: AccountId, owner: AccountId, entries: Iterable[Entry]) -> None:
        self._acting = acting
        self._owner = owner
        self._by_mailbox: dict[MailboxId, dict[Identifier, str]] = defaultdict(dict)
        for entry in entries:
            self._by_mailbox[entry.mailbox][entry.who] = entry.rights
        self._whole = self._by_mailbox.pop(acl.WHOLE, {})
        self._elsewhere = self._decide(self._whole)

    def on(self, mailbox: MailboxId) -> Rights:
        """The rights on one mailbox."""
        own = self._by_mailbox.get(mailbox)
        return self._elsewhere if own is None else self._decide(self._whole | own)

    def anywhere(self, right: Right) -> bool:
        """Whether there may be a mailbox on which `acting` has this right."""
        return right in self._elsewhere or any(
            right in self.on(mailbox) for mailbox in self._by_mailbox
        )

    def _decide(self, held: dict[Identifier, str]) -> Rights:
        granted, taken = set[Right](), set[Right]()
        for who, letters in held.items():
            (taken if who.negative else granted).update(map(Right, letters))
        if self._acting != self._owner:
            return frozenset(granted - taken)
        if Identifier(self._owner) not in held:
            granted.update(ALL_RIGHTS)
        return frozenset(granted - taken) | OWNERS


async def rights_of(tx: ReadTx, acting: AccountId, mailbox: MailboxRef) -> Rights:
    """What `acting` may do with a mailbox. RFC 4314 section 3.5."""
    entries = await acl.applying(tx, acting, mailbox)
    if not entries:
        return ALL_RIGHTS if acting == mailbox.account else NO_RIGHTS
    return Grants(acting, mailbox.account, entries).on(mailbox.id)


async def require(tx: ReadTx, acting: AccountId, mailbox: MailboxRef, *needed: Right) -> Rights:
    """All rights of `acting` on a mailbox, among which are those that are needed.

    Raises MailboxUnknown when it may not even know that the mailbox is there (RFC 4314 section
    6), else NotPermitted.
    """
    rights = await rights_of(tx, acting, mailbox)
    refuse_without(rights, *needed)
    return rights


async def check(store: Store, acting: AccountId, mailbox: MailboxRef, *needed: Right) -> None:
    """As `require`, before what takes several reads."""
    await store.read(lambda tx: require(tx, acting, mailbox, *needed))


def refuse_without(rights: Rights, *needed: Right) -> None:
    """Raise as `require` does unless all that are needed are among the rights."""
    for right in needed:
        if right not in rights:
            raise NotPermitted(right) if Right.LOOKUP in rights else MailboxUnknown


def changeable_flags(rights: Rights) -> Changeable:
    r"""Which flags may be changed: `\Seen`, `\Deleted` and all others each have their right.

    RFC 4314 section 4.
    """
    bits = EVERY_FLAG.bits & ~(SEEN | DELETED) if Right.WRITE in rights else 0
    bits |= SEEN if Right.SEEN in rights else 0
    bits |= DELETED if Right.DELETE_MESSAGES in rights else 0
    return Changeable(bits, keywords=Right.WRITE in rights)


def parse_rights(letters: Sequence[str] | str) -> Rights:
    """The rights of these letters, none of which may be unknown; KeyError names the first.

    The obsolete "c" stands for "k" and "x", "d" for "t" and "e" (RFC 4314 section 2.1.1).
    """
    found = set[Right]()
    for letter in letters:
        found.update(_MEANT[letter])
    return frozenset(found)


_MEANT: dict[str, Rights] = {right.value: frozenset((right,)) for right in Right} | {
    "c": frozenset((Right.CREATE, Right.DELETE_MAILBOX)),
    "d": frozenset((Right.DELETE_MESSAGES, Right.EXPUNGE)),
}
