"""Numbers of things, and their form on the wire.

A wire id is a type letter, then the account's number and the thing's number in the account, each in
base32 without padding and parted by an underscore; so no two things of a server share one, and
it is the same string in JMAP and in EMAILID, THREADID and MAILBOXID (RFC 8474 section 4, RFC 8620
section 1.2).
"""

from typing import NamedTuple, NewType

AccountId = NewType("AccountId", int)
DomainId = NewType("DomainId", int)
MailboxId = NewType("MailboxId", int)
EmailId = NewType("EmailId", int)
ThreadId = NewType("ThreadId", int)
BlobId = NewType("BlobId", int)
SubmissionId = NewType("SubmissionId", int)
QueueItemId = NewType("QueueItemId", int)
Uid = NewType("Uid", int)
ModSeq = NewType("ModSeq", int)


class MailboxRef(NamedTuple):
    """A mailbox and the account that owns it; who acts on it is said beside it."""

    account: AccountId
    id: MailboxId


_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}

ACCOUNT, MAILBOX, EMAIL, THREAD = "a", "b", "m", "t"
SUBMISSION, IDENTITY, UPLOAD, PART = "s", "i", "u", "p"


def wire_id(kind: str, account: int, number: int) -> str:
    """Spell the id of thing `number` of type letter `kind` in `account`. RFC 8474 section 4."""
    return f"{kind}{_base32(account)}_{_base32(number)}"


def parse_wire_id(kind: str, text: str) -> tuple[AccountId, int]:
    """The account and number that `wire_id` spelled; ValueError for any other text."""
    account, parted, number = text[1:].partition("_")
    if text[:1] != kind or not parted:
        raise ValueError(f"not an id of kind {kind!r}")
    parsed = AccountId(_from_base32(account)), _from_base32(number)
    if wire_id(kind, *parsed) != text:
        raise ValueError("an id has one spelling only")
    return parsed


def _base32(number: int) -> str:
    digits = ""
    while True:
        digits = _ALPHABET[number & 31] + digits
        number >>= 5
        if not number:
            return digits


def _from_base32(text: str) -> int:
    if not 0 < len(text) <= 13:
        raise ValueError("an id's number has 1 to 13 letters")
    number = 0
    for letter in text:
        value = _VALUES.get(letter)
        if value is None:
            raise ValueError("an id has only the letters a-z and 2-7")
        number = number << 5 | value
    return number
