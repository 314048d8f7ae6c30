"""When a recipient is tried again."""

from datetime import timedelta

MAX_ATTEMPTS = 8
FIRST_WAIT = timedelta(minutes=7, seconds=30)
CLAIM = timedelta(minutes=5)


def wait_after(attempt: int) -> timedelta | None:
    """How long to wait after attempt number `attempt` failed for a while; None to give up."""
    return None if attempt >= MAX_ATTEMPTS else FIRST_WAIT * 2 ** (attempt - 1)
