"""Mail programs and their SASL libraries, each with the mechanisms it knows, against a real server.

The log of the server tells which mechanism it was.
"""

import imaplib
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from roost.testing.mail_account import MailAccount
from roost.testing.programs import Terminal, run, until

scramp = pytest.importorskip("scramp", reason="scramp is not installed")

LETTER = "From: <{sender}>\nSubject: signed in\n\nhello\n"
TLS_1_2 = "NORMAL:-VERS-TLS1.3"


class Logins:
    """What the server's log says of logins from now on."""

    def __init__(self, account: MailAccount) -> None:
        self._server = account.server
        self._seen = len(self._server.log())

    def said(self) -> list[str]:
        """The mechanisms of those that did well."""
        lines = self._server.log()[self._seen :].splitlines()
        done = [line for line in lines if " event=login_done " in line]
        return [re.findall(r" mechanism=(\S+)", line)[0] for line in done]


@pytest.fixture
def logins(account: MailAccount) -> Logins:
    return Logins(account)


def need_cyrus_plugin(name: str) -> None:
    """The plug-ins of Cyrus SASL, which programs load by themselves; libsasl2-modules has them."""
    if not any(Path("/usr/lib").glob(f"*/sasl2/lib{name}.so")):
        pytest.skip(f"the plug-in {name} of Cyrus SASL is not installed")


@pytest.mark.external("curl")
@pytest.mark.parametrize("name", ["PLAIN", "CRAM-MD5"])
def test_curl_reads(account: MailAccount, logins: Logins, name: str) -> None:
    run("curl", "-s", "--cacert", str(account.certificate), "--login-options", f"AUTH={name}",
        "--user", f"{account.address}:{account.password}",
        f"imaps://localhost:{account.server.ports['imaps']}/", "-X", "NOOP")  # fmt: skip
    assert logins.said() == [name]


@pytest.mark.external("curl")
@pytest.mark.parametrize("name", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_curl_sends(account: MailAccount, logins: Logins, name: str) -> None:
    run("curl", "-s", "--cacert", str(account.certificate), "--login-options", f"AUTH={name}",
        "--user", f"{account.address}:{account.password}", "--mail-from", account.address,
        "--mail-rcpt", "x@y.test", f"smtps://localhost:{account.server.ports['submissions']}",
        "-T", "-", stdin=LETTER.format(sender=account.address).encode())  # fmt: skip
    assert logins.said() == [name]


@pytest.mark.external("swaks")
@pytest.mark.parametrize("name", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_swaks(account: MailAccount, logins: Logins, name: str) -> None:
    run("swaks", "--server", f"127.0.0.1:{account.server.ports['submission']}", "--tls",
        "--to", "x@y.test", "--from", account.address, "--auth", name, "--auth-user",
        account.address, "--auth-password", account.password, "--quit-after", "AUTH",
        "--silent")  # fmt: skip
    assert logins.said() == [name]


@pytest.mark.external("msmtp")
@pytest.mark.parametrize("name", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_msmtp(account: MailAccount, logins: Logins, tmp_path: Path, name: str) -> None:
    config = tmp_path / "msmtprc"
    config.write_text(
        f"account default\nhost localhost\nport {account.server.ports['submissions']}\n"
        f'auth {name.lower()}\nuser {account.address}\npassword "{account.password}"\n'
        f"tls on\ntls_starttls off\ntls_trust_file {account.certificate}\nfrom {account.address}\n"
    )
    config.chmod(0o600)
    letter = LETTER.format(sender=account.address).encode()
    run("msmtp", "-C", str(config), "x@y.test", stdin=letter)
    assert logins.said() == [name]


MBSYNC = """\
IMAPAccount roost
Host localhost
Port {port}
User {user}
Pass "{password}"
SSLType IMAPS
CertificateFile {certificate}
AuthMechs {name}

IMAPStore far
Account roost

MaildirStore near
Path {folder}/
Inbox {folder}/INBOX

Channel all
Far :far:
Near :near:
Patterns INBOX
Create Near
SyncState *
"""


@pytest.mark.external("mbsync")
@pytest.mark.parametrize(
    ("name", "plugin"),
    [
        ("PLAIN", "plain"),
        ("CRAM-MD5", "crammd5"),
        ("SCRAM-SHA-1", "scram"),
        ("SCRAM-SHA-256", "scram"),
    ],
)
def test_mbsync_with_cyrus_sasl(
    account: MailAccount, logins: Logins, tmp_path: Path, name: str, plugin: str
) -> None:
    need_cyrus_plugin(plugin)
    config = tmp_path / "mbsyncrc"
    config.write_text(
        MBSYNC.format(
            port=account.server.ports["imaps"],
            user=account.address,
            password=account.password,
            certificate=account.certificate,
            folder=tmp_path,
            name=name,
        )
    )
    run("mbsync", "-c", str(config), "all")
    assert logins.said() == [name]


@pytest.mark.external("mutt", "tmux")
@pytest.mark.parametrize("name", ["PLAIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_mutt_with_gnu_sasl(
    account: MailAccount, logins: Logins, tmp_path: Path, name: str
) -> None:
    (tmp_path / "muttrc").write_text(
        f'set folder="imaps://localhost:{account.server.ports["imaps"]}/" spoolfile="+INBOX"\n'
        f'set imap_user="{account.address}" imap_pass="{account.password}"\n'
        f'set certificate_file="{account.certificate}" ssl_verify_host=no\n'
        f'set imap_authenticators="{name.lower()}"\n'
    )
    with Terminal(tmp_path, f"mutt -n -F {tmp_path / 'muttrc'}") as terminal:
        terminal.wait_for("Msgs:0")
        until(logins.said, terminal.screen)
    assert logins.said() == [name]


@pytest.mark.external("gsasl")
@pytest.mark.parametrize("priority", ["NORMAL", TLS_1_2], ids=["tls-exporter", "tls-unique"])
@pytest.mark.parametrize("name", ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "PLAIN", "CRAM-MD5"])
def test_gsasl(account: MailAccount, logins: Logins, name: str, priority: str) -> None:
    """GNU SASL binds to tls-exporter on TLS 1.3 and to tls-unique below."""
    done = run("gsasl", "--imap", "--starttls", "--x509-ca-file", str(account.certificate),
        "--priority", priority, "-m", name, "-a", account.address, "-p", account.password,
        "localhost", str(account.server.ports["imap"]))  # fmt: skip
    if name.startswith("SCRAM"):
        assert b"server trusted" in done.stdout + done.stderr
    assert logins.said() == [name]


@pytest.mark.external("gsasl")
@pytest.mark.parametrize("name", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_gsasl_without_a_binding(account: MailAccount, logins: Logins, name: str) -> None:
    run("gsasl", "--imap", "--starttls", "--no-cb", "--x509-ca-file", str(account.certificate),
        "-m", name, "-a", account.address, "-p", account.password,
        "localhost", str(account.server.ports["imap"]))  # fmt: skip
    assert logins.said() == [name]


# scramp knows neither sockets nor base64: the standard library's clients carry it, on TLS 1.2, where
# the standard library can tell what to bind to.
Say = Callable[[bytes], str]


@contextmanager
def scramp_says(name: str, account: MailAccount, tls: ssl.SSLSocket) -> Iterator[Say]:
    """What scramp answers to each challenge; it raises when the server proves nothing."""
    bound = ("tls-unique", tls.get_channel_binding("tls-unique"))
    client = scramp.ScramClient(
        [name],
        account.address,
        account.password,
        channel_binding=bound if name.endswith("-PLUS") else None,
    )
    left = ["first", "final", "last"]

    def answer(challenge: bytes) -> str:
        step = left.pop(0)
        if step == "first":
            return str(client.get_client_first())
        if step == "final":
            client.set_server_first(challenge.decode())
            return str(client.get_client_final())
        client.set_server_final(challenge.decode())
        return ""

    yield answer
    assert left == [], "the server has proved that it knows the password"


def tls_1_2(account: MailAccount) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(account.certificate))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


SCRAMS = pytest.mark.parametrize(
    "name", ["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]
)


@SCRAMS
def test_scramp_reads(account: MailAccount, logins: Logins, name: str) -> None:
    port = account.server.ports["imaps"]
    with imaplib.IMAP4_SSL("localhost", port, ssl_context=tls_1_2(account)) as client:
        assert isinstance(client.sock, ssl.SSLSocket)
        with scramp_says(name, account, client.sock) as say:
            client.authenticate(name, lambda challenge: say(challenge).encode())
        assert client.select()[0] == "OK"
    assert logins.said() == [name]


@SCRAMS
def test_scramp_sends(account: MailAccount, logins: Logins, name: str) -> None:
    port = account.server.ports["submissions"]
    with smtplib.SMTP_SSL("localhost", port, context=tls_1_2(account)) as client:
        client.ehlo()
        assert isinstance(client.sock, ssl.SSLSocket)
        with scramp_says(name, account, client.sock) as say:
            client.auth(name, lambda challenge=b"": say(challenge), initial_response_ok=True)
        client.sendmail(account.address, ["x@y.test"], LETTER.format(sender=account.address))
    assert logins.said() == [name]
