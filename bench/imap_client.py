"""A blocking IMAP client that costs little: sends a command, reads to its tagged reply."""

import re
import socket
import time

# COPYUID of a mailbox with many gaps is the longest tagged reply.
_TAIL_OCTETS = 4096


def _tagged(tag: bytes) -> re.Pattern[bytes]:
    """Matches the tagged reply, which stands last."""
    return re.compile(rb"(?:^|\r\n)" + tag + rb" (OK|NO|BAD)[^\r\n]*\r\n")


class ImapClient:
    """One connection. Literals are skipped by the tagged line's tag being unlikely inside them."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._number = 0
        self._heard = b""
        self._buffer = memoryview(bytearray(1 << 20))
        self._read_until(b"\r\n")
        self.command(f'LOGIN "{user}" "{password}"'.encode())

    def command(self, line: bytes) -> bytes:
        """All octets of the answer; RuntimeError when it is not OK."""
        self._number += 1
        tag = b"benchtag%06d" % self._number
        self._socket.sendall(tag + b" " + line + b"\r\n")
        return self._answer(tag)

    def timed(self, line: bytes) -> float:
        """Seconds until the tagged reply; the answer itself is read and forgotten."""
        self._number += 1
        tag = b"benchtag%06d" % self._number
        wanted = _tagged(tag)
        began = time.perf_counter()
        self._socket.sendall(tag + b" " + line + b"\r\n")
        tail = b""
        while not (found := wanted.search(tail)):
            size = self._socket.recv_into(self._buffer)
            if not size:
                raise RuntimeError(f"the server closed: {tail!r}")
            tail = tail[-_TAIL_OCTETS:] + bytes(self._buffer[max(0, size - _TAIL_OCTETS) : size])
        took = time.perf_counter() - began
        if found[1] != b"OK":
            raise RuntimeError(f"refused: {found[0]!r}")
        return took

    def append(self, mailbox: str, messages: list[bytes], *, pipelined: bool) -> float:
        """Seconds to append `messages`, one command each with LITERAL+."""
        began = time.perf_counter()
        tags = []
        for message in messages:
            self._number += 1
            tag = b"benchtag%06d" % self._number
            head = tag + b" APPEND %b (\\Seen) {%d+}\r\n" % (mailbox.encode(), len(message))
            self._socket.sendall(head + message + b"\r\n")
            if pipelined:
                tags.append(tag)
            else:
                self._answer(tag)
        left = b""
        for tag in tags:
            left = self._answer(tag, left, keep=True)
        return time.perf_counter() - began

    def multiappend(self, mailbox: str, messages: list[bytes]) -> float:
        """Seconds to append `messages` in one command. RFC 3502."""
        began = time.perf_counter()
        self._number += 1
        tag = b"benchtag%06d" % self._number
        pieces = [tag + b" APPEND %b" % mailbox.encode()]
        for message in messages:
            pieces.append(b" (\\Seen) {%d+}\r\n" % len(message) + message)
        self._socket.sendall(b"".join(pieces) + b"\r\n")
        self._answer(tag)
        return time.perf_counter() - began

    def begin_idle(self) -> None:
        """Say IDLE and hear that it has begun; then only `wait_for` and `close` make sense."""
        self._socket.sendall(b"idle IDLE\r\n")
        self.wait_for(b"+ ")

    def wait_for(self, mark: bytes) -> None:
        """Read until `mark` was sent; what came before it is forgotten."""
        while mark not in self._heard:
            octets = self._socket.recv(4096)
            if not octets:
                raise RuntimeError(f"the server closed: {self._heard!r}")
            self._heard += octets
        self._heard = self._heard.partition(mark)[2]

    def close(self) -> None:
        self._socket.close()

    def _answer(self, tag: bytes, begun: bytes = b"", *, keep: bool = False) -> bytes:
        wanted = _tagged(tag)
        octets = bytearray(begun)
        searched = 0
        while not (found := wanted.search(octets, searched)):
            searched = max(0, len(octets) - 4096)
            chunk = self._socket.recv(1 << 20)
            if not chunk:
                raise RuntimeError(f"the server closed: {bytes(octets[-200:])!r}")
            octets += chunk
        if found[1] != b"OK":
            raise RuntimeError(f"refused: {found[0]!r}")
        if keep:
            return bytes(octets[found.end() - 2 :])
        return bytes(octets)

    def _read_until(self, mark: bytes) -> bytes:
        octets = b""
        while mark not in octets:
            octets += self._socket.recv(4096)
        return octets
