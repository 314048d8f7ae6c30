"""mutt on a terminal: reading, flagging, saving elsewhere, deleting, and news while it is open."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from roost.testing.mail_account import MailAccount
from roost.testing.odd_messages import ODD_MESSAGES
from roost.testing.programs import Terminal, until

pytestmark = pytest.mark.external("mutt", "tmux")

CONFIG = """\
set folder="imaps://localhost:{port}/"
set spoolfile="+INBOX" record="+Sent" postponed="+Drafts"
set imap_user="{user}" imap_pass="{password}" imap_idle=yes imap_condstore={fast} imap_qresync={fast}
set certificate_file="{certificate}" ssl_verify_host=no header_cache="{cache}"
set sort=date-received mail_check=1 timeout=1 confirmappend=no confirmcreate=no delete=yes
set quit=yes move=no mark_old=no
"""


def config(folder: Path, account: MailAccount, *, fast: bool) -> str:
    """The command of mutt. fast: whether it keeps what it knows, and asks by CONDSTORE and QRESYNC."""
    (folder / "muttrc").write_text(
        CONFIG.format(
            port=account.server.ports["imaps"],
            user=account.address,
            password=account.password,
            certificate=account.certificate,
            cache=folder / "cache",
            fast="yes" if fast else "no",
        )
    )
    return shlex.join(("mutt", "-n", "-F", str(folder / "muttrc")))


@pytest.fixture(params=[False, True], ids=["plain", "CONDSTORE and QRESYNC"])
def mutt(
    account: MailAccount, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Terminal]:
    for octets in ODD_MESSAGES.values():
        account.append(octets)
    with Terminal(tmp_path, config(tmp_path, account, fast=request.param)) as terminal:
        terminal.wait_for("two parts", "Msgs:8")
        yield terminal


def at(mutt: Terminal, number: int) -> None:
    """Go to a message."""
    mutt.write(str(number))
    mutt.keys("Enter")


def answer(mutt: Terminal, question: str, text: str) -> None:
    """Answer a question with this instead of what is proposed."""
    mutt.wait_for(question)
    mutt.keys("C-u")
    mutt.write(text)
    mutt.keys("Enter")


def test_read_flag_save_delete_and_leave(
    account: MailAccount, mutt: Terminal, tmp_path: Path
) -> None:
    at(mutt, 2)
    mutt.keys("Enter")
    mutt.wait_for("From here on", ">From there")
    mutt.keys("q")
    mutt.wait_for("Msgs:8")
    at(mutt, 3)
    mutt.keys("F")
    at(mutt, 5)
    mutt.keys("d")
    at(mutt, 6)
    mutt.keys("s")
    answer(mutt, "Save to mailbox", "=Archive")
    mutt.wait_for("Del:2")
    mutt.keys("q")
    mutt.wait_for_end()
    kept = {one.subject: one for one in account.kept()}
    wanted = {s: o for s, o in ODD_MESSAGES.items() if s not in ("empty body", "long line")}
    assert {subject: one.octets for subject, one in kept.items()} == wanted
    assert kept["folded fields"].flags == {"\\Flagged"}
    assert kept["from lines"].flags == {"\\Seen"}
    [archived] = account.kept("Archive")
    assert archived.octets == ODD_MESSAGES["long line"]


def test_news_come_while_it_is_open(account: MailAccount, mutt: Terminal) -> None:
    account.deliver(b"From: a@b.test\r\nSubject: just delivered\r\n\r\nbody\r\n")
    mutt.wait_for("just delivered", "Msgs:9")
    first = account.kept()[0].uid
    account.expunge(first)
    mutt.wait_for("Msgs:8")
    assert "eight bits" not in mutt.screen()
    account.flag(account.kept()[0].uid, "+FLAGS (\\Flagged)")
    mutt.wait_for("Flag:1")


def test_what_it_keeps_is_right_at_the_second_start(
    account: MailAccount, mutt: Terminal, tmp_path: Path
) -> None:
    mutt.keys("q")
    mutt.wait_for_end()
    uids = [one.uid for one in account.kept()]
    account.expunge(uids[0])
    account.flag(uids[1], "+FLAGS (\\Flagged)")
    account.append(b"From: a@b.test\r\nSubject: behind its back\r\n\r\nbody\r\n")
    (tmp_path / "again").mkdir()
    with Terminal(tmp_path / "again", config(tmp_path, account, fast=True)) as again:
        again.wait_for("behind its back", "Msgs:8", "Flag:1")
        assert "eight bits" not in again.screen()


def test_search_on_the_server(account: MailAccount, mutt: Terminal) -> None:
    mutt.keys("l")
    answer(mutt, "Limit to messages", '=b "the last line"')
    screen = mutt.wait_for("no end", "Msgs:1/8")
    assert "folded fields" not in screen


def test_a_copy_and_a_new_mailbox(account: MailAccount, mutt: Terminal) -> None:
    mutt.keys("C")
    answer(mutt, "Copy to mailbox", "=made/in-mutt")
    until(lambda: "made/in-mutt" in account.mailboxes(), mutt.screen)
    until(lambda: account.kept("made/in-mutt"), mutt.screen)
    [copy] = account.kept("made/in-mutt")
    assert copy.octets in ODD_MESSAGES.values()
    assert len(account.kept()) == len(ODD_MESSAGES)
