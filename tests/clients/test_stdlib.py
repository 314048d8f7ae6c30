"""smtplib and imaplib against a real server."""

import imaplib
import smtplib
import ssl
from collections.abc import Iterator

import pytest

from roost.testing.process import ACCOUNT, PASSWORD, LocalServe


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def message(subject: str) -> bytes:
    return (
        f"From: <anna@sender.test>\r\nTo: <ben@anywhere.test>\r\nSubject: {subject}\r\n\r\n"
        "..one dot more\r\nlast line\r\n"
    ).encode()


@pytest.fixture
def box(server: LocalServe) -> Iterator[imaplib.IMAP4]:
    client = imaplib.IMAP4_SSL("127.0.0.1", server.ports["imaps"], ssl_context=trusting())
    client.login(ACCOUNT, PASSWORD)
    client.select("INBOX")
    yield client
    client.logout()


def fetched(box: imaplib.IMAP4, subject: str) -> bytes:
    """The octets of the one message with that subject, without the trace fields in front."""
    box.noop()
    _, found = box.search(None, "SUBJECT", f'"{subject}"')
    numbers = found[0].split()
    assert len(numbers) == 1
    _, data = box.fetch(numbers[0].decode(), "(BODY.PEEK[])")
    assert isinstance(data[0], tuple)
    return bytes(data[0][1])


def test_plain_smtp(server: LocalServe, box: imaplib.IMAP4) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("anna@sender.test", ["ben@anywhere.test"], message("plain smtp"))
    got = fetched(box, "plain smtp")
    assert got.endswith(message("plain smtp"))
    trace = got.removesuffix(message("plain smtp")).decode()
    assert trace.startswith(
        "Return-Path: <anna@sender.test>\r\nDelivered-To: ben@anywhere.test\r\n"
    )


def test_starttls_and_login(server: LocalServe, box: imaplib.IMAP4) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as client:
        client.starttls(context=trusting())
        client.login(ACCOUNT, PASSWORD)
        client.sendmail(ACCOUNT, ["carl@anywhere.test"], message("starttls and login"))
    deadline = 50
    while deadline and not box.search(None, "SUBJECT", '"starttls and login"')[1][0]:
        box.noop()
        deadline -= 1
    assert b"last line" in fetched(box, "starttls and login")


def test_submission_wants_a_password(server: LocalServe) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as client:
        client.starttls(context=trusting())
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            client.login(ACCOUNT, "wrongwrong")
        assert refused.value.smtp_code == 535
        with pytest.raises(smtplib.SMTPSenderRefused) as unknown:
            client.sendmail(ACCOUNT, ["carl@anywhere.test"], message("no"))
        assert unknown.value.smtp_code == 530


def test_flags_move_and_expunge(server: LocalServe, box: imaplib.IMAP4) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("a@b.test", ["c@d.test"], message("to be moved"))
    box.noop()
    number = box.search(None, "SUBJECT", '"to be moved"')[1][0].decode()
    box.store(number, "+FLAGS", "(\\Flagged keep)")
    assert box.search(None, "KEYWORD", "keep", "FLAGGED")[1][0].decode() == number
    assert box.copy(number, "Archive")[0] == "OK"
    box.store(number, "+FLAGS", "(\\Deleted)")
    box.expunge()
    assert box.search(None, "SUBJECT", '"to be moved"')[1][0] == b""
    box.select("Archive")
    assert box.search(None, "SUBJECT", '"to be moved"', "FLAGGED")[1][0]


def test_append_is_byte_exact(box: imaplib.IMAP4) -> None:
    octets = (
        b"Subject: appended\r\n\r\n"
        + bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"")
        + b"\r\n"
    )
    assert box.append("Drafts", "(\\Draft)", imaplib.Time2Internaldate(0), octets)[0] == "OK"
    box.select("Drafts")
    assert fetched(box, "appended") == octets
