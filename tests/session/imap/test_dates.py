"""SAVEDATE and WITHIN: when a message came into its mailbox, and how old it is."""

from datetime import UTC, timedelta

import pytest

from roost.testing.clock import START
from roost.testing.imap import ImapClient, ImapHouse, new_house


async def copied_later(house: ImapHouse) -> ImapClient:
    """Message 1 was filed at START, its copy 2 three days later."""
    client = await house.client()
    await client.append(b"Subject: x\r\n\r\n")
    house.clock.advance(timedelta(days=3))
    await client.ok("SELECT INBOX")
    await client.ok("COPY 1 INBOX")
    return client


async def test_a_copy_is_as_old_as_its_message_but_was_saved_when_it_was_made() -> None:
    client = await copied_later(await new_house())
    (one, two) = await client.ok("FETCH 1:2 (INTERNALDATE SAVEDATE)")
    came, saved = (
        (START + step).astimezone(UTC).strftime("%d-%b-%Y %H:%M:%S +0000").encode()
        for step in (timedelta(0), timedelta(days=3))
    )
    assert one == b'* 1 FETCH (INTERNALDATE "%b" SAVEDATE "%b")' % (came, came)
    assert two == b'* 2 FETCH (INTERNALDATE "%b" SAVEDATE "%b")' % (came, saved)


@pytest.mark.parametrize(
    ("key", "days", "found"),
    [
        ("SAVEDON", 0, b" 1"),
        ("SAVEDON", 1, b""),
        ("SAVEDON", 3, b" 2"),
        ("SAVEDBEFORE", 0, b""),
        ("SAVEDBEFORE", 1, b" 1"),
        ("SAVEDBEFORE", 4, b" 1 2"),
        ("SAVEDSINCE", 0, b" 1 2"),
        ("SAVEDSINCE", 1, b" 2"),
        ("SAVEDSINCE", 4, b""),
    ],
)
async def test_the_day_a_message_was_saved(key: str, days: int, found: bytes) -> None:
    client = await copied_later(await new_house())
    day = (START + timedelta(days=days)).strftime("%-d-%b-%Y")
    assert await client.ok(f"SEARCH {key} {day}") == [b"* SEARCH" + found]


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("OLDER 99", b" 1"),
        ("OLDER 100", b" 1"),
        ("OLDER 101", b""),
        ("YOUNGER 99", b""),
        ("YOUNGER 100", b" 1"),
        ("YOUNGER 101", b" 1"),
        ("OLDER 4294967295", b""),
        ("YOUNGER 4294967295", b" 1"),
        ("NOT OLDER 100", b""),
        ("OLDER 100 YOUNGER 100", b" 1"),
    ],
)
@pytest.mark.parametrize("filed_at", [0, 400_000], ids=["on the second", "within a second"])
async def test_age_counts_in_whole_seconds(key: str, found: bytes, filed_at: int) -> None:
    house = await new_house()
    client = await house.client()
    house.clock.advance(timedelta(microseconds=filed_at))
    await client.append(b"Subject: x\r\n\r\n")
    house.clock.advance(timedelta(seconds=100))
    await client.ok("SELECT INBOX")
    assert await client.ok(f"SEARCH {key}") == [b"* SEARCH" + found]
