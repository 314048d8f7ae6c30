"""alpine on a terminal: reading, flagging, saving elsewhere, deleting and expunging."""

import shlex
from pathlib import Path

import pytest

from roost.testing.mail_account import MailAccount
from roost.testing.odd_messages import ODD_MESSAGES
from roost.testing.programs import Terminal, until

pytestmark = pytest.mark.external("alpine", "tmux")

# Its TLS takes certificates of the machine's own store only, so this one is not checked.
CONFIG = """\
inbox-path={server}INBOX
folder-collections=roost {server}[]
last-version-used=6.26
feature-list=quit-without-confirm,enable-flag-cmd,disable-keyboard-lock-cmd
user-domain=clients.test
personal-name=me
"""


def command(folder: Path, account: MailAccount) -> str:
    """alpine with a home of its own, at the list of messages."""
    port = account.server.ports["imaps"]
    server = f"{{localhost:{port}/ssl/novalidate-cert/user={account.address}}}"
    (folder / "pinerc").write_text(CONFIG.format(server=server))
    (folder / "mail").mkdir()
    return shlex.join(("env", f"HOME={folder}", "alpine", "-p", str(folder / "pinerc"), "-i"))


def open_inbox(alpine: Terminal, account: MailAccount) -> None:
    alpine.wait_for("ENTER PASSWORD")
    alpine.write(account.password)
    alpine.keys("Enter")
    until(lambda: "password" not in alpine.screen().lower() or "Preserve" in alpine.screen())
    if "Preserve" in alpine.screen():
        alpine.keys("n")


def go_to(alpine: Terminal, number: int) -> None:
    alpine.keys("j")
    alpine.wait_for("Message number to jump to")
    alpine.write(str(number))
    alpine.keys("Enter")
    alpine.wait_for(f"Message {number} of")


def test_read_flag_save_and_expunge(account: MailAccount, tmp_path: Path) -> None:
    for octets in ODD_MESSAGES.values():
        account.append(octets)
    with Terminal(tmp_path, command(tmp_path, account)) as alpine:
        open_inbox(alpine, account)
        alpine.wait_for("two parts", "of 8")
        go_to(alpine, 2)
        alpine.keys("Enter")
        alpine.wait_for("From here on", ">From there")
        alpine.keys("<")
        alpine.wait_for("two parts")
        go_to(alpine, 4)
        alpine.keys("d")
        go_to(alpine, 6)
        alpine.keys("s")
        alpine.wait_for("SAVE Msg #6 to folder")
        alpine.write("Archive")
        alpine.keys("Enter")
        until(lambda: account.kept("Archive"), alpine.screen)
        account.append(b"From: a@b.test\r\nSubject: came meanwhile\r\n\r\nbody\r\n")
        alpine.keys("C-l")  # looks for news at once, not after its fifteen seconds
        alpine.wait_for("came meanwhile", "of 9")
        alpine.keys("x")
        alpine.wait_for("Expunge")
        alpine.keys("y")
        alpine.wait_for("of 7")
        alpine.keys("q")
        alpine.wait_for_end()
    left = {s: o for s, o in ODD_MESSAGES.items() if s not in ("no end", "long line")}
    kept = {one.subject: one for one in account.kept()}
    assert {s: one.octets for s, one in kept.items() if s != "came meanwhile"} == left
    assert kept["from lines"].flags == {"\\Seen"}
    [archived] = account.kept("Archive")
    assert archived.octets == ODD_MESSAGES["long line"]
