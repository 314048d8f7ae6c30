"""Names of mailboxes: the whole path, "/" between levels."""

import re
import unicodedata
from dataclasses import dataclass
from typing import ClassVar

from roost.base.errors import ServiceError

INBOX = "INBOX"
OTHER_USERS = "Other Users"
SEPARATOR = "/"
MAX_NAME_OCTETS = 1024
MAX_LEVELS = 32

# RFC 5198 section 2: no control characters; line and paragraph separators would break a line as
# well, and lone surrogates have no UTF-8.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(eq=False)
class MailboxNameInvalid(ServiceError):
    """The text is no name for a mailbox; `reason` says why."""

    code: ClassVar[str] = "mailbox_name_invalid"
    reason: str

    def __str__(self) -> str:
        return f"not a mailbox name: {self.reason}"


def parse_name(text: str) -> str:
    """The one form of a mailbox name: NFC, and INBOX as first level in capitals.

    Raises MailboxNameInvalid for an empty level ("/a", "a/", "a//b"), "." or "..", a control
    character, "#" in front, OTHER_USERS as first level (there each account finds the mailboxes of
    others), over MAX_NAME_OCTETS octets or MAX_LEVELS levels.
    RFC 9051 section 5.1, RFC 5198.
    """
    name = unicodedata.normalize("NFC", text)
    if _FORBIDDEN.search(name):
        raise MailboxNameInvalid("it has a control character")
    if len(name.encode()) > MAX_NAME_OCTETS:
        raise MailboxNameInvalid(f"it has more than {MAX_NAME_OCTETS} octets")
    if name.startswith("#"):
        raise MailboxNameInvalid('it begins with "#"')
    levels = name.split(SEPARATOR)
    if len(levels) > MAX_LEVELS:
        raise MailboxNameInvalid(f"it has more than {MAX_LEVELS} levels")
    if not all(levels):
        raise MailboxNameInvalid('it needs something before and after each "/"')
    if "." in levels or ".." in levels:
        raise MailboxNameInvalid('no level is "." or ".."')
    if levels[0] == OTHER_USERS:
        raise MailboxNameInvalid(f'below "{OTHER_USERS}" are the mailboxes of others')
    if levels[0].upper() == INBOX:
        levels[0] = INBOX
    return SEPARATOR.join(levels)


def parent_of(name: str) -> str | None:
    """The name one level up, None at the top."""
    return name.rpartition(SEPARATOR)[0] or None


def lineage(name: str) -> list[str]:
    """The names of every level from the top down to `name` itself."""
    levels = name.split(SEPARATOR)
    return [SEPARATOR.join(levels[:count]) for count in range(1, len(levels) + 1)]


def below(name: str) -> tuple[str, str]:
    """Where the names below `name` begin, and where they have ended, in order of code points."""
    return name + SEPARATOR, name + chr(ord(SEPARATOR) + 1)
