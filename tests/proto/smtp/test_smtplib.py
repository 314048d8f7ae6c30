"""The standard library's client as a second opinion."""

import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from roost.proto.sasl.login import LOGIN
from roost.proto.sasl.mechanism import Credentials
from roost.proto.sasl.plain import PLAIN
from roost.proto.smtp.command import Hello, Mail, Rcpt
from roost.proto.smtp.event import Closing, LoginAsked, MessageBegin, MessageChunk, MessageEnd
from roost.proto.smtp.reply import Reply
from roost.proto.smtp.server import Server
from roost.proto.smtp.server_config import Role, ServerConfig

CONFIG = ServerConfig("mx.test", Role.SUBMISSION, mechanisms=(PLAIN, LOGIN), auth_in_clear=True)


class Served:
    """What came of a conversation."""

    def __init__(self) -> None:
        self.message = b""
        self.paths: list[str] = []
        self.logins: list[LoginAsked] = []


def serve(end: socket.socket, served: Served) -> None:
    """Answer one client; `c@gone.test` is unknown and only the password "x" is right."""
    server = Server(CONFIG)
    server.greet()
    while True:
        end.sendall(server.take_output())
        octets = end.recv(4096)
        if not octets:
            return
        server.receive(octets)
        while (event := server.next_event()) is not None:
            match event:
                case LoginAsked(_, Credentials(password=password)):
                    served.logins.append(event)
                    if password == "x":
                        server.accept()
                    else:
                        server.refuse(Reply(535, "5.7.8", "wrong"))
                case Rcpt(path) if path is not None and path.domain.ascii == "gone.test":
                    server.refuse(Reply(550, "5.1.1", "unknown"))
                case Mail(path) | Rcpt(path):
                    served.paths.append(str(path))
                    server.accept()
                case MessageChunk(text):
                    served.message += text
                case Hello() | MessageBegin() | MessageEnd():
                    server.accept()
                case Closing():
                    end.sendall(server.take_output())
                    end.close()
                    return


class PipeSmtp(smtplib.SMTP):
    """smtplib over one end of a pair of sockets."""

    def __init__(self, end: socket.socket) -> None:
        super().__init__(local_hostname="c.test")
        self.sock = end
        self.getreply()


@contextmanager
def client() -> Iterator[tuple[smtplib.SMTP, Served]]:
    ours, theirs = socket.socketpair()
    served = Served()
    thread = threading.Thread(target=serve, args=(theirs, served))
    thread.start()
    try:
        with PipeSmtp(ours) as smtp:
            yield smtp, served
    finally:
        ours.close()
        thread.join(5)
        theirs.close()


def test_smtplib_sends_a_message() -> None:
    with client() as (smtp, served):
        refused = smtp.sendmail(
            "a@b.test", ["c@d.test", "c@gone.test"], "Subject: x\n\n.dot\n..\n", ["BODY=8BITMIME"]
        )
        assert refused == {"c@gone.test": (550, b"5.1.1 unknown")}
        assert smtp.has_extn("chunking")
        assert smtp.esmtp_features["size"] == "104857600"
        assert smtp.verify("x")[0] == 252
        assert smtp.rset()[0] == 250
    assert served.message == b"Subject: x\r\n\r\n.dot\r\n..\r\n"
    assert served.paths == ["a@b.test", "c@d.test"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_smtplib_logs_in(mechanism: str) -> None:
    with client() as (smtp, served):
        smtp.ehlo()
        smtp.esmtp_features["auth"] = mechanism
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login("tim", "y")
        assert smtp.login("tim", "x")[0] == 235
    assert served.logins == [
        LoginAsked(mechanism, Credentials("tim", "y")),
        LoginAsked(mechanism, Credentials("tim", "x")),
    ]
