"""FETCH of large octets: streamed, decoded on the way, damaged."""

import asyncio
from collections.abc import Callable
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.base.ids import BlobId
from roost.ports.log_events import Event
from roost.proto.mime.decode import decode_transfer, encode_base64, encode_quoted_printable
from roost.session.imap.decoding import BY_PIECES, PieceDecoder
from roost.session.imap.ports import ImapLimits
from roost.store.engine import WriteTx
from roost.store.filing import file_messages
from roost.testing.clock import START
from roost.testing.filing import message_octets, new_filing
from roost.testing.imap import ImapClient, ImapHouse, new_house

PLAIN = b"From: Ann <ann@a.example>\r\nX-Other: x\r\n\r\nHello, Bob.\r\n"
PLAIN_TEXT = b"Hello, Bob.\r\n"
TWO_PARTS = (
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\n\r\nfirst\r\n--b\r\n\r\nsecond\r\n--b--\r\n"
)


async def selected(house: ImapHouse, *, verb: str = "SELECT") -> ImapClient:
    client = await house.client()
    await client.ok(f"{verb} INBOX")
    return client


async def house_with(*messages: bytes) -> ImapHouse:
    """A house whose INBOX holds these messages."""
    house = await new_house()
    await file(house, *messages)
    return house


async def file(house: ImapHouse, *messages: bytes) -> None:
    ref = await house.ref()
    filings = [new_filing(ref, octets, START) for octets in messages]
    await house.store.write(lambda tx: file_messages(tx, filings))


async def octets_of(client: ImapClient, command: str) -> bytes:
    """All that is said to a command that does well, but for its tagged line."""
    return b"".join(line + b"\r\n" for line in await client.ok(command))


async def fetched(client: ImapClient, item: str) -> bytes:
    """What is said of message 1, without the frame of the response."""
    said = await octets_of(client, f"FETCH 1 {item}")
    assert said.startswith(b"* 1 FETCH (")
    assert said.endswith(b")\r\n")
    return said[len(b"* 1 FETCH (") : -len(b")\r\n")]


def literal(label: bytes, octets: bytes, mark: bytes = b"") -> bytes:
    return b"%b %b{%d}\r\n%b" % (label, mark, len(octets), octets)


async def large_house(size: int) -> tuple[ImapHouse, bytes]:
    """A house with one message, in a file, of about so many octets."""
    house = await new_house()
    octets = PLAIN + b"".join(b"%072d\r\n" % number for number in range(size // 74))
    client = await house.client()
    await client.append(octets)
    return house, octets


@pytest.mark.parametrize("size", [70_000, 255_000, 262_144, 300_000, 1_000_000])
async def test_large_messages_come_whole(size: int) -> None:
    house, octets = await large_house(size)
    await file(house, PLAIN)
    client = await selected(house)
    said = await octets_of(client, "FETCH 1:2 (UID BODY.PEEK[] BODY.PEEK[TEXT]<3.9> FLAGS)")
    tail = literal(b"BODY[TEXT]<3>", PLAIN_TEXT[3:12])
    flags = b"FLAGS (\\Recent) "
    assert said == (
        b"* 1 FETCH (UID 1 " + flags + literal(b"BODY[]", octets) + b" " + tail + b")\r\n"
        b"* 2 FETCH (UID 2 " + flags + literal(b"BODY[]", PLAIN) + b" " + tail + b")\r\n"
    )


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [(b"base64", encode_base64), (b"quoted-printable", encode_quoted_printable)],
    ids=["base64", "quoted-printable"],
)
async def test_large_parts_are_decoded_on_the_way(
    encoding: bytes, encode: Callable[[bytes], bytes]
) -> None:
    content = b"".join(b"%d \xff=\r\n" % number for number in range(90_000))
    head = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n"
    house = await new_house()
    client = await house.client()
    house.change_port(limits=ImapLimits())
    await client.append(head + encode(content))
    await client.ok("SELECT INBOX")
    size = len(content)
    assert await fetched(client, "BINARY.SIZE[1]") == b"BINARY.SIZE[1] %d" % size
    assert await fetched(client, "BINARY.PEEK[1]") == literal(b"BINARY[1]", content, b"~")
    for first, count in ((0, 5), (400_000, 300_000), (size - 3, 9), (size, 1)):
        part = content[first : first + count]
        said = await fetched(client, f"BINARY.PEEK[1]<{first}.{count}>")
        assert said == literal(b"BINARY[1]<%d>" % first, part, b"~" if part else b"")


@given(content=st.binary(max_size=300), sizes=st.lists(st.integers(1, 40), min_size=1))
@settings(max_examples=200, deadline=None)
@pytest.mark.parametrize("encoding", sorted(BY_PIECES))
def test_pieces_decode_to_what_the_whole_does(
    encoding: bytes, content: bytes, sizes: list[int]
) -> None:
    encode = encode_base64 if encoding == b"base64" else encode_quoted_printable
    for body in (encode(content), content, encode(content) + encode(content[:7])):
        decoder, decoded, at = PieceDecoder(encoding), b"", 0
        for size in cycle(sizes):
            if at >= len(body):
                break
            decoded += decoder.feed(body[at : at + size])
            at += size
        assert decoded + decoder.end() == decode_transfer(body, encoding)


async def test_lines_without_an_end_are_decoded_too() -> None:
    body = b"=41 b=3D=  " * 300_000
    decoder = PieceDecoder(b"quoted-printable")
    pieces = [decoder.feed(body[at : at + 262_143]) for at in range(0, len(body), 262_143)]
    assert sum(map(bool, pieces)) > 1
    assert b"".join(pieces) + decoder.end() == decode_transfer(body, b"quoted-printable")


async def test_a_large_message_waits_for_a_slow_client() -> None:
    house, _ = await large_house(4_000_000)
    client = await selected(house)
    client.wire.feed(b"slow FETCH 1 BODY.PEEK[]\r\n")
    for _ in range(50):
        await asyncio.sleep(0.001)
    assert len(client.wire.output) < 1_000_000
    said = b""
    while not said.endswith(b"slow OK FETCH done"):
        said = await client.wire.line()
    assert not client.wire.output


async def lose_blobs(house: ImapHouse, *blobs: int) -> None:
    """Damage: these blobs are as if they had never been stored."""

    async def work(tx: WriteTx) -> None:
        for blob in blobs:
            await tx.execute("DELETE FROM blob WHERE id = $1", BlobId(blob))

    await house.store.write(work)


async def test_damage_in_one_message_never_stops_the_rest() -> None:
    house = await house_with(PLAIN, message_octets(2), PLAIN)
    await lose_blobs(house, 2)
    client = await selected(house)
    lines = await client.ask("FETCH 1:3 (UID BODY.PEEK[TEXT] BODY.PEEK[HEADER.FIELDS (X-Other)])")
    assert b"* 2 FETCH (UID 2 BODY[TEXT] NIL BODY[HEADER.FIELDS (X-Other)] NIL)" in lines
    assert lines.count(b"X-Other: x") == 2
    assert lines[-1].startswith(b"NO [CORRUPTION] ")
    assert len(house.log.named(Event.COMMAND_FAILED)) == 1
    assert await client.ok("FETCH 2 RFC822.SIZE")


async def test_damage_in_a_part_tree_never_stops_the_rest() -> None:
    house = await house_with(PLAIN, TWO_PARTS)

    async def work(tx: WriteTx) -> None:
        await tx.execute("UPDATE email SET parts = $1 WHERE key % 4294967296 = 1", b"\xff")

    await house.store.write(work)
    client = await selected(house)
    lines = await client.ask("FETCH 1:2 BODY.PEEK[1]")
    assert lines[:2] == [b"* 1 FETCH (BODY[1] NIL)", b"* 2 FETCH (BODY[1] {5}"]
    assert lines[-1].startswith(b"NO [CORRUPTION] ")
    assert literal(b"BODY[]", PLAIN) == await fetched(client, "BODY.PEEK[]")


async def test_a_file_that_is_cut_off_ends_the_connection() -> None:
    house, octets = await large_house(1_000_000)
    (name,) = house.blobs.files
    house.blobs.files[name] = house.blobs.files[name][:600_000]
    client = await selected(house)
    client.wire.feed(b"a FETCH 1 BODY.PEEK[]\r\n")
    assert await client.wire.line() == b"* 1 FETCH (BODY[] {%d}" % len(octets)
    with pytest.raises(EOFError):
        await lines_to_the_end(client)
    assert client.wire.aborted
    assert not client.wire.errors


async def lines_to_the_end(client: ImapClient) -> None:
    while True:
        await client.wire.line()


async def test_a_file_that_is_gone_is_nil() -> None:
    house, _ = await large_house(1_000_000)
    house.blobs.files.clear()
    client = await selected(house)
    lines = await client.ask("FETCH 1 (UID BODY.PEEK[])")
    assert lines[0] == b"* 1 FETCH (UID 1 BODY[] NIL)"
    assert lines[-1].startswith(b"NO [CORRUPTION] ")
