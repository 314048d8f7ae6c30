import pytest

from roost.store.statement import MAX_KNOWN, KnownStatements, StatementRefused, check


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "SELECT a FROM t WHERE b = $1 AND c = $2 AND d = $1",
        "SELECT '$2 ? ;' FROM t WHERE a = $1",
        'SELECT "$2?" FROM t WHERE a = $1 -- ? $7\n AND b = $2',
        "SELECT /* $3 ; ? */ a FROM t WHERE b = $1",
        "SELECT 'it''s ?' FROM t",
        "SELECT 1 ;\n",
        "UPDATE ended SET commit_id = $1",
        "SELECT " + ", ".join(f"${n}" for n in range(1, 13)),
    ],
    ids=["none", "again", "text", "name and comment", "comment", "quote", "end", "words", "twelve"],
)
def test_takes_what_means_the_same_everywhere(sql: str) -> None:
    check(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t WHERE b = $2 AND c = $1",
        "SELECT a FROM t WHERE b = $1 AND c = $3",
        "SELECT a FROM t WHERE b = $0",
        "SELECT a FROM t WHERE b = ?",
        "SELECT a FROM t WHERE b = ?1",
        "SELECT a FROM t WHERE b = :b",
        "SELECT a FROM t WHERE b = @b",
        "SELECT a FROM t WHERE b = $b",
        "DELETE FROM t; DELETE FROM u",
        " commit",
        "Begin immediate",
        "ROLLBACK TO work",
        "PRAGMA synchronous=OFF",
        "VACUUM",
    ],
)
def test_refuses_anything_else(sql: str) -> None:
    with pytest.raises(StatementRefused):
        check(sql)


def test_remembers_a_bounded_number_of_texts() -> None:
    known = KnownStatements()
    for number in range(MAX_KNOWN + 10):
        known.learn(f"SELECT {number}")
    assert len(known) == 10
