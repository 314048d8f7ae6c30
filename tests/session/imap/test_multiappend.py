"""MULTIAPPEND: as fast as the messages come, and all or none. RFC 3502."""

import asyncio
from collections.abc import Sequence

import pytest

from roost.proto.imap.command import Command
from roost.proto.imap.core import CORE
from roost.proto.imap.core.append import Append
from roost.proto.imap.ext import EXTENSIONS
from roost.proto.imap.extension import Grammar
from roost.proto.imap.token import MessageLiteral, Piece
from roost.session.imap.incoming import Appending
from roost.session.imap.ports import ImapLimits
from roost.session.imap.session import ImapSession
from roost.store.engine import ReadTx
from roost.testing.imap import ImapHouse, new_house


def several(count: int, text: bytes = b"Subject: %d\r\n\r\nHello %d\r\n") -> bytes:
    messages = [text % (number, number) for number in range(count)]
    return b"APPEND INBOX" + b"".join(
        [b" (\\Seen) {%d+}\r\n%b" % (len(message), message) for message in messages]
    )


async def rows_of(house: ImapHouse, table: str) -> int:
    async def count(tx: ReadTx) -> int:
        number: int = await tx.value(f"SELECT COUNT(*) FROM {table}")
        return number

    return await house.store.scan(count)


@pytest.mark.parametrize("count", [2, 500, 501, 990])
async def test_all_are_filed_in_their_order(count: int) -> None:
    house = await new_house()
    client = await house.client()
    answer = await client.ask(several(count))
    assert answer[-1].startswith(b"OK [APPENDUID ")
    assert answer[-1].endswith(b" 1:%d] APPEND done" % count)
    await client.ok("SELECT INBOX")
    lines = await client.ok(f"FETCH 1,{count} (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    assert b"Subject: 0" in lines
    assert b"Subject: %d" % (count - 1) in lines


class CountingGrammar(Grammar):
    """Counts the pieces it was given to read."""

    pieces_read = 0

    def parse(self, pieces: Sequence[Piece], *, utf8: bool = False) -> Command:
        self.pieces_read += len(pieces)
        return super().parse(pieces, utf8=utf8)


async def test_no_message_is_read_again_for_those_behind_it() -> None:
    client = await (await new_house()).client()
    session = client.wire.session
    assert isinstance(session, ImapSession)
    appending, grammar = Appending(session._talk), CountingGrammar((*CORE, *EXTENSIONS))
    pieces: list[Piece] = [b"a APPEND INBOX "]
    for number in range(900):
        pieces.append(MessageLiteral(number + 1, binary=False))
        args = appending.parse(grammar, tuple(pieces)).args
        assert isinstance(args, Append)
        assert args.messages[-1].size_octets == number + 1
        pieces.append(b" (\\Seen) ")
    assert grammar.pieces_read == 2 * 900


async def test_what_makes_no_sense_is_named_by_its_place_in_the_whole_command() -> None:
    client = await (await new_house()).client()
    answer = await client.ask(b"APPEND INBOX {3+}\r\nabc (\\Seen {5+}\r\nHello")
    at = len(b"t2 APPEND INBOX " + b"abc" + b" (\\Seen ")
    assert answer == [b"BAD a flag is missing at octet %d" % at]


async def test_more_literals_than_a_command_may_have_are_refused_and_nothing_is_filed() -> None:
    house = await new_house()
    client = await house.client()
    answer = await client.ask(several(1_001))
    assert answer[-1].startswith(b"NO [LIMIT]")
    assert await rows_of(house, "placement") == 0


async def test_large_and_small_ones_together_go_with_the_last_that_fails() -> None:
    house = await new_house()
    house.change_port(default_quota=400_000, limits=ImapLimits(max_append_octets=300_000))
    client = await house.client()
    large = b"Subject: large\r\n\r\n" + b"x" * 200_000
    first = b"APPEND INBOX {%d+}\r\n%b {5+}\r\nHello {%d+}\r\n%b" % (
        len(large),
        large,
        len(large),
        large,
    )
    assert (await client.ask(first))[-1].startswith(b"NO [OVERQUOTA]")
    assert await rows_of(house, "placement") == 0
    while house.tasks:  # what was not filed is thrown away behind the answer
        await asyncio.wait(house.tasks)
    assert not house.blobs.files
    second = b"APPEND INBOX {%d+}\r\n%b {5+}\r\nHello" % (len(large), large)
    await client.ok(second)
    assert await rows_of(house, "placement") == 2


async def test_later_messages_are_read_whatever_the_name_is() -> None:
    house = await new_house()
    client = await house.client()
    await client.ok('CREATE "To do"')
    await client.ok(
        b'APPEND "To do" {2+}\r\nab (\\Draft) {3+}\r\nabc "01-Jan-2026 00:00:00 +0000" {1+}\r\na'
    )
    assert await client.ok('STATUS "To do" (MESSAGES SIZE)') == [
        b'* STATUS "To do" (MESSAGES 3 SIZE 6)'
    ]
