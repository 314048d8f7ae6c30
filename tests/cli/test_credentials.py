"""roost password, apppassword, logins: what they print, as text and as JSON, and their status."""

import json
import re
from collections.abc import Callable

import pytest
from click.testing import Result

Roost = Callable[..., Result]
SECRET = r"(?:[a-z2-7]{4}-){6}[a-z2-7]{4}"


@pytest.fixture
def filled(roost: Roost) -> Roost:
    """With domain example.org and account anna."""
    assert roost("domain", "add", "example.org").exit_code == 0
    assert roost("account", "add", "anna", "anna@example.org").exit_code == 0
    return roost


def test_a_password_is_made_and_printed_once(filled: Roost) -> None:
    result = filled("password", "anna", "--generate")
    assert re.fullmatch(f"password of account anna set, shown this once: {SECRET}\n", result.output)
    answer = json.loads(filled("password", "anna", "--generate", "--json").output)
    assert re.fullmatch(SECRET, answer["password"])


def test_a_password_is_given_or_made_but_not_both(filled: Roost) -> None:
    result = filled("password", "anna", "--generate", "--stdin", stdin="correct horse\n")
    assert result.exit_code == 1
    assert "exclude each other" in result.stderr


def test_a_weak_password_is_refused_with_the_reason(filled: Roost) -> None:
    for typed, reason in (
        ("password1", "everybody tries first"),
        ("anna@example.org", "name or address"),
    ):
        result = filled("password", "anna", "--stdin", stdin=f"{typed}\n")
        assert result.exit_code == 1
        assert reason in result.stderr


def test_app_passwords_from_beginning_to_end(filled: Roost) -> None:
    assert filled("apppassword", "list", "anna").output == "no app passwords\n"
    words = (
        "apppassword",
        "add",
        "anna@example.org",
        "phone",
        "--protocol",
        "imap",
        "--protocol",
        "smtp",
    )
    made = filled(*words, "--expires-in", "90d")
    found = re.fullmatch(
        f"app password (\\d+) of account anna, shown this once: ({SECRET})\n", made.output
    )
    assert found
    listed = filled("apppassword", "list", "anna").output
    assert listed == (
        f"{found[1]}  phone  imap smtp  made 2026-01-02T03:04:05+00:00"
        "  until 2026-04-02T03:04:05+00:00  never used\n"
    )
    assert found[2] not in listed
    assert (
        len(json.loads(filled("apppassword", "list", "anna", "--json").output)["app_passwords"])
        == 1
    )
    removed = filled("apppassword", "remove", "anna", found[1])
    assert removed.output == f"app password {found[1]} removed\n"
    again = filled("apppassword", "remove", "anna", found[1])
    assert again.exit_code == 1
    assert "see `roost apppassword list anna`" in again.stderr


def test_rm_does_what_remove_does(filled: Roost) -> None:
    made = json.loads(filled("apppassword", "add", "anna", "phone", "--json").output)
    number = str(made["app_password"]["number"])
    assert filled("apppassword", "rm", "anna", number).output == f"app password {number} removed\n"
    assert filled("apppassword", "list", "anna").output == "no app passwords\n"


def test_an_app_password_is_good_for_ever_and_all_unless_told(filled: Roost) -> None:
    filled("apppassword", "add", "anna", "phone", "--reason", "new phone")
    assert "  all  " in filled("apppassword", "list", "anna").output
    assert "for ever" in filled("apppassword", "list", "anna").output
    assert (
        ": new phone\n    added credential anna app-password" in filled("revision", "list").output
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["apppassword", "add", "bob", "phone"], "there is no account bob"),
        (["apppassword", "add", "anna", " "], "its label has to be a line"),
        (["apppassword", "add", "anna", "phone", "--protocol", "gopher"], "'gopher' is not one of"),
        (
            ["apppassword", "add", "anna", "phone", "--expires-in", "soon"],
            "a duration is a whole number",
        ),
        (["apppassword", "list", "bob"], "there is no account bob"),
        (["logins", "bob"], "there is no account bob"),
        (["logins", "--outcome", "fine"], "it has to be one of ok, unknown, wrong_password"),
        (["logins", "--protocol", "gopher"], "'gopher' is not one of"),
    ],
    ids=lambda value: " ".join(value[:4]) if isinstance(value, list) else "",
)
def test_says_no_in_a_line(filled: Roost, words: list[str], said: str) -> None:
    result = filled(*words)
    assert result.exit_code in (1, 2)
    assert said in result.stderr
    assert result.stdout == ""


def test_nobody_signed_in_yet(filled: Roost) -> None:
    assert filled("logins").output == "no logins\n"
    assert (
        filled("logins", "anna", "--failed", "--protocol", "imap", "--all").output == "no logins\n"
    )
    assert json.loads(filled("logins", "--json").output) == {"logins": []}
