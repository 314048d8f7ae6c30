"""Whether a resolver is believed when it says that DNSSEC vouches for an answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dns.flags import Flag
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from roost.adapters.dns_exchange import ExchangeFailed, Exchanger
from roost.config.dns import NameServer, may_be_believed
from roost.ports.clock import Clock

# After how long a server is tested again, by what the last test showed.
RETEST_SECONDS = {True: 3600.0, False: 600.0, None: 60.0}
# A resolver looks long for signatures that are not there.
TEST_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class TrustSettings:
    """mode: see `trust_ad` in `[dns]`. signed, bogus: zones whose SOA record tells."""

    mode: Literal["auto", "on", "off"]
    signed: Name
    bogus: Name


@dataclass(slots=True)
class _Verdict:
    believed: bool = False
    again: float = float("-inf")
    test: asyncio.Task[None] | None = None


class Trust:
    """Which servers are believed. The first question to a server waits for its test; later tests
    run beside, and what they find holds from then on.

    changed: called with the server and whether it is believed from now on.
    """

    def __init__(
        self,
        exchanger: Exchanger,
        clock: Clock,
        settings: TrustSettings,
        changed: Callable[[NameServer, bool], None],
    ) -> None:
        self._exchanger = exchanger
        self._clock = clock
        self._settings = settings
        self._changed = changed
        self._verdicts: dict[NameServer, _Verdict] = {}

    async def believes(self, server: NameServer) -> bool:
        """Whether the AD bit of this server means something. RFC 6840 section 5.8."""
        if self._settings.mode == "off" or not may_be_believed(server):
            return False
        if self._settings.mode == "on":
            return True
        verdict = self._verdicts.setdefault(server, _Verdict())
        first = verdict.again == float("-inf")
        if verdict.test is None and self._clock.monotonic() >= verdict.again:
            verdict.test = asyncio.create_task(self._run(server, verdict))
        if first and verdict.test is not None:
            # Whoever stops waiting does not end the test for others.
            await asyncio.shield(verdict.test)
        return verdict.believed

    async def close(self) -> None:
        """End tests that run."""
        tests = [one.test for one in self._verdicts.values() if one.test is not None]
        for test in tests:
            test.cancel()
        await asyncio.gather(*tests, return_exceptions=True)

    async def _run(self, server: NameServer, verdict: _Verdict) -> None:
        try:
            found = await self._test(server)
            verdict.again = self._clock.monotonic() + RETEST_SECONDS[found]
        finally:
            verdict.test = None
        if found is not None and found != verdict.believed:
            verdict.believed = found
            self._changed(server, found)

    async def _test(self, server: NameServer) -> bool | None:
        """Whether the server tells right signatures from wrong ones, None when nobody can say."""
        ask = self._exchanger.ask
        try:
            signed = await ask(server, self._settings.signed, RdataType.SOA, TEST_SECONDS)
            if signed.rcode() != Rcode.NOERROR:
                return None
            if not signed.answer or not signed.flags & Flag.AD:
                return False
            bogus = await ask(server, self._settings.bogus, RdataType.SOA, TEST_SECONDS)
        except ExchangeFailed:
            return None
        return bogus.rcode() == Rcode.SERVFAIL
