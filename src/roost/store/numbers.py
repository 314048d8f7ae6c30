"""Numbers of an account: modseqs, ids, UIDVALIDITY. Never reused; a row lock gives commit order."""

from typing import NamedTuple

from roost.base.ids import AccountId, EmailId, ModSeq, ThreadId
from roost.store.engine import ReadTx, WriteTx


class Reserved(NamedTuple):
    """The first of each kind of number that was asked for."""

    modseq: ModSeq
    email: EmailId
    thread: ThreadId


async def reserve(
    tx: WriteTx, account: AccountId, *, modseqs: int, emails: int = 0, threads: int = 0
) -> Reserved:
    """Take so many numbers of each kind at once; each changed record takes a modseq of its own."""
    row = await tx.row(
        "UPDATE account_counter SET next_modseq = next_modseq + $1, next_email = next_email + $2,"
        " next_thread = next_thread + $3 WHERE account_id = $4"
        " RETURNING next_modseq, next_email, next_thread",
        modseqs,
        emails,
        threads,
        account,
    )
    assert row is not None, "an account has its counters from the start"
    return Reserved(ModSeq(row[0] - modseqs), EmailId(row[1] - emails), ThreadId(row[2] - threads))


async def reserve_modseqs(tx: WriteTx, account: AccountId, count: int) -> ModSeq:
    """The first of `count` modseqs in a row. RFC 7162 section 3.1."""
    return (await reserve(tx, account, modseqs=count)).modseq


async def latest_modseq(tx: ReadTx, account: AccountId) -> ModSeq:
    """The highest modseq that was handed out: every change so far has this one or a lower one."""
    following: int | None = await tx.value(
        "SELECT next_modseq FROM account_counter WHERE account_id = $1", account
    )
    return ModSeq(following - 1 if following else 0)


async def next_number(tx: WriteTx, account: AccountId) -> int:
    """A number for a thing of the account without a counter of its own (credential, submission)."""
    number: int = await tx.value(
        "UPDATE account_counter SET next_number = next_number + 1 WHERE account_id = $1"
        " RETURNING next_number - 1",
        account,
    )
    return number


async def next_server_number(tx: WriteTx, kind: str) -> int:
    """A number for a thing of the server: "account", "domain", "revision". From 1 upwards."""
    number: int = await tx.value(
        "INSERT INTO counter AS c (name, next) VALUES ($1, 2)"
        " ON CONFLICT (name) DO UPDATE SET next = c.next + 1 RETURNING next - 1",
        kind,
    )
    return number
