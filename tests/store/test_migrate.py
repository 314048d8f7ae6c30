from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from roost.ports.log_events import Event
from roost.store.connection import connect_writer
from roost.store.migrate import (
    APPLICATION_ID,
    Step,
    StoreDamaged,
    StoreForeign,
    StoreRefused,
    StoreTooNew,
    StoreUnopenable,
    migrate,
    open_migrated,
    shipped_steps,
)
from roost.testing.clock import StoppedClock
from roost.testing.log import ListLog
from roost.testing.store import new_store

NEWEST = shipped_steps()[-1].number


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "roost.db"


def open_here(path: Path, log: ListLog | None = None) -> apsw.Connection:
    return open_migrated(path, None, StoppedClock(), log or ListLog())


def make(path: Path) -> None:
    open_here(path).close()


def steps_of(*texts: str) -> list[Step]:
    return [Step(number, sql) for number, sql in enumerate(texts, 1)]


def schema(connection: apsw.Connection) -> int:
    number: int = connection.execute("PRAGMA user_version").get
    return number


def test_steps_are_numbered_without_a_gap() -> None:
    assert [step.number for step in shipped_steps()] == list(range(1, NEWEST + 1))


def test_what_cannot_be_changed_later_is_right_from_the_start(path: Path) -> None:
    connection = open_here(path)
    right = {
        "page_size": 4096,
        "auto_vacuum": 2,  # incremental
        "application_id": APPLICATION_ID,
        "user_version": NEWEST,
        "journal_mode": "wal",
        "synchronous": 2,  # full
    }
    assert {name: connection.execute(f"PRAGMA {name}").get for name in right} == right
    connection.close()


async def test_nobody_else_can_read_the_mail(tmp_path: Path) -> None:
    store = await new_store(tmp_path)
    await store.write(lambda tx: tx.execute("DELETE FROM server"))
    rights = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert rights == {"roost.db": 0o600, "roost.db-wal": 0o600, "roost.db-shm": 0o600}
    await store.close()


def test_each_step_runs_once_and_is_told(path: Path) -> None:
    log = ListLog()
    open_here(path, log).close()
    open_here(path, log).close()
    told = [logged.facts["step"] for logged in log.named(Event.STORE_STEP_DONE)]
    assert told == list(range(1, NEWEST + 1))


def test_an_older_store_gets_the_steps_it_lacks(path: Path) -> None:
    connection, old = connect_writer(path), steps_of("CREATE TABLE one (a)")
    migrate(connection, path, old, StoppedClock(), ListLog())
    new = steps_of("CREATE TABLE one (a)", "CREATE TABLE two (a)", "ALTER TABLE one ADD b")
    assert migrate(connection, path, new, StoppedClock(), ListLog()) == 3
    connection.execute("INSERT INTO one (a, b) SELECT 1, 2").fetchall()
    assert schema(connection) == 3
    connection.close()


def test_a_step_that_fails_leaves_the_store_as_it_was(path: Path) -> None:
    connection = connect_writer(path)
    steps = steps_of("CREATE TABLE one (a)", "CREATE TABLE two (a); CREATE TABLE one (b)")
    with pytest.raises(apsw.SQLError):
        migrate(connection, path, steps, StoppedClock(), ListLog())
    assert schema(connection) == 1
    assert connection.table_exists(None, "one")
    assert not connection.table_exists(None, "two")
    connection.close()


def test_refuses_a_newer_schema_and_says_how_to_mend_it(path: Path) -> None:
    make(path)
    connection = apsw.Connection(str(path))
    connection.execute(f"PRAGMA user_version={NEWEST + 1}").fetchall()
    connection.close()
    with pytest.raises(StoreTooNew) as raised:
        open_here(path)
    assert f"schema {NEWEST + 1}" in str(raised.value)
    assert f"up to {NEWEST}:" in str(raised.value)
    assert "start the newer version" in str(raised.value)


def other_program(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE theirs (a)").fetchall()
    connection.close()


def other_program_in_wal_mode(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    connection.execute("CREATE TABLE theirs (a)").fetchall()
    connection.close()


def no_database(path: Path) -> None:
    path.write_bytes(b"From someone@example.org\n" * 500)


def cut_short(path: Path) -> None:
    make(path)
    path.write_bytes(path.read_bytes()[:-8192])


def first_page_lost(path: Path) -> None:
    make(path)
    path.write_bytes(path.read_bytes()[:100] + bytes(path.stat().st_size - 100))


def tables_lost(path: Path) -> None:
    connection = connect_writer(path)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}").fetchall()
    connection.close()


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make_file", "error"),
    [
        (other_program, StoreForeign),
        (other_program_in_wal_mode, StoreForeign),
        (no_database, StoreForeign),
        (cut_short, StoreDamaged),
        (first_page_lost, StoreDamaged),
        (tables_lost, StoreDamaged),
        (a_folder, StoreUnopenable),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_refuses_what_it_cannot_trust(
    path: Path, make_file: Callable[[Path], None], error: type[StoreRefused]
) -> None:
    make_file(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(error) as raised:
        open_here(path)
    assert str(path) in str(raised.value)
    if error is StoreForeign:
        assert path.read_bytes() == before


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreUnopenable, match="folder must be there"):
        open_here(tmp_path / "nowhere" / "roost.db")


def test_opens_a_backup_made_by_vacuum_into(path: Path, tmp_path: Path) -> None:
    connection = open_here(path)
    backup = tmp_path / "backup.db"
    connection.execute("VACUUM INTO ?", (str(backup),)).fetchall()
    connection.close()
    copy = open_here(backup)
    assert copy.execute("PRAGMA journal_mode").get == "wal"
    assert copy.execute("PRAGMA auto_vacuum").get == 2
    copy.close()


async def test_opens_what_a_dead_process_left(tmp_path: Path) -> None:
    """That is a WAL, and perhaps a database file that is shorter than it says."""
    store = await new_store(tmp_path)
    await store.write(
        lambda tx: tx.execute("INSERT INTO server (name, value) VALUES ('a', $1)", bytes(99_999))
    )
    left = tmp_path / "left"
    left.mkdir()
    for name in ("roost.db", "roost.db-wal"):
        (left / name).write_bytes((tmp_path / name).read_bytes())
    again = await new_store(left)
    assert await again.read(lambda tx: tx.value("SELECT length(value) FROM server")) == 99_999
    await again.close()
    await store.close()
