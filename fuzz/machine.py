"""The state machine of tests/session/imap/test_sessions_machine.py, for as long as one likes."""

import importlib.util
import time
import traceback
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

FILE = Path(__file__).parent.parent / "tests" / "session" / "imap" / "test_sessions_machine.py"
EXAMPLES = 20
STEPS = 80


def play_sessions(until: float) -> int | None:
    """Play until then; how many examples, None when one broke something."""
    deep = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    played = 0
    while time.monotonic() < until:
        try:
            run_state_machine_as_test(_machine(), settings=deep)
        except Exception:
            traceback.print_exc()
            return None
        played += EXAMPLES
    return played


@cache
def _machine() -> Any:
    spec = importlib.util.spec_from_file_location("sessions_machine", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SessionsMachine
