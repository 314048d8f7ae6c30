"""COMPRESS=DEFLATE against a real server, over TLS, however the client flushes. RFC 4978."""

import base64
import socket
import ssl
import zlib

import pytest

from roost.testing.process import ACCOUNT, PASSWORD, LocalServe


class DeflatedImap:
    """A client that deflates once it was told that it may."""

    def __init__(self, port: int, flush: int) -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        plain = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket = context.wrap_socket(plain)
        self._flush = flush
        self._deflate = zlib.compressobj(wbits=-15)
        self._inflate = zlib.decompressobj(-15)
        self._deflated = False
        self._heard = b""

    def ask(self, command: bytes) -> bytes:
        """Say a command; all that is answered up to the tagged line."""
        octets = b"x " + command + b"\r\n"
        if self._deflated:
            octets = self._deflate.compress(octets) + self._deflate.flush(self._flush)
        self._socket.sendall(octets)
        while b"\r\nx " not in b"\r\n" + self._heard or not self._heard.endswith(b"\r\n"):
            octets = self._socket.recv(4096)
            assert octets, self._heard
            self._heard += self._inflate.decompress(octets) if self._deflated else octets
        heard, self._heard = self._heard, b""
        return heard

    def begin(self) -> None:
        assert self.ask(b"COMPRESS DEFLATE") == b"x OK DEFLATE from now on\r\n"
        self._deflated = True

    def close(self) -> None:
        self._socket.close()


@pytest.mark.parametrize(
    "flush",
    [zlib.Z_PARTIAL_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH],
    ids=["partial", "sync", "full"],
)
def test_each_command_is_answered_at_once(server: LocalServe, flush: int) -> None:
    client = DeflatedImap(server.ports["imaps"], flush)
    login = base64.b64encode(f"\0{ACCOUNT}\0{PASSWORD}".encode())
    assert b"x OK " in client.ask(b"AUTHENTICATE PLAIN " + login)
    client.begin()
    text = b"Subject: deflated\r\n\r\n" + b"Many words. " * 10_000
    answer = client.ask(b"APPEND INBOX {%d+}\r\n%b" % (len(text), text))
    assert b"x OK [APPENDUID " in answer
    assert b"x OK " in client.ask(b"SELECT INBOX")
    for _ in range(20):
        assert client.ask(b"NOOP").endswith(b"x OK NOOP done\r\n")
    fetched = client.ask(b"FETCH * BODY.PEEK[]")
    assert text in fetched
    assert fetched.endswith(b"x OK FETCH done\r\n")
    client.close()
