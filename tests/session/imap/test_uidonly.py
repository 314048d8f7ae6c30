"""UIDONLY: whatever a client does, no sequence number is told. RFC 9586."""

import re
from random import Random

import pytest

from roost.testing.imap import ImapClient, new_house

NUMBERED = re.compile(rb"\* \d+ (?:FETCH|EXPUNGE)\b.*")


async def told_by(client: ImapClient, command: str | bytes) -> list[bytes]:
    lines = await client.ask(command)
    assert not lines[-1].startswith(b"BAD"), (command, lines[-1])
    return lines


@pytest.mark.parametrize("seed", range(6))
async def test_nothing_names_a_number(seed: int) -> None:
    random = Random(seed)
    house = await new_house()
    plain, client = await house.client(), await house.client()
    await client.ok("ENABLE UIDONLY")
    for each in (plain, client):
        await each.ok("SELECT INBOX")
    for _ in range(60):
        uid = random.randrange(1, 10)
        sign = random.choice(["+", "-", ""])
        commands: list[str | bytes] = [
            b"APPEND INBOX {4+}\r\nHi\r\n",
            rf"UID STORE {uid} {sign}FLAGS (\Seen)",
            rf"UID STORE {uid}:* {sign}FLAGS.SILENT (\Deleted)",
            "EXPUNGE",
            f"UID FETCH {uid}:* (FLAGS BODY[])",
            f"UID COPY {uid} INBOX",
            f"UID MOVE {uid} Archive",
            "UID SEARCH ALL",
            "NOOP",
        ]
        await told_by(plain, random.choice(commands))
        lines = await told_by(client, random.choice(commands))
        assert not any(map(NUMBERED.fullmatch, lines)), lines
    assert house.log.events == []
    await house.store.close()


async def test_it_ends_nothing_for_others() -> None:
    house = await new_house()
    client, other = await house.client(), await house.client()
    await client.ok("ENABLE UIDONLY")
    await client.append(b"Subject: x\r\n\r\n")
    await other.ok("SELECT INBOX")
    assert await other.ok("FETCH 1 UID") == [b"* 1 FETCH (UID 1)"]


async def test_a_search_that_is_kept_up_to_date_goes_on_by_uid() -> None:
    house = await new_house()
    client = await house.client()
    for _ in range(3):
        await client.append(b"Subject: x\r\n\r\n")
    await client.ok("SELECT INBOX")
    await client.ok(r"UID STORE 1 +FLAGS.SILENT (\Deleted)")
    await client.ok("EXPUNGE")
    await client.ok("SEARCH RETURN (UPDATE COUNT) UNSEEN")
    await client.ok("ENABLE UIDONLY")
    lines = await client.ok(r"UID STORE 2 +FLAGS (\Seen)")
    assert lines[-1] == b'* ESEARCH (TAG "t8") UID REMOVEFROM (0 2)'
