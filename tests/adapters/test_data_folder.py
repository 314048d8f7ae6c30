"""One process per data folder, and room set aside in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from roost.adapters.data_folder import FolderInUse, FolderLock, Reserve
from roost.testing.clock import START


def test_the_second_one_is_told_who_has_it(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path, START)
    with pytest.raises(FolderInUse, match=rf"{tmp_path} is in use by process {os.getpid()} since"):
        FolderLock(tmp_path, START)
    lock.release()
    FolderLock(tmp_path, START).release()


DIES = """
import os, sys
from pathlib import Path
from roost.adapters.clock import SystemClock
from roost.adapters.data_folder import FolderLock

lock = FolderLock(Path(sys.argv[1]), SystemClock().now())
os.kill(os.getpid(), 9)
"""


def test_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], check=False)
    assert (tmp_path / "lock").read_text()
    FolderLock(tmp_path, START).release()


def test_the_reserve_takes_real_room_and_gives_it_back(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path, octets=1 << 20)
    assert not reserve.is_kept
    assert [reserve.keep(), reserve.keep()] == [True, True]
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 1 << 20
    reserve.use()
    reserve.use()
    assert not (tmp_path / "reserve").exists()


def test_a_short_reserve_is_made_whole(tmp_path: Path) -> None:
    (tmp_path / "reserve").write_bytes(b"short")
    reserve = Reserve(tmp_path, octets=1 << 20)
    assert not reserve.is_kept
    assert reserve.keep()
    assert (tmp_path / "reserve").stat().st_size == 1 << 20


def test_no_room_for_a_reserve_takes_none(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path, octets=1 << 50)
    try:
        assert not reserve.keep()
    except OSError:
        # Some file systems call it too large rather than the disk too small.
        pass
    assert not (tmp_path / "reserve").exists()
