"""kill -9 under load: every write that was acknowledged is there afterwards, whole."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from roost.store.engine import ReadTx
from roost.testing.store import new_store

ROUNDS = 4
CHILD = """
import asyncio, os, sys
from pathlib import Path
from roost.testing.store import new_store

async def caller(store, name):
    number = 0
    while True:
        number += 1
        async def work(tx):
            for half in "ab":
                await tx.execute(
                    "INSERT INTO server (name, value) VALUES ($1, $2)",
                    f"{name} {number} {half}", bytes(1000),
                )
        await store.write(work)
        os.write(1, f"{name} {number}\\n".encode())

async def main():
    store = await new_store(Path(sys.argv[1]))
    await asyncio.gather(*[caller(store, sys.argv[2] + str(n)) for n in range(20)])

asyncio.run(main())
"""


def run_and_kill(folder: Path, name: str, seconds: float) -> list[str]:
    """What the child acknowledged before it was killed, `seconds` after its first word."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), name], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    first = child.stdout.readline()
    time.sleep(seconds)
    child.kill()
    rest = child.stdout.read()
    child.wait()
    child.stdout.close()
    lines = (first + rest).split("\n")
    return lines[:-1]  # a line cut short was not said


@pytest.mark.slow
async def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    for number in range(ROUNDS):
        told = run_and_kill(tmp_path, f"r{number}-", 0.05 + 0.07 * number)
        assert told
        acknowledged.update(told)

        async def names(tx: ReadTx) -> list[str]:
            return [row[0] for row in await tx.rows("SELECT name FROM server")]

        async def integrity(tx: ReadTx) -> str:
            text: str = await tx.value("SELECT integrity_check FROM pragma_integrity_check")
            return text

        store = await new_store(tmp_path)
        found = set(await store.scan(names))
        assert await store.scan(integrity) == "ok"
        await store.close()
        whole = {name[:-2] for name in found if name.endswith("a")}
        assert {name[:-2] for name in found if name.endswith("b")} == whole
        assert acknowledged <= whole
