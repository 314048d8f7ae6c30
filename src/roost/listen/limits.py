"""How many connections an address, its network and all of them together may have."""

from dataclasses import dataclass
from enum import Enum

from roost.base.network import network_classes
from roost.ports.clock import Clock
from roost.ports.net import IpAddress

_WINDOW_SECONDS = 60.0


class Refused(Enum):
    """Why a connection was not taken."""

    RATE = "rate"
    OPEN = "open"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """Bounds for one address; its two larger networks get three and nine times as much.

    max_tracked: how many networks are counted per minute. Beyond it new ones go uncounted: memory
        stays bounded, and those already counted stay limited.
    """

    per_minute: int = 300
    open: int = 30
    exempt_loopback: bool = True
    max_tracked: int = 100_000


class AddressLimits:
    """Counts the connections of one service, per class of address, in fixed windows of a minute."""

    def __init__(self, clock: Clock, settings: LimitSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._window = -1
        self._recent: dict[int, int] = {}
        self._open: dict[int, int] = {}

    def admit(self, ip: IpAddress | None) -> Refused | None:
        """Count a connection from `ip`; says why it must not be, None when it may.

        One admitted must be given back to `release`. None and, by option, loopback always pass.
        """
        if ip is None or self._is_exempt(ip):
            return None
        self._turn_window()
        classes = list(network_classes(ip))
        for network, scale in classes:
            if self._recent.get(network, 0) >= self._settings.per_minute * scale:
                return Refused.RATE
            if self._open.get(network, 0) >= self._settings.open * scale:
                return Refused.OPEN
        for network, _ in classes:
            self._open[network] = self._open.get(network, 0) + 1
            if network in self._recent or len(self._recent) < self._settings.max_tracked:
                self._recent[network] = self._recent.get(network, 0) + 1
        return None

    def release(self, ip: IpAddress | None) -> None:
        """A connection that was admitted has ended."""
        if ip is None or self._is_exempt(ip):
            return
        for network, _ in network_classes(ip):
            left = self._open[network] - 1
            if left:
                self._open[network] = left
            else:
                del self._open[network]

    def _is_exempt(self, ip: IpAddress) -> bool:
        return self._settings.exempt_loopback and ip.is_loopback

    def _turn_window(self) -> None:
        window = int(self._clock.monotonic() // _WINDOW_SECONDS)
        if window != self._window:
            self._window = window
            self._recent.clear()


class ConnectionCap:
    """A bound on all open connections of the process, because file descriptors are finite."""

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self.taken = 0

    def take(self) -> bool:
        """Count one more; False when there is no room."""
        if self.taken >= self._limit:
            return False
        self.taken += 1
        return True

    def give(self) -> None:
        """One that was taken has ended."""
        self.taken -= 1
