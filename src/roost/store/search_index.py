"""The search index: a file of its own, that anyone may delete.

Per message the folded text of its header and of its body, for substrings, and an FTS5 index of its
words, for words and prefixes. Words come in split and folded (`proto.mime.text`), so the index
parts them at spaces only. Keys are those of `email`: account * 2^32 + email. The methods block:
call them in a thread.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import apsw

from roost.store.connection import translate
from roost.store.sql_lists import chunks, listed

_VERSION = 1
_APPLICATION_ID = 0x726F6F73
_ACCOUNT_SHIFT = 32
_BUSY_MILLISECONDS = 5_000

# Every printable ASCII character that is no letter or digit, as part of a word; quotes doubled.
_TOKEN_CHARACTERS = (
    "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum())
    .replace("'", "''''")
    .replace('"', '""')
)

_SCHEMA = (
    "CREATE TABLE text (key INTEGER PRIMARY KEY, header BLOB NOT NULL, body BLOB NOT NULL)",
    "CREATE TABLE progress (account_id INTEGER PRIMARY KEY, email_id INTEGER NOT NULL)",
    "CREATE VIRTUAL TABLE word USING fts5(words, content='', contentless_delete=1, detail=none,"
    f""" prefix='2 3', tokenize="ascii tokenchars '{_TOKEN_CHARACTERS}'")""",
    f"PRAGMA application_id={_APPLICATION_ID}",
    f"PRAGMA user_version={_VERSION}",
)


class IndexedText(NamedTuple):
    """What is searched of a message, folded. words: of both, repeated ones too."""

    header: str
    body: str
    words: Sequence[str]


class SearchIndex:
    """The file and its connections: one that writes, and as many readers as there are callers.

    What writes raises StoreFull, StoreFailed.
    """

    def __init__(self, path: Path) -> None:
        """Open the file; one that is damaged, foreign or of another version is made anew."""
        self._path = path
        self._lock = threading.Lock()
        self._readers: list[apsw.Connection] = []
        self._writer = _open_or_make(path)

    def close(self) -> None:
        """Close every connection; nobody may be searching."""
        with self._lock:
            for connection in (*self._readers, self._writer):
                connection.close()
            self._readers.clear()

    def progress(self, account: int) -> int:
        """The highest email of the account that is indexed; all below it are too."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT email_id FROM progress WHERE account_id = ?", (account,)
            ).fetchone()
        return int(row[0]) if row else 0

    def add(self, account: int, texts: Iterable[tuple[int, IndexedText]], reached: int) -> None:
        """Index messages (email id and text) of an account, and remember how far this is."""
        first = account << _ACCOUNT_SHIFT
        rows = [(first + email, text) for email, text in texts]
        with self._writing() as connection:
            connection.executemany(
                "REPLACE INTO text (key, header, body) VALUES (?, ?, ?)",
                [(key, _octets(text.header), _octets(text.body)) for key, text in rows],
            )
            connection.executemany("DELETE FROM word WHERE rowid = ?", [(key,) for key, _ in rows])
            connection.executemany(
                "INSERT INTO word (rowid, words) VALUES (?, ?)",
                [(key, " ".join(text.words)) for key, text in rows],
            )
            connection.execute("REPLACE INTO progress VALUES (?, ?)", (account, reached))

    def keys(self, after: int, limit: int) -> list[int]:
        """Keys of indexed messages above `after`, ascending, at most `limit`."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT key FROM text WHERE key > ? ORDER BY key LIMIT ?", (after, limit)
            ).fetchall()
        return [_number(row[0]) for row in rows]

    def remove(self, keys: Iterable[int]) -> None:
        """Forget messages; those that are not there do no harm."""
        rows = [(key,) for key in keys]
        with self._writing() as connection:
            connection.executemany("DELETE FROM text WHERE key = ?", rows)
            connection.executemany("DELETE FROM word WHERE rowid = ?", rows)

    def remove_account(self, account: int) -> None:
        """Forget an account, so that it is indexed from the start if it is there."""
        first, last = account << _ACCOUNT_SHIFT, (account + 1) << _ACCOUNT_SHIFT
        with self._writing() as connection:
            connection.execute(
                "DELETE FROM word WHERE rowid IN (SELECT key FROM text WHERE key >= ? AND key < ?)",
                (first, last),
            )
            connection.execute("DELETE FROM text WHERE key >= ? AND key < ?", (first, last))
            connection.execute("DELETE FROM progress WHERE account_id = ?", (account,))

    def matching(
        self, account: int, words: Collection[str], prefixes: Collection[str] = ()
    ) -> list[int]:
        """Indexed emails that have all these words and a word with each of these prefixes.

        Ascending. No word and no prefix is no condition, and gives nothing.
        """
        asked = [_quote(word) for word in words] + [f"{_quote(one)}*" for one in prefixes]
        if not asked:
            return []
        first = account << _ACCOUNT_SHIFT
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT rowid FROM word WHERE word MATCH ? AND rowid >= ? AND rowid < ?"
                " ORDER BY rowid",
                (" AND ".join(asked), first, (account + 1) << _ACCOUNT_SHIFT),
            ).fetchall()
        return [_number(row[0]) - first for row in rows]

    def containing(
        self, account: int, emails: Sequence[int], needle: str, *, body_only: bool = False
    ) -> list[int]:
        """Those of these emails whose indexed text has the folded `needle` anywhere; ascending."""
        first = account << _ACCOUNT_SHIFT
        test = "instr(body, ${0}) > 0" + ("" if body_only else " OR instr(header, ${0}) > 0")
        found: list[int] = []
        with self._reading() as connection:
            for some in chunks(sorted(emails)):
                places, keys = listed(1, [first + email for email in some])
                found += (
                    _number(row[0]) - first
                    for row in connection.execute(
                        f"SELECT key FROM text WHERE key IN ({places})"  # noqa: S608
                        f" AND ({test.format(len(keys) + 1)}) ORDER BY key",
                        (*keys, _octets(needle)),
                    )
                )
        return found

    @contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        connection = self._writer
        with self._lock:
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                if connection.in_transaction:  # a full disk may have ended it
                    connection.execute("ROLLBACK")
                raise translate(error) from error

    @contextmanager
    def _reading(self) -> Iterator[apsw.Connection]:
        with self._lock:
            connection = self._readers.pop() if self._readers else None
        connection = connection or _connect(self._path)
        try:
            yield connection
        finally:
            with self._lock:
                self._readers.append(connection)


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _quote(word: str) -> str:
    """A word as a string of FTS5's query language."""
    return '"' + word.replace('"', '""') + '"'


def _open_or_make(path: Path) -> apsw.Connection:
    """The file is a cache: whatever is wrong with it, a new one does."""
    for attempt in (_open, _make):
        try:
            return attempt(path)
        except (apsw.NotADBError, apsw.CorruptError, _OtherVersion):
            for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
                path.with_name(name).unlink(missing_ok=True)
    return _make(path)


class _OtherVersion(Exception):
    """The file is of another version, foreign or empty."""


def _open(path: Path) -> apsw.Connection:
    connection = _connect(path)
    try:
        found = [
            connection.execute(f"PRAGMA {name}").fetchone()
            for name in ("application_id", "user_version")
        ]
        if found != [(_APPLICATION_ID,), (_VERSION,)]:
            raise _OtherVersion
    except BaseException:
        connection.close()
        raise
    return connection


def _make(path: Path) -> apsw.Connection:
    connection = _connect(path)
    with connection:
        for statement in _SCHEMA:
            connection.execute(statement)
    return connection


def _connect(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    for pragma in (
        f"busy_timeout={_BUSY_MILLISECONDS}",
        "auto_vacuum=INCREMENTAL",
        "journal_mode=WAL",
        "synchronous=NORMAL",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


Extract = Callable[[bytes], IndexedText]
