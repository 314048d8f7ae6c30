"""Which passwords were right a moment ago, so that a mail program's next login costs nothing."""

import hashlib
import hmac
from collections import OrderedDict
from datetime import timedelta

from roost.store.credentials import Credential

REMEMBERED = timedelta(minutes=15)
MAX_REMEMBERED = 10_000


class LoginCache:
    """Remembers for 15 minutes which passwords were right, by a keyed hash of each.

    The stored secret goes into the hash, so that a changed password is not remembered.
    """

    def __init__(self, key: bytes, *, max_entries: int = MAX_REMEMBERED) -> None:
        """key: random octets that nobody else knows."""
        self._key = key
        self._max_entries = max_entries
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def remember(self, credential: Credential, password: str, now: float) -> None:
        """Note that the password is right. now: of a monotonic clock, in seconds."""
        mark = self._mark(credential, password)
        self._until[mark] = now + REMEMBERED.total_seconds()
        self._until.move_to_end(mark)
        if len(self._until) > self._max_entries:
            self._until.popitem(last=False)

    def knows(self, credential: Credential, password: str, now: float) -> bool:
        """Whether the password was found right within the last 15 minutes."""
        return self._until.get(self._mark(credential, password), 0.0) > now

    def _mark(self, credential: Credential, password: str) -> bytes:
        text = f"{credential.account} {credential.id} {credential.secret}\0{password}"
        return hmac.digest(self._key, text.encode(), hashlib.sha256)
