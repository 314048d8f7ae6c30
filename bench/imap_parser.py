"""How fast IMAP commands are read and flags are spelled: `python bench/imap_parser.py`."""

from array import array
from collections.abc import Callable
from time import perf_counter

from roost.proto.imap import data, sequence
from roost.proto.imap.core import CORE
from roost.proto.imap.extension import Grammar
from roost.proto.imap.reader import CommandRead, LiteralAsked, MessageChunk, Reader

GRAMMAR = Grammar(CORE)
LINES = (
    b"a1 NOOP",
    b"a2 UID FETCH 1:* (FLAGS)",
    b"a3 UID FETCH 1200:1250 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS"
    b" (DATE FROM TO CC SUBJECT MESSAGE-ID REFERENCES IN-REPLY-TO)])",
    b"a5 UID STORE 17,19:25 +FLAGS.SILENT (\\Seen $Forwarded)",
    b'a6 UID SEARCH RETURN (MIN MAX COUNT) UNSEEN OR FROM "smith" SINCE 1-Feb-2026',
    b'a7 LIST (SUBSCRIBED) "" "*" RETURN (CHILDREN STATUS (MESSAGES UNSEEN))',
    b"a8 SELECT Entw&APw-rfe",
)
MESSAGES = 100_000


def seconds(work: Callable[[], object]) -> float:
    """The best of five."""
    best = float("inf")
    for _ in range(5):
        start = perf_counter()
        work()
        best = min(best, perf_counter() - start)
    return best


def commands(octets: bytes, step: int) -> int:
    """How many commands there are in a stream that comes in pieces of `step` octets."""
    reader, count = Reader(message_literals=GRAMMAR.message_literals), 0
    for at in range(0, len(octets), step):
        reader.feed(octets[at : at + step])
        while (event := reader.next_event()) is not None:
            count += isinstance(event, CommandRead)
    return count


def message_octets(size: int) -> int:
    """Stream one message through the reader in pieces of 64 KiB."""
    reader, seen = Reader(message_literals=GRAMMAR.message_literals), 0
    reader.feed(b"a APPEND INBOX {%d+}\r\n" % size)
    assert isinstance(reader.next_event(), LiteralAsked)
    reader.accept_literal()
    piece = b"x" * 65536
    for _ in range(0, size, len(piece)):
        reader.feed(piece)
        event = reader.next_event()
        assert isinstance(event, MessageChunk)
        seen += len(event.octets)
    return seen


def parse_time(line: bytes) -> float:
    """Microseconds to read one command."""

    def work() -> None:
        for _ in range(10_000):
            GRAMMAR.parse((line,))

    return seconds(work) * 100


def main() -> None:
    """Print one line for each measurement."""
    for line in LINES:
        print(f"{parse_time(line):8.2f} us  {line[:70].decode()}")
    stream = b"a NOOP\r\n" * 20_000
    for step in (65536, 1):
        took = seconds(lambda step=step: commands(stream, step))  # type: ignore[misc]
        print(f"{took / 20_000 * 1e6:8.2f} us  a command of 8 octets, {step} octets a feed")
    took = seconds(lambda: message_octets(256 * 1024 * 1024))
    print(f"{256 / 1024 / took:8.1f} GiB/s  a message streamed")
    rows = [(n, n + 7, n % 32, ("work",) if n % 50 == 0 else ()) for n in range(1, MESSAGES + 1)]
    print(f"{seconds(lambda: data.fetch_flags(rows, uid=True)) * 1e3:8.1f} ms  100,000 FETCH FLAGS")
    uids = array("I", range(1, 2 * MESSAGES, 2))
    everything, many = sequence.parse(b"1:*"), sequence.of_numbers(uids[:1000])
    print(f"{seconds(lambda: everything.uids(uids)) * 1e6:8.1f} us  1:* of 100,000 UIDs")
    print(f"{seconds(lambda: many.uids(uids)) * 1e3:8.2f} ms  1,000 ranges of 100,000 UIDs")
    print(f"{seconds(lambda: sequence.spell(uids)) * 1e3:8.1f} ms  100,000 ranges spelled")
    print(f"{seconds(lambda: data.search(uids)) * 1e3:8.1f} ms  SEARCH with 100,000 numbers")


if __name__ == "__main__":
    main()
