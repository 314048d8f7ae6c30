"""How many logins may fail from an address and its networks: one count for all protocols."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from roost.base.network import network_classes
from roost.ports.clock import Clock
from roost.ports.net import IpAddress
from roost.service.login_outcome import LoginLimited

MINUTE_SECONDS = 60.0
DAY_SECONDS = 86_400.0
FAMILIAR = -1

_NONE: MappingProxyType[int, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FailedLoginSettings:
    """Bounds for one address; its two larger networks get three and nine times as much.

    max_tracked: how many networks are counted at once. Beyond it those are forgotten from which
        nobody tried for the longest.
    """

    per_minute: int = 10
    per_day: int = 50
    exempt_loopback: bool = False
    max_tracked: int = 100_000


class FailedLogins:
    """Counts failed logins in fixed windows of a minute and of a day.

    Those that are being checked may all turn out wrong: when there are as many of them as may still
    fail, the next one waits until one of them is known. So many at once are never too many.
    """

    def __init__(self, clock: Clock, settings: FailedLoginSettings) -> None:
        self._settings = settings
        tracked = settings.max_tracked
        self._minute = _Window(clock, MINUTE_SECONDS, settings.per_minute, tracked)
        self._day = _Window(clock, DAY_SECONDS, settings.per_day, tracked)
        self._good: OrderedDict[int, None] = OrderedDict()
        self._open: dict[int, int] = {}
        self._waiting: dict[int, list[asyncio.Future[None]]] = {}

    def refuses(self, ip: IpAddress | None) -> bool:
        """Whether nothing from `ip` is looked at for now. None and, by option, loopback never."""
        if ip is None or self._is_exempt(ip):
            return False
        return self._minute.is_full(ip) or self._day.is_full(ip)

    async def begin(self, ip: IpAddress | None) -> int:
        """A login is about to be checked; returns when it may be, with its rank.

        The rank: how many failed from there today or are being checked; of a larger network a third
        and a ninth. FAMILIAR where that is none and somebody signed in from there before. Whoever
        began must `end`. Raises LoginLimited.
        """
        if ip is None or self._is_exempt(ip):
            return 0
        while not self.refuses(ip):
            if not (self._minute.is_full(ip, self._open) or self._day.is_full(ip, self._open)):
                rank = self._day.rank(ip, self._open)
                self._count_open(ip, 1)
                return FAMILIAR if not rank and _smallest(ip) in self._good else rank
            await self._wait(ip)
        raise LoginLimited

    def end(self, ip: IpAddress | None) -> None:
        """A login that began is known; call what it was first."""
        if ip is None or self._is_exempt(ip):
            return
        self._count_open(ip, -1)
        for waiter in self._waiting.pop(_largest(ip), ()):
            if not waiter.done():
                waiter.set_result(None)

    def failed(self, ip: IpAddress | None) -> None:
        """A login failed."""
        if ip is not None and not self._is_exempt(ip):
            self._minute.add(ip, 1)
            self._day.add(ip, 1)

    def succeeded(self, ip: IpAddress | None) -> None:
        """The address knows a password: what failed from it before is forgotten."""
        if ip is None:
            return
        self._minute.clear(ip)
        self._day.clear(ip)
        self._good[_smallest(ip)] = None
        self._good.move_to_end(_smallest(ip))
        if len(self._good) > self._settings.max_tracked:
            self._good.popitem(last=False)

    async def _wait(self, ip: IpAddress) -> None:
        """Until one of those that are being checked is known, in the largest network."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(_largest(ip), []).append(waiter)
        await waiter

    def _count_open(self, ip: IpAddress, count: int) -> None:
        for network, _ in network_classes(ip):
            left = self._open.get(network, 0) + count
            if left:
                self._open[network] = left
            else:
                del self._open[network]

    def _is_exempt(self, ip: IpAddress) -> bool:
        return self._settings.exempt_loopback and ip.is_loopback


def _smallest(ip: IpAddress) -> int:
    return next(network_classes(ip))[0]


def _largest(ip: IpAddress) -> int:
    *_, (network, _) = network_classes(ip)
    return network


class _Window:
    """Counts by network, all gone when the next window begins."""

    def __init__(self, clock: Clock, seconds: float, limit: int, max_tracked: int) -> None:
        self._clock = clock
        self._seconds = seconds
        self._limit = limit
        self._max_tracked = max_tracked
        self._index = -1
        self._counts: OrderedDict[int, int] = OrderedDict()

    def is_full(self, ip: IpAddress, more: Mapping[int, int] = _NONE) -> bool:
        """Whether as many as may failed, with those in `more`.

        Also notes that somebody goes on trying there, so that it is not forgotten.
        """
        counts = self._now()
        for network, scale in network_classes(ip):
            if counts.get(network, 0) + more.get(network, 0) >= self._limit * scale:
                if network in counts:
                    counts.move_to_end(network)
                return True
        return False

    def rank(self, ip: IpAddress, more: Mapping[int, int]) -> int:
        counts = self._now()
        return max(
            (counts.get(network, 0) + more.get(network, 0)) // scale
            for network, scale in network_classes(ip)
        )

    def add(self, ip: IpAddress, count: int) -> None:
        counts = self._now()
        for network, _ in network_classes(ip):
            left = counts.get(network, 0) + count
            if left > 0:
                counts[network] = left
                counts.move_to_end(network)
            else:
                counts.pop(network, None)
        while len(counts) > self._max_tracked:
            counts.popitem(last=False)

    def clear(self, ip: IpAddress) -> None:
        """Forget an address, also where its larger networks are counted."""
        if own := self._now().get(_smallest(ip), 0):
            self.add(ip, -own)

    def _now(self) -> OrderedDict[int, int]:
        index = int(self._clock.monotonic() // self._seconds)
        if index != self._index:
            self._index = index
            self._counts.clear()
        return self._counts
