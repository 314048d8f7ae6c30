"""An account of a running server, seen through another client than the one that is tested."""

import imaplib
import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roost.testing.process import LocalServe

_ITEM = re.compile(rb"UID (\d+)")


@dataclass(frozen=True)
class Kept:
    """A message as the server holds it. flags: without \\Recent, as they are spelled there."""

    uid: int
    flags: Set[str]
    octets: bytes

    @property
    def subject(self) -> str:
        """What the Subject field says; empty without one."""
        found = re.search(rb"(?mi)^Subject: ([^\r\n]*)", self.octets)
        return found[1].decode(errors="replace") if found else ""


class MailAccount:
    """Looks at an account and puts things into it, over TLS, the certificate checked."""

    def __init__(self, server: LocalServe, address: str, password: str) -> None:
        self.server = server
        self.address = address
        self.password = password

    @property
    def certificate(self) -> Path:
        """The certificate the server made for itself, which is also its own issuer."""
        return self.server.folder / "tls" / "made.pem"

    def deliver(self, octets: bytes, sender: str = "anna@sender.test") -> None:
        """Bring a message from outside; it lies in INBOX when this returns."""
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"]) as client:
            client.sendmail(sender, [self.address], octets)

    def append(self, octets: bytes, mailbox: str = "INBOX", flags: str = "") -> None:
        """Put a message in as it is."""
        with self.imap() as client:
            _ok(client.append(_quoted(mailbox), f"({flags})", "", octets))

    def create(self, mailbox: str) -> None:
        """Make a mailbox that clients are subscribed to."""
        with self.imap() as client:
            _ok(client.create(_quoted(mailbox)))
            _ok(client.subscribe(_quoted(mailbox)))

    def flag(self, uid: int, change: str, mailbox: str = "INBOX") -> None:
        """Change flags. change: as STORE takes it, like `+FLAGS (\\Seen)`."""
        with self.imap(mailbox) as client:
            _ok(client.uid("STORE", str(uid), *change.split(" ", 1)))

    def expunge(self, uid: int, mailbox: str = "INBOX") -> None:
        """Delete one message for good."""
        with self.imap(mailbox) as client:
            _ok(client.uid("STORE", str(uid), "+FLAGS", "(\\Deleted)"))
            _ok(client.uid("EXPUNGE", str(uid)))

    def kept(self, mailbox: str = "INBOX") -> list[Kept]:
        """All messages of a mailbox in order of their uids."""
        with self.imap(mailbox) as client:
            parts = _ok(client.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[])"))
        return [_kept(*part) for part in parts if isinstance(part, tuple)]

    def subjects(self, mailbox: str = "INBOX") -> list[str]:
        """The subjects of a mailbox in order of its uids."""
        return [message.subject for message in self.kept(mailbox)]

    def mailboxes(self) -> set[str]:
        """The names of all mailboxes."""
        with self.imap() as client:
            lines = _ok(client.list())
        return {line.decode().rpartition(' "/" ')[2].strip('"') for line in lines if line}

    @contextmanager
    def imap(self, mailbox: str = "") -> Iterator[imaplib.IMAP4]:
        """A connection, signed in, with a mailbox selected if one is named."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        port = self.server.ports["imaps"]
        with imaplib.IMAP4_SSL("localhost", port, ssl_context=context) as client:
            client.login(self.address, self.password)
            if mailbox:
                _ok(client.select(_quoted(mailbox)))
            yield client


def _kept(head: bytes, octets: bytes) -> Kept:
    uid = _ITEM.search(head)
    assert uid is not None, head
    flags = {flag.decode() for flag in imaplib.ParseFlags(head)}
    return Kept(int(uid[1]), frozenset(flags - {"\\Recent"}), octets)


def _ok(answer: tuple[str, Sequence[Any]]) -> Sequence[Any]:
    assert answer[0] == "OK", answer
    return answer[1]


def _quoted(name: str) -> str:
    return f'"{name}"'
