"""fetchmail: mail taken from the server into a program of this machine, once."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from roost.testing.mail_account import MailAccount
from roost.testing.odd_messages import ODD_MESSAGES
from roost.testing.programs import run, until

pytestmark = pytest.mark.external("fetchmail")

CONFIG = """\
set no bouncemail
poll localhost service {port} protocol imap timeout 120 {options}
  username "{user}" password "{password}"
  {tls} sslcertck sslcertfile "{certificate}"
  no rewrite pass8bits
  mda "{mda}"
"""
NOTHING_NEW = 1
# fetchmail ends the last line of a message, and breaks one of over 8,190 octets with octets of its own.
UNALTERED = {
    subject: octets
    for subject, octets in ODD_MESSAGES.items()
    if subject not in ("no end", "long line")
}


class Fetchmail:
    """fetchmail with a home of its own, which hands each message to a file."""

    def __init__(
        self, folder: Path, account: MailAccount, tls: str = "imaps", options: str = ""
    ) -> None:
        self.folder = folder / "got"
        self.folder.mkdir()
        config = folder / "fetchmailrc"
        config.write_text(
            CONFIG.format(
                port=account.server.ports[tls],
                options=options,
                user=account.address,
                password=account.password,
                tls="ssl" if tls == "imaps" else "sslproto tls1.2+",
                certificate=account.certificate,
                mda=f"cat > $(mktemp {self.folder}/XXXXXXXX)",
            )
        )
        config.chmod(0o600)
        self._config = str(config)
        self.env = {**os.environ, "FETCHMAILHOME": str(folder), "FETCHMAILUSER": "me"}

    def __call__(self, *options: str, status: int = 0) -> bytes:
        done = run("fetchmail", "-f", self._config, *options, env=self.env, status=(status,))
        return done.stdout + done.stderr

    def command(self, *options: str) -> tuple[str, ...]:
        return ("fetchmail", "-f", self._config, *options)

    def got(self) -> list[bytes]:
        return sorted(path.read_bytes() for path in self.folder.iterdir())


def as_handed_over(octets: bytes) -> bytes:
    return octets.replace(b"\r\n", b"\n")


@pytest.mark.parametrize("tls", ["imaps", "imap"], ids=["TLS", "STARTTLS"])
def test_each_message_is_taken_once_and_as_it_is(
    account: MailAccount, tmp_path: Path, tls: str
) -> None:
    for octets in UNALTERED.values():
        account.append(octets)
    fetchmail = Fetchmail(tmp_path, account, tls)
    fetchmail("--invisible")
    assert fetchmail.got() == sorted(map(as_handed_over, UNALTERED.values()))
    assert account.kept() == []
    fetchmail(status=NOTHING_NEW)
    assert len(fetchmail.got()) == len(UNALTERED)


def test_keep_marks_as_seen_and_takes_only_what_is_new(
    account: MailAccount, tmp_path: Path
) -> None:
    account.append(ODD_MESSAGES["eight bits"])
    account.append(ODD_MESSAGES["large"], flags="\\Seen")
    fetchmail = Fetchmail(tmp_path, account)
    fetchmail("--keep", "--invisible")
    assert fetchmail.got() == [as_handed_over(ODD_MESSAGES["eight bits"])]
    assert [(one.octets, one.flags) for one in account.kept()] == [
        (ODD_MESSAGES["eight bits"], {"\\Seen"}),
        (ODD_MESSAGES["large"], {"\\Seen"}),
    ]
    fetchmail("--keep", status=NOTHING_NEW)
    fetchmail("--keep", "--all", "--folder", "INBOX,Archive")
    assert len(fetchmail.got()) == 3


def test_one_that_idles_takes_what_comes(account: MailAccount, tmp_path: Path) -> None:
    """It polls once only, so whatever came later was told of in IDLE."""
    fetchmail = Fetchmail(tmp_path, account)
    idling = subprocess.Popen(
        fetchmail.command("--idle", "--invisible"),
        env=fetchmail.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def taken() -> list[bytes]:
        return sorted(re.findall(rb"came \d", b"".join(fetchmail.got())))

    try:
        for number in (1, 2, 3):
            account.append(b"Subject: came %d\r\nFrom: a@b.test\r\n\r\nbody\r\n" % number)
            wanted = [b"came %d" % one for one in range(1, number + 1)]
            until(lambda wanted=wanted: taken() == wanted, taken)  # type: ignore[misc]
    finally:
        idling.terminate()
        idling.wait()
