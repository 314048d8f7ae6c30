"""One process per data folder, and room set aside in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from roost.adapters.data_folder import FolderInUse, FolderLock
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
