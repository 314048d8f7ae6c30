"""How much an account may hold. Quota counts the full size of every message in every mailbox."""

from dataclasses import dataclass
from typing import ClassVar

from roost.base.errors import ServiceError
from roost.base.ids import AccountId, EmailId, ModSeq, ThreadId
from roost.store.engine import ReadTx, WriteTx
from roost.store.numbers import Reserved
from roost.store.settings import account_settings

UNLIMITED = -1


@dataclass(eq=False)
class QuotaExceeded(ServiceError):
    """The account may not hold so much. RFC 9208 section 4.3, RFC 5321 section 4.2.3 (452)."""

    code: ClassVar[str] = "quota_exceeded"
    temporary: ClassVar[bool] = True
    account: AccountId
    used_octets: int
    limit_octets: int

    def __str__(self) -> str:
        return f"the account holds {self.used_octets} of {self.limit_octets} octets"


def effective_limit(account_octets: int, default_octets: int) -> int:
    """The limit in octets from an account's own setting and the server's; UNLIMITED for none.

    account_octets: 0 takes the default, less than 0 is unlimited. default_octets: 0 or less is
    unlimited.
    """
    if account_octets:
        return max(account_octets, UNLIMITED)
    return default_octets if default_octets > 0 else UNLIMITED


def has_room(used_octets: int, size_octets: int, limit_octets: int) -> bool:
    """Whether `size_octets` more may be stored: together they reach the limit at most."""
    return limit_octets < 0 or used_octets + size_octets <= limit_octets


async def limit_of(tx: ReadTx, account: AccountId, default_octets: int) -> int:
    """What the account may hold, UNLIMITED for no limit. default_octets: see `effective_limit`."""
    text: str | None = await tx.value("SELECT settings FROM account WHERE id = $1", account)
    own = account_settings(text).quota if text is not None else 0
    return effective_limit(own, default_octets)


async def used(tx: ReadTx, account: AccountId) -> tuple[int, int]:
    """Octets and messages the account holds."""
    row = await tx.row(
        "SELECT used_octets, used_messages FROM account_counter WHERE account_id = $1", account
    )
    return (row[0], row[1]) if row else (0, 0)


async def take(
    tx: WriteTx,
    account: AccountId,
    *,
    octets: int,
    messages: int,
    limit: int,
    modseqs: int,
    emails: int = 0,
    threads: int = 0,
) -> Reserved:
    """Count messages in and reserve their numbers, in one statement.

    limit: what the account may hold in octets, less than 0 for no limit. Raises QuotaExceeded.
    """
    row = await tx.row(
        "UPDATE account_counter SET next_modseq = next_modseq + $1, next_email = next_email + $2,"
        " next_thread = next_thread + $3, used_octets = used_octets + $4,"
        " used_messages = used_messages + $5 WHERE account_id = $6"
        " RETURNING next_modseq, next_email, next_thread, used_octets",
        modseqs,
        emails,
        threads,
        octets,
        messages,
        account,
    )
    assert row is not None, "an account has its counters from the start"
    if octets > 0 and not has_room(row[3] - octets, octets, limit):
        raise QuotaExceeded(account, row[3] - octets, limit)
    return Reserved(ModSeq(row[0] - modseqs), EmailId(row[1] - emails), ThreadId(row[2] - threads))


async def give_back(
    tx: WriteTx, account: AccountId, *, octets: int, messages: int, modseqs: int
) -> ModSeq:
    """Count messages out; returns the first of the modseqs reserved for that."""
    taken = await take(
        tx, account, octets=-octets, messages=-messages, limit=UNLIMITED, modseqs=modseqs
    )
    return taken.modseq
