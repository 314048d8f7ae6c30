"""Which SQL texts the engine takes: those that mean the same on SQLite and PostgreSQL."""

import re

MAX_KNOWN = 5_000

_TOKEN = re.compile(
    r"""
    '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/
    | \$(?P<number>[0-9]+)
    | (?P<foreign> \? | [:@$][A-Za-z_]\w* )
    | (?P<end> ;\s*\S )
    """,
    re.VERBOSE | re.DOTALL,
)
_OURS_ALONE = re.compile(
    r"\s*(BEGIN|START|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA|ATTACH|DETACH|VACUUM)\b",
    re.IGNORECASE,
)


class StatementRefused(ValueError):
    """The text is no SQL for this engine: a mistake in the program, never in its input."""


def check(sql: str) -> None:
    """Raise StatementRefused unless the engines agree on what `sql` means.

    Placeholders are `$1`, `$2`, `$3` ..., and their first appearances come in that order, since
    SQLite binds by first appearance and ignores the number. One statement; none that begins or
    ends a transaction, which is the engine's business.
    """
    if word := _OURS_ALONE.match(sql):
        raise StatementRefused(f"{word[1]} is the engine's business: {sql}")
    seen = 0
    for token in _TOKEN.finditer(sql):
        if token["foreign"]:
            raise StatementRefused(f"placeholders are $1, $2 ..., not {token['foreign']}: {sql}")
        if token["end"]:
            raise StatementRefused(f"one statement at a time: {sql}")
        if token["number"] is None:
            continue
        number = int(token["number"])
        if not 1 <= number <= seen + 1:
            raise StatementRefused(f"${number} appears before ${seen + 1}: {sql}")
        seen = max(seen, number)


class KnownStatements(set[str]):
    """The texts that passed, so that each is checked once. At most MAX_KNOWN are remembered."""

    def learn(self, sql: str) -> None:
        """Check a text that is not in here yet."""
        check(sql)
        if len(self) >= MAX_KNOWN:
            self.clear()
        self.add(sql)
