"""The contract of Blobs, on disk and in memory; and what only the disk has."""

import asyncio
import errno
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from roost.adapters.blobs import DiskBlobs
from roost.ports.blobs import Blobs
from roost.testing.blobs import MemoryBlobs
from roost.testing.clock import StoppedClock


@pytest.fixture(params=["disk", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return DiskBlobs(tmp_path, StoppedClock()) if request.param == "disk" else MemoryBlobs()


async def put(blobs: Blobs, name: str, *pieces: bytes) -> None:
    writer = await blobs.create(name)
    for piece in pieces:
        await writer.write(piece)
    await writer.sync()


async def test_what_is_synced_is_read(blobs: Blobs) -> None:
    await put(blobs, "b1", b"one ", b"two")
    assert blobs.read("b1", 0, 100) == b"one two"
    assert blobs.read("b1", 4, 2) == b"tw"
    assert blobs.read("b1", 7, 10) == b""
    assert blobs.size("b1") == 7


async def test_large_ones_arrive_whole(blobs: Blobs) -> None:
    piece = bytes(range(256)) * 400
    await put(blobs, "b1", *[piece] * 20)
    assert blobs.size("b1") == 20 * len(piece)
    assert blobs.read("b1", 3 * len(piece), len(piece)) == piece


async def test_an_empty_one(blobs: Blobs) -> None:
    await put(blobs, "b1")
    assert (blobs.size("b1"), blobs.read("b1", 0, 1)) == (0, b"")


async def test_a_name_is_used_once(blobs: Blobs) -> None:
    await put(blobs, "b1", b"one")
    with pytest.raises(FileExistsError):
        await blobs.create("b1")
    assert blobs.read("b1", 0, 3) == b"one"


async def test_what_is_not_there(blobs: Blobs) -> None:
    assert blobs.size("none") is None
    with pytest.raises(FileNotFoundError):
        blobs.read("none", 0, 1)
    await blobs.remove("none")


async def test_what_is_removed_is_gone(blobs: Blobs) -> None:
    await put(blobs, "b1", b"one")
    await blobs.remove("b1")
    assert blobs.size("b1") is None


async def test_what_is_discarded_was_never_there(blobs: Blobs) -> None:
    writer = await blobs.create("b1")
    await writer.write(bytes(1_000_000))
    await writer.discard()
    await writer.discard()
    assert blobs.size("b1") is None


async def test_discard_after_sync_takes_nothing_away(blobs: Blobs) -> None:
    writer = await blobs.create("b1")
    await writer.write(b"kept")
    await writer.sync()
    await writer.discard()
    assert blobs.read("b1", 0, 10) == b"kept"


async def test_there_is_room(blobs: Blobs) -> None:
    assert blobs.free_octets() > 0


async def test_many_at_once(blobs: Blobs) -> None:
    await asyncio.gather(*(put(blobs, f"b{number}", b"%d" % number) for number in range(50)))
    assert [blobs.read(f"b{number}", 0, 9) for number in range(50)] == [
        b"%d" % number for number in range(50)
    ]


# Only on disk.


async def test_files_are_private_and_lie_two_folders_deep(tmp_path: Path) -> None:
    await put(DiskBlobs(tmp_path, StoppedClock()), "b1", b"one")
    [file] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert file.name == "b1"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [len(part) for part in file.relative_to(tmp_path).parts] == [2, 2, 2]


@pytest.mark.parametrize("name", ["", "..", "a/b", "a.b", "a\x00", "x" * 101])
async def test_a_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="letters"):
        await DiskBlobs(tmp_path, StoppedClock()).create(name)


async def test_writing_after_the_end_is_an_error(tmp_path: Path) -> None:
    writer = await DiskBlobs(tmp_path, StoppedClock()).create("b1")
    await writer.discard()
    with pytest.raises(OSError, match="discarded"):
        await writer.write(bytes(1_000_000))


async def test_a_caller_that_is_cancelled_leaves_no_file(tmp_path: Path) -> None:
    blobs = DiskBlobs(tmp_path, StoppedClock())
    for number in range(30):
        task = asyncio.ensure_future(blobs.create(f"b{number}"))
        for _ in range(number % 4):
            await asyncio.sleep(0)
        task.cancel()
        try:
            await (await task).discard()
        except asyncio.CancelledError:
            pass
    blobs.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_free_room_is_asked_for_once_a_second(tmp_path: Path) -> None:
    clock = StoppedClock()
    blobs = DiskBlobs(tmp_path, clock)
    first = blobs.free_octets()
    (tmp_path / "large").write_bytes(bytes(4 << 20))
    assert blobs.free_octets() == first
    clock.advance(timedelta(seconds=1))
    assert blobs.free_octets() != first


LIMITED = """
import asyncio, errno, resource, signal, sys
from pathlib import Path
from roost.adapters.blobs import DiskBlobs
from roost.adapters.clock import SystemClock

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

async def main():
    blobs = DiskBlobs(Path(sys.argv[1]), SystemClock())
    writer = await blobs.create("b1")
    try:
        for _ in range(10):
            await writer.write(bytes(100_000))
        await writer.sync()
    except OSError as error:
        print(errno.errorcode[error.errno])
    await writer.discard()
    print(blobs.size("b1"))

asyncio.run(main())
"""


def test_a_medium_that_refuses_is_an_os_error_and_leaves_nothing(tmp_path: Path) -> None:
    """A bound on file sizes stands for a full disk: the system refuses in the same place."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [errno.errorcode[errno.EFBIG], "None"]
