"""How much an account may hold. Quota counts the full size of every message in every mailbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from roost.base.errors import ServiceError
from roost.base.ids import AccountId, EmailId, ModSeq, ThreadId
from roost.store.engine import ReadTx, WriteTx
from roost.store.numbers import Reserved
from roost.store.row_lists import update_rows
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


class Wanted(NamedTuple):
    """What a work counts into one account, and the numbers it needs.

    limit: what the account may hold in octets, less than 0 for no limit.
    """

    account: AccountId
    octets: int
    messages: int
    limit: int
    modseqs: int
    emails: int = 0
    threads: int = 0


async def take(tx: WriteTx, wanted: Sequence[Wanted]) -> dict[AccountId, Reserved]:
    """Count messages in and reserve their numbers; one entry an account. Raises QuotaExceeded."""
    rows = await update_rows(
        tx,
        "UPDATE account_counter AS c SET next_modseq = c.next_modseq + g.modseqs,"
        " next_email = c.next_email + g.emails, next_thread = c.next_thread + g.threads,"
        " used_octets = c.used_octets + g.octets, used_messages = c.used_messages + g.messages"
        " FROM given g WHERE c.account_id = g.account"
        " RETURNING account_id, next_modseq, next_email, next_thread, used_octets",
        "account, octets, messages, modseqs, emails, threads",
        [
            (one.account, one.octets, one.messages, one.modseqs, one.emails, one.threads)
            for one in wanted
        ],
    )
    after = {row[0]: row for row in rows}
    reserved = {}
    for one in wanted:
        _, modseq, email, thread, used_octets = after[one.account]
        if one.octets > 0 and not has_room(used_octets - one.octets, one.octets, one.limit):
            raise QuotaExceeded(one.account, used_octets - one.octets, one.limit)
        reserved[one.account] = Reserved(
            ModSeq(modseq - one.modseqs),
            EmailId(email - one.emails),
            ThreadId(thread - one.threads),
        )
    return reserved


async def give_back(
    tx: WriteTx, account: AccountId, *, octets: int, messages: int, modseqs: int
) -> ModSeq:
    """Count messages out; returns the first of the modseqs reserved for that."""
    wanted = Wanted(account, -octets, -messages, UNLIMITED, modseqs)
    return (await take(tx, [wanted]))[account].modseq
