"""Who may do what with a mailbox: the one place that decides it.

The owner of a mailbox may do everything with it, others nothing.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from roost.base.errors import ServiceError
from roost.base.ids import AccountId, MailboxId, MailboxRef
from roost.service.mailbox_errors import MailboxUnknown


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


ALL_RIGHTS = frozenset(Right)
NO_RIGHTS: frozenset[Right] = frozenset()

# Stands for the top of an account's mailboxes: to create there needs CREATE on it.
TOP = MailboxId(0)


@dataclass(eq=False)
class NotPermitted(ServiceError):
    """The account sees the mailbox but may not do this."""

    code: ClassVar[str] = "not_permitted"
    right: Right

    def __str__(self) -> str:
        return f'this needs the right "{self.right}" on the mailbox: ask its owner for it'


def rights_of(acting: AccountId, mailbox: MailboxRef) -> frozenset[Right]:
    """What `acting` may do with a mailbox. RFC 4314 section 3.5."""
    return ALL_RIGHTS if acting == mailbox.account else NO_RIGHTS


def require(acting: AccountId, mailbox: MailboxRef, right: Right) -> None:
    """Return if `acting` has the right.

    Raises MailboxUnknown when it may not even know that the mailbox is there (RFC 4314 section
    6), else NotPermitted.
    """
    rights = rights_of(acting, mailbox)
    if right in rights:
        return
    if Right.LOOKUP not in rights:
        raise MailboxUnknown
    raise NotPermitted(right)
