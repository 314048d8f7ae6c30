"""Whatever a client sends, cut anywhere: an answer or an end, and never a bug."""

import asyncio
from random import Random

import pytest

from roost.ports.log_events import Event
from roost.session.imap.ports import ImapLimits
from roost.testing.imap import PASSWORD, USER, new_house

COMMANDS = [
    b"CAPABILITY",
    b"NOOP",
    b"ID NIL",
    b'ID ("name" "x")',
    b"ENABLE IMAP4rev2",
    b"STARTTLS",
    b"AUTHENTICATE PLAIN",
    b"AUTHENTICATE PLAIN =",
    b"SELECT INBOX",
    b"EXAMINE INBOX",
    b"CLOSE",
    b"UNSELECT",
    b"CHECK",
    b"CREATE a/b",
    b"CREATE c (USE (\\Junk))",
    b"DELETE a/b",
    b"RENAME a d",
    b"RENAME INBOX e",
    b"SUBSCRIBE f",
    b"UNSUBSCRIBE f",
    b'LIST "" *',
    b'LIST (SUBSCRIBED RECURSIVEMATCH) "" (% a*) RETURN (STATUS (MESSAGES RECENT) CHILDREN)',
    b'LSUB "" %',
    b"STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE RECENT)",
    b"APPEND INBOX {5}\r\nHello",
    b"APPEND INBOX (\\Deleted) {5+}\r\nHello",
    b"APPEND INBOX ~{5+}\r\nHe\0lo",
    b"APPEND {5+}\r\nINBOX (\\Seen) {3+}\r\nabc",
    b"APPEND INBOX {5}\r\nHello (\\Seen) {3+}\r\nabc {2+}\r\nxy",
    b'APPEND INBOX CATENATE (TEXT {3+}\r\nabc URL "/INBOX/;UID=1" TEXT ~{2}\r\nxy)',
    b"APPEND INBOX UTF8 (~{5+}\r\nHello)",
    b"REPLACE 1 INBOX (\\Draft) {5+}\r\nHello",
    b'UID REPLACE * Drafts CATENATE (URL ";UID=1/;SECTION=TEXT")',
    b"GETQUOTAROOT INBOX",
    b'GETQUOTA ""',
    b'SETMETADATA INBOX (/private/comment "x" /shared/comment ~{3+}\r\na\0b)',
    b"GETMETADATA (DEPTH 1 MAXSIZE 2) INBOX (/private/comment)",
    b'LIST "" * RETURN (METADATA (/private/comment) STATUS (APPENDLIMIT DELETED-STORAGE))',
    b"ENABLE METADATA UTF8=ACCEPT",
    b"IDLE\r\nDONE",
    b"EXPUNGE",
    b"UID EXPUNGE 1:*",
    b"SEARCH ALL",
    b"UID SEARCH RETURN (SAVE) DELETED",
    b"FETCH 1:* (FLAGS UID RFC822.SIZE)",
    b"UID FETCH $ (BODY[] ENVELOPE)",
    b"STORE 1 +FLAGS (\\Deleted $a)",
    b"UID STORE 1:* -FLAGS.SILENT (\\Seen)",
    b"COPY 1 INBOX",
    b"UID MOVE 1:2 Archive",
]


def stream(random: Random) -> bytes:
    """Commands, some of them spoilt."""
    commands = [f'LOGIN {USER} "{PASSWORD}"'.encode(), *random.choices(COMMANDS, k=40)]
    lines = []
    for number, command in enumerate(commands):
        octets = bytearray(b"%d %b\r\n" % (number, command))
        if number and random.random() < 0.2:
            at = random.randrange(len(octets))
            match random.randrange(3):
                case 0:
                    octets[at] = random.randrange(256)
                case 1:
                    del octets[at]
                case _:
                    octets.insert(at, random.choice(b' ()"\\{}+*%\0\r\n~'))
        lines.append(bytes(octets))
    return b"".join(lines)


@pytest.mark.parametrize("seed", range(40))
async def test_no_input_finds_a_bug(seed: int) -> None:
    random = Random(seed)
    house = await new_house()
    house.change_port(limits=ImapLimits(max_append_octets=1_000, buffered_octets=200))
    wire = house.connect()
    octets = stream(random)
    at = 0
    while at < len(octets) and not wire.closed:
        size = random.choice([1, 7, 100, 1_000])
        wire.feed(octets[at : at + size])
        at += size
        await asyncio.sleep(0)
    wire.end()
    await wire.ended()
    assert wire.errors == []
    assert [one.error for one in house.log.named(Event.COMMAND_FAILED)] == []
    await house.store.close()
