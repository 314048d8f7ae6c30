"""make fuzz: feeds parsers and sessions mutated octets for a while, and plays sessions at random.

make fuzz                            60 seconds
make fuzz ARGS="600 smtp_session 17"   so many seconds, one target, from a seed
make fuzz ARGS="600 sessions"        the state machine of several IMAP sessions, for long

What broke is written to fuzz/corpus/<target>/, as small as it can be made, and `make test` plays it
from then on.
"""

import hashlib
import signal
import sys
import time
import traceback
from pathlib import Path

from fuzz.machine import play_sessions
from roost.testing.fuzz_mutate import mutate, smallest
from roost.testing.fuzz_targets import Target, targets
from roost.testing.random import SeededRandom

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "fuzz" / "corpus"
SESSIONS = "sessions"
SLICE_SECONDS = 1.0
HANG_SECONDS = 30


class Hung(Exception):
    """An input took longer than any should."""


def break_of(target: Target, octets: bytes) -> BaseException | None:
    """What went wrong with an input, if anything."""
    signal.alarm(HANG_SECONDS)
    try:
        target.play(octets)
    except Exception as error:
        return error
    finally:
        signal.alarm(0)
    return None


def fuzz(name: str, target: Target, random: SeededRandom, until: float) -> int | None:
    """Try inputs until then; how many, None when one broke something."""
    kept = [path.read_bytes() for path in sorted((CORPUS / name).glob("*"))]
    seeds = [*target.seeds, *kept]
    tried = 0
    while time.monotonic() < until:
        octets = mutate(random, seeds)
        error = break_of(target, octets)
        if error is not None:
            keep(name, target, octets, error)
            return None
        tried += 1
    return tried


def keep(name: str, target: Target, octets: bytes, error: BaseException) -> None:
    """Write an input that broke, and say how."""
    least = smallest(octets, lambda less: type(break_of(target, less)) is type(error))
    path = CORPUS / name / hashlib.sha256(least).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(least)
    traceback.print_exception(break_of(target, least) or error)
    print(f"{name} broke on {least!r}\nkept as {path.relative_to(ROOT)}")


def hung(_signal: int, _frame: object) -> None:
    raise Hung(f"more than {HANG_SECONDS} seconds")


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    known = targets(ROOT / "tests" / "dialogue")
    names = [sys.argv[2]] if len(sys.argv) > 2 else [*known, SESSIONS]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else time.time_ns()
    print(f"seed {seed}", flush=True)
    random = SeededRandom(seed)
    signal.signal(signal.SIGALRM, hung)
    counts = dict.fromkeys(names, 0)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for name in names:
            until = min(deadline, time.monotonic() + SLICE_SECONDS)
            if name == SESSIONS:
                tried: int | None = play_sessions(until)
            else:
                tried = fuzz(name, known[name], random, until)
            if tried is None:
                return 1
            counts[name] += tried
    print(", ".join(f"{name} {count}" for name, count in counts.items()) + ": nothing broke")
    return 0


if __name__ == "__main__":
    sys.exit(main())
