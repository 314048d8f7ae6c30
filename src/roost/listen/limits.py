"""How many connections an address, its network and all of them together may have."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from roost.ports.clock import Clock
from roost.ports.net import IpAddress

# How many low bits of an address its three classes leave out, from one user to one provider.
_IPV4_SHIFTS = (0, 6, 11)  # /32 /26 /21
_IPV6_SHIFTS = (64, 80, 96)  # /64 /48 /32
_SCALES = (1, 3, 9)
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
        if self._is_exempt(ip):
            return None
        self._turn_window()
        classes = list(_classes(ip))
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
        if self._is_exempt(ip):
            return
        for network, _ in _classes(ip):
            left = self._open[network] - 1
            if left:
                self._open[network] = left
            else:
                del self._open[network]

    def _is_exempt(self, ip: IpAddress | None) -> bool:
        return ip is None or (self._settings.exempt_loopback and ip.is_loopback)

    def _turn_window(self) -> None:
        window = int(self._clock.monotonic() // _WINDOW_SECONDS)
        if window != self._window:
            self._window = window
            self._recent.clear()


def _classes(ip: IpAddress | None) -> Iterator[tuple[int, int]]:
    """The networks `ip` is counted in, each with its scale.

    A network is its prefix with version and class in the low bits, so that no two are equal.
    """
    assert ip is not None
    number = int(ip)
    shifts = _IPV4_SHIFTS if ip.version == 4 else _IPV6_SHIFTS
    for which, (shift, scale) in enumerate(zip(shifts, _SCALES, strict=True)):
        yield (number >> shift) << 3 | which << 1 | (ip.version == 6), scale


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
