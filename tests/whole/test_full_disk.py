"""A full disk: mail is put off, nothing is lost, reading and deleting go on, and so does the rest
once there is room again."""

import errno
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import apsw
import pytest

from roost.queue.schedule import CLAIM
from roost.store.engine import StoreFull
from roost.testing import faults
from roost.testing.blobs import MemoryBlobs
from roost.testing.faults import Fault, FaultVfs
from roost.testing.house import House, new_house
from roost.testing.smtp_client import SmtpClient, SmtpRefused
from roost.testing.store import TEST_OPTIONS

ANN, BOB = "ann@a.test", "bob@a.test"
PEOPLE = {"ann": [ANN], "bob": [BOB]}
SMALL = b"Subject: small\r\n\r\nText.\r\n"
LARGE = b"Subject: large\r\n\r\n" + b"Many lines of text.\r\n" * 20_000
FULL = Fault("write", apsw.FullError, times=None)

ROOM = 1 << 30


@dataclass
class Full(Fault):
    """A full disk on which the reserve, once it is given up, leaves room for `spare` pages."""

    operation: str = "write"
    error: type[apsw.Error] = apsw.FullError
    reserve: Path = field(default_factory=Path)
    spare: int = 10_000

    def fires(self, operation: str, name: str) -> bool:
        if operation != self.operation or not name.endswith(self.suffix):
            return False
        if self.reserve.exists() or not self.spare:
            self.fired += 1
            return True
        self.spare -= 1
        return False


@pytest.fixture
def vfs() -> FaultVfs:
    return FaultVfs()


@pytest.fixture
async def house(vfs: FaultVfs) -> AsyncIterator[House]:
    options = replace(TEST_OPTIONS, vfs=vfs.vfs_name, least_free_octets=0)
    async with new_house(accounts=PEOPLE, options=options) as opened:
        yield opened
        vfs.fault = None
        assert opened.errors() == []
        assert await opened.check() == []


@pytest.mark.parametrize("octets", [SMALL, LARGE], ids=["in a row", "in a file"])
async def test_smtp_puts_mail_off_and_takes_it_later(
    house: House, vfs: FaultVfs, octets: bytes
) -> None:
    client = await SmtpClient(house.smtp()).greet()
    await client.envelope("x@y.test", (ANN, BOB))
    vfs.fault = replace(FULL)
    assert (await client.data(octets)).startswith("452 4.3.1 ")
    assert vfs.fault.fired
    vfs.fault = None
    assert await house.mail_of(ANN) == await house.mail_of(BOB) == []
    await client.send("x@y.test", (ANN, BOB), octets)
    assert (await house.mail_of(BOB))[0].endswith(octets)


async def test_what_is_submitted_is_put_off_too(house: House, vfs: FaultVfs) -> None:
    vfs.fault = replace(FULL)
    with pytest.raises(SmtpRefused, match=r"^452 4\.3\.1 "):
        await house.submit(ANN, BOB, SMALL)
    vfs.fault = None
    await house.submit(ANN, BOB, SMALL)
    await house.run_queue()
    assert len(await house.mail_of(BOB)) == 1


async def test_the_queue_waits_for_room(house: House, vfs: FaultVfs) -> None:
    await house.submit(ANN, BOB, SMALL)
    vfs.fault = replace(FULL, after=2)  # the claim is written, the filing is not
    with pytest.raises(StoreFull):
        await house.run_queue()
    vfs.fault = None
    assert await house.mail_of(BOB) == []
    house.clock.advance(CLAIM)
    await house.run_queue()
    assert len(await house.mail_of(BOB)) == 1


@pytest.mark.parametrize("step", [1, 2, 3], ids=["create", "first octets", "more octets"])
async def test_a_file_that_finds_no_room_leaves_nothing(step: int) -> None:
    inner = MemoryBlobs()
    blobs = faults.Blobs(inner, step, errno.ENOSPC)
    async with new_house(accounts=PEOPLE, blobs=blobs) as house:
        client = await SmtpClient(house.smtp()).greet()
        await client.envelope("x@y.test", (ANN,))
        assert (await client.data(LARGE)).startswith("452 4.3.1 ")
        assert blobs.fired
        assert not inner.files
        assert not inner.unsynced
        await client.send("x@y.test", (ANN,), LARGE)
        (message,) = await house.mail_of(ANN)
        assert message.endswith(LARGE)
        assert await house.check() == []


async def test_a_file_that_cannot_be_synced_is_not_accepted() -> None:
    watched = faults.Blobs(MemoryBlobs(), 0)
    async with new_house(accounts=PEOPLE, blobs=watched) as house:
        await house.send("x@y.test", ANN, LARGE)
    broken = faults.Blobs(MemoryBlobs(), watched.steps, errno.ENOSPC)  # the last step is the sync
    async with new_house(accounts=PEOPLE, blobs=broken) as house:
        with pytest.raises(SmtpRefused, match=r"^452 4\.3\.1 "):
            await house.send("x@y.test", ANN, LARGE)
        assert await house.mail_of(ANN) == []
        await house.send("x@y.test", ANN, LARGE)
        assert await house.check() == []


async def test_append_says_no_and_later_yes(house: House, vfs: FaultVfs) -> None:
    client = await house.login_imap(ANN)
    for octets in (SMALL, LARGE):
        command = b"APPEND INBOX {%d+}\r\n%b" % (len(octets), octets)
        vfs.fault = replace(FULL)
        assert (await client.ask(command))[-1].startswith(b"NO [UNAVAILABLE] ")
        vfs.fault = None
        await client.ok(command)
    assert await house.mail_of(ANN) == [SMALL, LARGE]


@pytest.mark.parametrize(
    "command",
    [r"STORE 1 +FLAGS (\Deleted)", "COPY 1 Trash", "CREATE New", "MOVE 1 Trash", "DELETE Trash"],
)
async def test_a_command_that_finds_no_room_changes_nothing(
    house: House, vfs: FaultVfs, command: str
) -> None:
    await house.send("x@y.test", ANN, SMALL)
    client = await house.login_imap(ANN)
    await client.ok("SELECT INBOX")
    vfs.fault = replace(FULL)
    assert (await client.ask(command))[-1].startswith(b"NO [UNAVAILABLE] ")
    vfs.fault = None
    assert len(await house.mail_of(ANN)) == 1
    await client.ok(command)


# With bounds and a reserve, as it is in earnest.


async def test_below_the_bound_mail_is_refused_and_deleting_runs_on_the_reserve(
    vfs: FaultVfs,
) -> None:
    blobs = MemoryBlobs(ROOM)
    options = replace(TEST_OPTIONS, vfs=vfs.vfs_name, reserve=True, least_free_octets=ROOM // 2)
    async with new_house(accounts=PEOPLE, blobs=blobs, options=options) as house:
        reserve = house.server.world.folder.root / "reserve"
        for octets in (SMALL, LARGE, SMALL):
            await house.send("x@y.test", ANN, octets)
        sender = await SmtpClient(house.smtp()).greet()
        reader = await house.login_imap(ANN)
        await reader.ok("SELECT INBOX")
        assert reserve.exists()

        blobs.free, vfs.fault = 0, Full(reserve=reserve)
        assert (await sender.ask("MAIL FROM:<x@y.test>")).startswith("452 4.3.1 ")
        with pytest.raises(SmtpRefused, match=r"^452 4\.3\.1 "):
            await house.submit(ANN, BOB, SMALL)
        refused = await reader.ask(b"APPEND INBOX {5+}\r\nhello")
        assert refused[-1].startswith(b"NO [UNAVAILABLE] ")

        await reader.ok(r"STORE 1:2 +FLAGS (\Deleted)")
        assert await reader.ok("EXPUNGE")
        assert vfs.fault.fired
        assert not reserve.exists()
        assert not house.store.space.restore()

        blobs.free, vfs.fault = ROOM, None
        assert house.store.space.restore()
        assert reserve.exists()
        await sender.send("x@y.test", (ANN,), LARGE)
        assert len(await house.mail_of(ANN)) == 2
        assert house.errors() == []
        assert await house.check() == []
