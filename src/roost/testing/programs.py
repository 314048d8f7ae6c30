"""Programs from outside the package, driven as a person does: commands, keys on a terminal."""

import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")


def run(
    *command: str,
    stdin: bytes = b"",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    status: tuple[int, ...] = (0,),
) -> subprocess.CompletedProcess[bytes]:
    """The program that has ended; AssertionError with what it said unless with a `status`."""
    done = subprocess.run(
        command, input=stdin, capture_output=True, timeout=40, check=False, cwd=cwd, env=env
    )
    assert done.returncode in status, (command, done.stdout[-3000:], done.stderr[-3000:])
    return done


def until(
    look: Callable[[], T], complain: Callable[[], object] = lambda: "", seconds: float = 20.0
) -> T:
    """What `look` gives once it is true; AssertionError with `complain` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, complain()
        time.sleep(0.02)
    return found


class Terminal:
    """A program on a terminal of 100 by 40, held by tmux; a context manager.

    folder: for tmux's socket; its path stays under the 100 octets a socket may have.
    """

    def __init__(self, folder: Path, command: str) -> None:
        self._tmux = ("tmux", "-f", "/dev/null", "-S", str(folder / "tmux"))
        self._command = command

    def screen(self) -> str:
        """What it shows now; empty once the program has ended."""
        shown = run(*self._tmux, "capture-pane", "-p", status=(0, 1))
        return shown.stdout.decode(errors="replace")

    def wait_for(self, *texts: str) -> str:
        """The screen once it shows all of `texts`; AssertionError with what it shows instead."""
        return until(lambda: self._showing(texts), lambda: f"no {texts}:\n{self.screen()}")

    def keys(self, *names: str) -> None:
        """Press keys: letters, or what tmux calls them (Enter, C-x)."""
        run(*self._tmux, "send-keys", *names)

    def write(self, text: str) -> None:
        """Press the keys of a text."""
        run(*self._tmux, "send-keys", "-l", text)

    def wait_for_end(self) -> None:
        """Wait until the program has ended by itself."""
        until(lambda: not self.screen(), lambda: f"still there:\n{self.screen()}")

    def __enter__(self) -> Self:
        run(*self._tmux, "new-session", "-d", "-x", "100", "-y", "40", self._command)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        run(*self._tmux, "kill-server", status=(0, 1))

    def _showing(self, texts: tuple[str, ...]) -> str:
        screen = self.screen()
        return screen if all(text in screen for text in texts) else ""
