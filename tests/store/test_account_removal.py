"""Removing an account's rows, message tables included, in steps."""

from datetime import timedelta

from roost.base.ids import AccountId
from roost.config.accounts import AccountSettings
from roost.store import account_removal, accounts
from roost.store.blob_rows import State
from roost.store.engine import ReadTx, Store, WriteTx
from roost.testing.clock import START
from roost.testing.store import new_store

ONE, OTHER = AccountId(1), AccountId(2)


async def fill_every_table(store: Store, account: AccountId, rows: int) -> None:
    """Put `rows` rows of the account into each table that has some, with blobs of their own."""

    async def work(tx: WriteTx) -> None:
        for table in await tables_of_accounts(tx):
            if table in ("account", "email", "submission", "account_counter"):
                continue
            for number in range(1, rows + 1):
                await insert(tx, table, account, number)
        for number in range(1, rows + 1):
            await insert(tx, "email", account, number)
            await insert(tx, "submission", account, number)

    await store.write(work)


async def tables_of_accounts(tx: ReadTx) -> list[str]:
    rows = await tx.rows(
        "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c"
        " WHERE m.type = 'table' AND (c.name = 'account_id' OR m.name = 'email') ORDER BY m.name"
    )
    return list(dict.fromkeys(row[0] for row in rows))


async def insert(tx: WriteTx, table: str, account: AccountId, number: int) -> None:
    columns = await tx.rows(f"SELECT name, type FROM pragma_table_info('{table}')")
    names = [row[0] for row in columns]
    values: dict[str, object] = {}
    for name, kind in columns:
        values[name] = {"INTEGER": 1000 + number, "TEXT": str(number), "BLOB": b""}[kind]
    if "account_id" in names:
        values["account_id"] = account
    if "blob_id" in names:
        values["blob_id"] = number
    if table == "email":
        values["key"] = (account << 32) + number
    marks = ", ".join(f"${place}" for place in range(1, len(names) + 1))
    await tx.execute(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT DO NOTHING",
        *values.values(),  # type: ignore[arg-type]
    )


async def rows_left(store: Store, account: AccountId) -> dict[str, int]:
    async def work(tx: ReadTx) -> dict[str, int]:
        left = {}
        for table in await tables_of_accounts(tx):
            where = f"key >> 32 = {account}" if table == "email" else f"account_id = {account}"
            left[table] = await tx.value(f"SELECT count(*) FROM {table} WHERE {where}")
        left["account"] = await tx.value(f"SELECT count(*) FROM account WHERE id = {account}")
        return {table: count for table, count in left.items() if count}

    return await store.scan(work)


async def blob_states(store: Store) -> list[int]:
    rows = await store.scan(lambda tx: tx.rows("SELECT state FROM blob ORDER BY id"))
    return [row[0] for row in rows]


async def store_with_two() -> Store:
    store = await new_store()

    async def work(tx: WriteTx) -> None:
        for name in ("one", "other"):
            await accounts.add(tx, name, AccountSettings(), START, 1)
        for number in range(7):
            stored = State.STORED.value
            await tx.execute(
                "INSERT INTO blob (state, place, size, changed) VALUES ($1, 0, $2, 0)",
                stored,
                number,
            )

    await store.write(work)
    return store


async def remove(store: Store, account: AccountId) -> None:
    now = START + timedelta(days=1)
    await store.write(lambda tx: accounts.mark_deleted(tx, account, START, 2))
    assert await account_removal.remove_accounts(store, now, now) == 1


async def test_every_table_of_an_account_is_emptied_and_no_other_account_touched() -> None:
    store = await store_with_two()
    await fill_every_table(store, ONE, 7)
    await fill_every_table(store, OTHER, 3)
    before = await rows_left(store, OTHER)
    assert len(await rows_left(store, ONE)) > 15
    await remove(store, ONE)
    assert await rows_left(store, ONE) == {}
    assert await rows_left(store, OTHER) == before


async def test_blobs_are_doomed_when_nobody_else_refers_to_them() -> None:
    store = await store_with_two()
    await fill_every_table(store, ONE, 7)
    await fill_every_table(store, OTHER, 3)
    await remove(store, ONE)
    stored, doomed = State.STORED.value, State.DOOMED.value
    assert await blob_states(store) == [stored] * 3 + [doomed] * 4
    await remove(store, OTHER)
    assert await blob_states(store) == [doomed] * 7


async def test_an_account_in_use_or_marked_too_late_keeps_its_rows() -> None:
    store = await store_with_two()
    await store.write(lambda tx: accounts.mark_deleted(tx, ONE, START, 2))
    assert await account_removal.remove_accounts(store, START, START) == 0
    assert await rows_left(store, ONE) == await rows_left(store, OTHER) != {}
