"""What goes when, and that check says what is wrong."""

from datetime import timedelta

import pytest

from roost.store import accounts, emails, expunged, mailboxes
from roost.store.check import check
from roost.store.cleanup import clean_up, history_floor
from roost.store.expunging import remove
from roost.testing.clock import StoppedClock
from roost.testing.filing import message_octets
from roost.testing.messages import MessageStore
from roost.testing.store import new_store


async def new_messages() -> MessageStore:
    return MessageStore(await new_store(), StoppedClock())


async def test_a_dead_email_is_readable_for_a_day_and_its_history_for_ninety() -> None:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    octets = message_octets(1)
    (filed,) = await tried.file(inbox, octets=octets)
    (gone,) = await tried.write(remove, inbox, [1], now=tried.clock.now())
    account = inbox.account

    async def read() -> bytes | None:
        return await tried.store.scan(lambda tx: emails.octets(tx, account, filed.email))

    tried.clock.advance(timedelta(hours=23))
    assert (await clean_up(tried.store, tried.clock)).emails == 0
    assert await read() == octets
    tried.clock.advance(timedelta(hours=2))
    assert (await clean_up(tried.store, tried.clock)).emails == 1
    assert await read() is None
    assert await tried.check() == []
    tried.clock.advance(timedelta(hours=2))
    assert (await clean_up(tried.store, tried.clock)).blobs == 1
    assert await tried.store.read(lambda tx: expunged.since(tx, inbox, 0)) != []
    tried.clock.advance(timedelta(days=90))
    cleaned = await clean_up(tried.store, tried.clock)
    assert (cleaned.expunged, cleaned.email_states, cleaned.thread_refs) == (1, 1, 1)
    assert await tried.store.read(lambda tx: expunged.since(tx, inbox, 0)) == []
    assert await tried.store.read(lambda tx: expunged.floor(tx, inbox)) == gone.modseq
    assert await tried.store.read(lambda tx: history_floor(tx, account)) == gone.modseq
    assert await tried.check() == []


async def test_a_shared_blob_stays_while_somebody_has_it() -> None:
    tried = await new_messages()
    (ann,) = await tried.mailboxes("ann", "INBOX")
    (bob,) = await tried.mailboxes("bob", "INBOX")
    octets = message_octets(1)
    _, (filed,) = await tried.file(ann, octets=octets), await tried.file(bob, octets=octets)
    await tried.write(remove, ann, [1], now=tried.clock.now())
    for _ in range(2):
        tried.clock.advance(timedelta(hours=25))
        await clean_up(tried.store, tried.clock)
    found = await tried.store.scan(lambda tx: emails.octets(tx, bob.account, filed.email))
    assert found == octets
    assert await tried.check() == []


async def test_a_removed_mailbox_is_emptied() -> None:
    tried = await new_messages()
    inbox, other = await tried.mailboxes("ann", "INBOX", "Other")
    for box in (inbox, other, other):
        await tried.file(box)
    mailbox = await tried.mailbox(other)
    await tried.write(mailboxes.delete, mailbox)
    assert (await clean_up(tried.store, tried.clock)).messages_of_removed_mailboxes == 2
    assert await tried.placed(other) == []
    assert len(await tried.placed(inbox)) == 1
    assert await tried.check() == []


async def test_a_removed_account_leaves_no_row() -> None:
    tried = await new_messages()
    inbox, _ = await tried.mailboxes("ann", "INBOX", "Other")
    (kept,) = await tried.mailboxes("bob", "INBOX")
    for box in (inbox, inbox, kept):
        await tried.file(box)
    await tried.write(accounts.mark_deleted, inbox.account, tried.clock.now(), 0)
    assert (await clean_up(tried.store, tried.clock)).accounts == 0
    tried.clock.advance(timedelta(hours=25))
    assert (await clean_up(tried.store, tried.clock)).accounts == 1
    tables = await tried.store.read(
        lambda tx: tx.rows(
            "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c"
            " WHERE m.type = 'table' AND c.name = 'account_id'"
        )
    )
    assert len(tables) > 10
    for (table,) in tables:
        sql = f"SELECT COUNT(*) FROM {table} WHERE account_id = $1"
        rows = await tried.store.read(lambda tx, sql=sql: tx.value(sql, inbox.account))  # type: ignore[misc]
        assert rows == 0, table
    assert len(await tried.placed(kept)) == 1
    assert await tried.check() == []


DAMAGE = [
    ("UPDATE mailbox SET unseen = unseen + 1", "unseen is 3, should be 2"),
    ("UPDATE mailbox SET unread_threads = 7", "unread_threads is 7, should be 2"),
    ("UPDATE account_counter SET used_octets = 1", "used_octets is 1"),
    ("UPDATE email_state SET visible = 2 WHERE email_id = 1", "email 1: state is 2 visible"),
    ("DELETE FROM list_entry WHERE email_id = 2", "email 2 of thread 2 with flags 0 is not listed"),
    ("UPDATE list_entry SET flags = 1 WHERE email_id = 1", "with flags 1 is listed"),
    ("DELETE FROM thread_mailbox WHERE thread_id = 1", "thread 1: should count 1 emails"),
    ("UPDATE thread SET emails = 9 WHERE id = 2", "thread 2: emails is 9, should be 1"),
    ("UPDATE thread SET destroyed_modseq = 1 WHERE id = 2", "thread 2"),
    ("UPDATE email_state SET destroyed_modseq = 1 WHERE email_id = 2", "email 2: 1 visible"),
]
BEYOND_REPAIR = [
    ("UPDATE mailbox SET uid_next = 2", "uid 2 is not below uid_next 2"),
    ("UPDATE mailbox SET highest_modseq = 1", "above highest_modseq 1"),
    ("DELETE FROM email WHERE key % 4294967296 = 1", "its email 1 does not fit"),
    ("DELETE FROM mailbox", "there is no such mailbox"),
    ("UPDATE placement SET size = 1 WHERE uid = 1", "its email 1 does not fit"),
    ("UPDATE blob SET octets = CAST('x' AS BLOB) WHERE id = 1", "blob 1: has 1 octets"),
    ("UPDATE blob SET sha256 = CAST('x' AS BLOB) WHERE id = 1", "blob 1: its octets are not those"),
    ("DELETE FROM blob WHERE id = 2", "blob 2 is missing"),
]


async def damaged(sql: str) -> MessageStore:
    tried = await new_messages()
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    for number in (1, 2):
        await tried.file(inbox, octets=message_octets(number, subject=f"Number {number}"))
    assert await tried.check() == []
    await tried.store.write(lambda tx: tx.execute(sql))
    return tried


@pytest.mark.parametrize(
    ("sql", "said"), DAMAGE + BEYOND_REPAIR, ids=[d[0] for d in DAMAGE + BEYOND_REPAIR]
)
async def test_check_says_what_is_wrong(sql: str, said: str) -> None:
    tried = await damaged(sql)
    assert any(said in difference.text for difference in await tried.check())


@pytest.mark.parametrize(("sql", "said"), DAMAGE, ids=[d[0] for d in DAMAGE])
async def test_repair_mends_what_follows_from_other_rows(sql: str, said: str) -> None:
    tried = await damaged(sql)
    found = await check(tried.store, tried.clock, repair=True)
    assert any(said in difference.text for difference in found)
    assert await tried.check() == []
