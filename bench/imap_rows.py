"""IMAP commands over a whole mailbox: what is measured, and how the mailbox comes to be filled."""

import statistics
import time
from collections.abc import Callable, Iterator
from itertools import islice

from bench.imap_client import ImapClient
from bench.smtp_load import message_of

ROUNDS = 3
SINGLE = 200
PIPELINED = 1_000
AT_ONCE = 500

# What is done several times.
READING: tuple[tuple[str, bytes], ...] = (
    ("SELECT", b"SELECT INBOX"),
    ("FETCH FLAGS", b"FETCH 1:* (UID FLAGS)"),
    ("FETCH ENVELOPE", b"FETCH 1:* (UID ENVELOPE)"),
    ("FETCH BODYSTRUCTURE", b"FETCH 1:* (UID BODYSTRUCTURE)"),
    ("FETCH size and date", b"FETCH 1:* (UID RFC822.SIZE INTERNALDATE)"),
    ("FETCH header fields", b"FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)])"),
    ("FETCH bodies", b"FETCH 1:* (UID BODY.PEEK[])"),
    ("SEARCH UNSEEN", b"SEARCH UNSEEN"),
    ("SEARCH FROM", b'SEARCH FROM "sender 7"'),
    ("SEARCH SUBJECT", b'SEARCH SUBJECT "message 77"'),
    ("SEARCH BODY", b'SEARCH BODY "lazy dog and goes"'),
    ("SEARCH TEXT", b'SEARCH TEXT "lazy dog and goes"'),
    ("SORT SUBJECT", b"SORT (SUBJECT) UTF-8 ALL"),
    ("THREAD REFERENCES", b"THREAD REFERENCES UTF-8 ALL"),
)
CHANGING: tuple[tuple[str, bytes], ...] = (
    ("STORE +FLAGS", b"STORE 1:* +FLAGS.SILENT (\\Flagged)"),
    ("COPY", b"COPY 1:* Archive"),
)

_TEMPLATE = message_of(1500)[:-3].replace(b"a message of the bench", b"message %d of the bench")
_TEMPLATE = _TEMPLATE.replace(b"From: Bench <", b"From: Sender %d <", 1)
_IN_REPLY = b"In-Reply-To: <%016d@sender.test>\r\nReferences: <%016d@sender.test>\r\n"


def bench_message(number: int) -> bytes:
    """A message of about 1.5 KB; of each five the last four answer the first."""
    octets = _TEMPLATE % (number % 1_000, number, number)
    first = number - number % 5
    if first == number:
        return octets
    head, _, rest = octets.partition(b"MIME-Version:")
    return head + _IN_REPLY % (first, first) + b"MIME-Version:" + rest


class ImapRows:
    """One run against one server. `fill`, then `measure`.

    seconds: of each row, as far as it got. stall_ms: how long the server stood still at most since
    it was asked last; stalls_ms: in each row.
    """

    def __init__(
        self, port: int, user: str, password: str, stall_ms: Callable[[], float] = float
    ) -> None:
        self._client = ImapClient(port, user, password)
        self._stall_ms = stall_ms
        self.seconds: dict[str, float] = {}
        self.stalls_ms: dict[str, float] = {}

    def make_mailboxes(self) -> None:
        """What the rows need beside INBOX; a server may have it already."""
        for name in (b"Archive", b"Moved"):
            try:
                self._client.command(b"CREATE " + name)
            except RuntimeError:
                continue

    def fill(self, count: int) -> None:
        """Append `count` messages: some one by one, some pipelined, the others many at once."""
        messages = map(bench_message, range(count))
        single = _take(messages, SINGLE)
        self.seconds[f"APPEND {SINGLE}, one by one"] = self._client.append(
            "INBOX", single, pipelined=False
        )
        for name, size, act in (
            (f"APPEND {PIPELINED}, pipelined", PIPELINED, self._pipelined),
            (f"MULTIAPPEND {AT_ONCE}", AT_ONCE, self._at_once),
        ):
            self.seconds[name] = act(_take(messages, size))
        while some := _take(messages, AT_ONCE):
            self._at_once(some)

    def measure(self) -> None:
        """Every row but those of `fill`."""
        self._client.command(b"SELECT INBOX")
        for name, command in READING:
            self._row(name, command, ROUNDS)
        for name, command in CHANGING:
            self._row(name, command)
        self._row("STORE \\Deleted", b"STORE 1:* +FLAGS.SILENT (\\Deleted)")
        self._row("EXPUNGE", b"EXPUNGE")
        self._client.command(b"SELECT Archive")
        self._row("MOVE", b"MOVE 1:* Moved")

    def _row(self, name: str, command: bytes, rounds: int = 1) -> None:
        self._stall_ms()
        self.seconds[name] = statistics.median(self._client.timed(command) for _ in range(rounds))
        self.stalls_ms[name] = self._stall_ms()

    def close(self) -> None:
        self._client.close()

    def _pipelined(self, messages: list[bytes]) -> float:
        return self._client.append("INBOX", messages, pipelined=True)

    def _at_once(self, messages: list[bytes]) -> float:
        began = time.perf_counter()
        self._client.multiappend("INBOX", messages)
        return time.perf_counter() - began


def _take(messages: Iterator[bytes], count: int) -> list[bytes]:
    return list(islice(messages, count))
