"""Every command that speaks to a server: what it prints, as text and as JSON, and its status."""

import json
import re
from collections.abc import Callable

import pytest
from click.testing import Result

from roost.cli.share import parts_of
from roost.testing.admin_api import IDS

Roost = Callable[..., Result]


@pytest.fixture
def filled(roost: Roost) -> Roost:
    """With domain example.org and account anna."""
    assert roost("domain", "add", "example.org").exit_code == 0
    assert roost("account", "add", "anna", "anna@example.org").exit_code == 0
    return roost


@pytest.mark.parametrize(
    ("words", "said", "field"),
    [
        (["status"], "roost 1.2.3, pid 42, since 2026-01-02T03:04:05+00:00\ndata in /data\n  smtp         [::1]:25\nconnections: 2 public.imap\n", "version"),
        (["check"], "no differences\n", "differences"),
        (["check", "--repair"], "no differences\n", "differences"),
        (["stop"], "stopping\n", ""),
        (["cid", IDS.encode(77)], f"connection 77: look for connection={IDS.encode(77)} in the log\n", "number"),
        (["domain", "add", "bücher.example"], "domain bücher.example added\n", "ascii"),
        (["domain", "list"], "example.org\n", "domains"),
        (["account", "add", "Bob", "bob@example.org"], "account bob added; set its password: roost password bob@example.org\n", "addresses"),
        (["account", "list"], "anna  anna@example.org  0 messages, 0 octets\n", "accounts"),
        (["account", "remove", "anna", "--yes"], "account anna removed\n", ""),
        (["address", "add", "info@example.org", "anna"], "address info@example.org added to account anna\n", "account"),
        (["address", "list"], "anna@example.org  anna\n", "addresses"),
        (["revision", "list"], "2  2026-01-02T03:04:05+00:00  admin:root\n    added account anna\n    added address anna@example.org\n1  2026-01-02T03:04:05+00:00  admin:root\n    added domain example.org\n", "revisions"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)  # fmt: skip
@pytest.mark.parametrize("where", ["text", "before", "behind"])
def test_prints_text_for_people_and_json_for_scripts(
    filled: Roost, words: list[str], said: str, field: str, where: str
) -> None:
    if where == "text":
        result = filled(*words)
        actor = re.sub(r"admin:\w+", "admin:root", result.output)
        assert (result.exit_code, actor) == (0, said)
        return
    result = filled("--json", *words) if where == "before" else filled(*words, "--json")
    assert result.exit_code == 0
    answer = json.loads(result.output)
    assert field in answer or not field


def test_an_empty_server_says_so(roost: Roost) -> None:
    assert roost("domain", "list").output == "no domains\n"
    assert roost("account", "list").output == "no accounts\n"
    assert roost("address", "list").output == "no addresses\n"
    assert roost("share", "list").output == "nothing is shared\n"
    assert roost("revision", "list").output == "no revisions\n"


def test_lists_are_whole_however_long_they_are(filled: Roost) -> None:
    for number in range(101):
        assert filled("account", "add", f"n{number}", f"n{number}@example.org").exit_code == 0
    assert len(filled("account", "list").output.splitlines()) == 102
    assert len(json.loads(filled("account", "list", "--json").output)["accounts"]) == 102


def test_an_address_with_spaces_and_slashes_comes_and_goes(filled: Roost) -> None:
    for address in ('"  "@example.org', '"a/b"@example.org', "ü?#@example.org"):
        assert filled("address", "add", address, "anna").exit_code == 0
        assert filled("address", "remove", address).exit_code == 0


def test_a_domain_goes_when_nobody_uses_it(filled: Roost) -> None:
    refused = filled("domain", "remove", "example.org")
    assert refused.exit_code == 1
    assert refused.stderr == (
        "domain example.org still has the addresses anna@example.org: remove them first\n"
    )
    assert refused.stdout == ""
    filled("account", "remove", "anna", "--yes")
    assert filled("domain", "remove", "example.org").output == "domain example.org removed\n"


@pytest.mark.parametrize(("answer", "gone"), [("y\n", True), ("n\n", False), ("", False)])
def test_an_account_is_removed_only_after_a_yes(filled: Roost, answer: str, gone: bool) -> None:
    result = filled("account", "remove", "anna", stdin=answer)
    assert "removes the account with all its mail" in result.output
    assert result.exit_code == (0 if gone else 1)
    assert ("anna" in filled("account", "list").output) is not gone


def test_a_removal_is_undone(filled: Roost) -> None:
    filled("account", "remove", "anna", "--yes")
    undone = filled("revision", "undo", "3", "--reason", "a mistake")
    assert undone.exit_code == 0
    assert ": a mistake\n    added account anna\n" in undone.output
    assert "anna@example.org" in filled("account", "list").output
    assert "no revision 99" in filled("revision", "undo", "99").stderr


@pytest.mark.parametrize(
    ("stdin", "status", "said"),
    [
        ("correct horse\n", 0, "password of account anna set\n"),
        ("correct horse", 0, "password of account anna set\n"),
        ("correct horse\r\n", 0, "password of account anna set\n"),
        ("pässwörter\n", 0, "password of account anna set\n"),
        ("short\n", 1, "choose another password: it has fewer than 8 characters\n"),
        ("", 1, "choose another password: it is empty or has a character that cannot be typed\n"),
        (b"\xff\xfe12345678\n", 1, "the password on standard input is no UTF-8\n"),
    ],
    ids=["line", "no line end", "CRLF", "not ASCII", "short", "nothing", "no UTF-8"],
)
def test_a_password_comes_from_standard_input(
    filled: Roost, stdin: str | bytes, status: int, said: str
) -> None:
    result = filled("password", "anna@example.org", "--stdin", stdin=stdin)
    assert (result.exit_code, result.output) == (status, said)
    assert "horse" not in result.output


def test_a_password_that_is_typed_is_typed_twice_and_not_shown(filled: Roost) -> None:
    result = filled("password", "anna", stdin="correct horse\ncorrect horse\n")
    assert result.exit_code == 0
    assert "horse" not in result.output
    wrong = filled("password", "anna", stdin="correct horse\nwrong horse\n")
    assert wrong.exit_code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["account", "add", "-x", "a@b"], "No such option"),
        (["cid", "short"], "no connection id of this server"),
        (["account", "remove", "bob", "--yes"], "there is no account bob"),
        (["address", "add", "b@example.org", "bob"], "there is no account bob"),
        (["address", "remove", "b"], "not a mail address: it has no @"),
        (["address", "remove", "anna@example.org"], "is the only address of account anna"),
        (["password", "bob", "--stdin"], "there is no account bob"),
        (["revision", "undo", "x"], "not a valid integer"),
        (["frobnicate"], "No such command"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_says_no_in_a_line(filled: Roost, words: list[str], said: str) -> None:
    result = filled(*words, stdin="correct horse\n")
    assert result.exit_code in (1, 2)
    assert said in result.stderr
    assert result.stdout == ""


def test_metrics_are_printed_as_they_are(roost: Roost) -> None:
    assert roost("metrics").output == "# HELP roost_x\n"


@pytest.mark.parametrize(
    ("place", "owner", "mailbox"),
    [
        ("a@b.test", "a@b.test", ""),
        ("a@b.test/Work/2026", "a@b.test", "Work/2026"),
        ("a/b@c.test", "a/b@c.test", ""),
        ("a/b@c.test/Work", "a/b@c.test", "Work"),
        ("info", "info", ""),
        ("info/Work", "info", "Work"),
    ],
)
def test_what_is_shared_is_taken_apart_behind_the_address(
    place: str, owner: str, mailbox: str
) -> None:
    assert parts_of(place) == (owner, mailbox)


@pytest.fixture
def shared(filled: Roost) -> Roost:
    """With account keeper too, all of which anna may read."""
    assert filled("account", "add", "keeper", "keeper@example.org").exit_code == 0
    assert filled("share", "add", "keeper", "anna", "--rights", "read").exit_code == 0
    return filled


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "anna@example.org/INBOX", "keeper@example.org", "--rights", "read"], "anna@example.org/INBOX shared with keeper@example.org: lrs"),
        (["set", "keeper@example.org", "anna", "--rights", "write", "--send-as"], "keeper@example.org shared with anna@example.org: lrswipte, send as"),
        (["list"], "keeper@example.org  anna@example.org  lrs"),
        (["rm", "keeper", "anna"], "keeper no longer shared with anna"),
    ],
    ids=["add", "set", "list", "rm"],
)  # fmt: skip
def test_what_is_said_of_shares(shared: Roost, words: list[str], said: str) -> None:
    result = shared("share", *words)
    assert (result.exit_code, result.output) == (0, said + "\n")
    assert json.loads(shared("share", "list", "--json").output)["shares"] is not None


def test_one_mailbox_of_many_is_no_longer_shared(shared: Roost) -> None:
    filled = shared
    assert filled("share", "add", "keeper/Sent", "anna", "--rights", "none").exit_code == 0
    assert filled("share", "rm", "keeper/Sent", "anna").exit_code == 0
    assert filled("share", "list").output == "keeper@example.org  anna@example.org  lrs\n"
    refused = filled("share", "rm", "keeper/Sent", "anna")
    assert (refused.exit_code, "not shared" in refused.stderr) == (1, True)
