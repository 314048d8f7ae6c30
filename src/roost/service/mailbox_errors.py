"""What can be wrong with a mailbox somebody asks for."""

from dataclasses import dataclass
from typing import ClassVar

from roost.base.errors import ServiceError
from roost.store.mailbox_names import MailboxNameInvalid
from roost.store.mailboxes import Role

__all__ = [
    "MailboxExists",
    "MailboxHasChildren",
    "MailboxIsInbox",
    "MailboxNameInvalid",
    "MailboxRoleTaken",
    "MailboxUnknown",
    "OverLimit",
]


@dataclass(eq=False)
class MailboxExists(ServiceError):
    """The name is taken. RFC 5530 ALREADYEXISTS."""

    code: ClassVar[str] = "mailbox_exists"

    def __str__(self) -> str:
        return "there is a mailbox with this name already: choose another name"


@dataclass(eq=False)
class MailboxUnknown(ServiceError):
    """No such mailbox, or none that the account may know of. RFC 5530 NONEXISTENT."""

    code: ClassVar[str] = "mailbox_unknown"

    def __str__(self) -> str:
        return "there is no such mailbox: list the mailboxes to see their names"


@dataclass(eq=False)
class MailboxHasChildren(ServiceError):
    """Mailboxes lie below it. RFC 9051 section 6.3.5, HASCHILDREN."""

    code: ClassVar[str] = "mailbox_has_children"

    def __str__(self) -> str:
        return "the mailbox has mailboxes below it: delete or rename those first"


@dataclass(eq=False)
class MailboxIsInbox(ServiceError):
    """INBOX is always there. RFC 9051 section 5.1."""

    code: ClassVar[str] = "mailbox_is_inbox"

    def __str__(self) -> str:
        return "INBOX is always there and keeps its role: choose another mailbox"


@dataclass(eq=False)
class MailboxRoleTaken(ServiceError):
    """Another mailbox of the account has the role. RFC 8621 section 2."""

    code: ClassVar[str] = "mailbox_role_taken"
    role: Role

    def __str__(self) -> str:
        return f"another mailbox has the role {self.role}: take it from that one first"


@dataclass(eq=False)
class OverLimit(ServiceError):
    """The account has as many of something as it may have. RFC 5530 LIMIT."""

    code: ClassVar[str] = "over_limit"
    what: str
    limit: int

    def __str__(self) -> str:
        return f"an account may have {self.limit} {self.what}: remove some first"
