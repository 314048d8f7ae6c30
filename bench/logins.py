"""Signing in: what a known and an unknown name cost, and a right login in the middle of an attack.

python -m bench logins
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import uvloop

from roost.adapters.clock import SystemClock
from roost.adapters.random import SystemRandom
from roost.base.address import Address
from roost.base.domain import Domain
from roost.base.errors import ServiceError
from roost.service import accounts, domains
from roost.service.credential_secret import SecretMaker
from roost.service.login import PasswordLogin, Passwords
from roost.service.login_attempts import LoginAttempts
from roost.service.login_cache import LoginCache
from roost.service.login_limits import FailedLogins, FailedLoginSettings
from roost.service.login_queue import THREADS, RankedQueue
from roost.service.passwords import Argon2Hasher
from roost.service.scram_login import Proofs
from roost.service.set_password import set_password
from roost.service.sign_ins import Origin, SignIns
from roost.store.revisions import Actor
from roost.testing.store import new_store

ADMIN = Actor("admin", "bench")
ANN, PASSWORD = "ann@bench.test", "my dog Waldi is wet"
TRIES = 1_000
ATTACKERS = 100
WRONG_PER_SECOND = 1_000
SECONDS = 8
HERE = Origin("imap", "PLAIN", "bench", ip_address("198.51.100.7"), "TLSv1.3")


@asynccontextmanager
async def new_house(folder: Path) -> AsyncIterator[SignIns]:
    """All ways to sign in to a store on disk, with account "ann" and real hashes."""
    clock, random = SystemClock(), SystemRandom()
    store = await new_store(folder, clock=clock)
    with ThreadPoolExecutor(THREADS) as pool:
        hasher = Argon2Hasher(RankedQueue(pool), random)
        maker = SecretMaker(hasher, random)
        await domains.add(store, clock, ADMIN, Domain.parse("bench.test"))
        await accounts.add(store, clock, ADMIN, "ann", address=Address.parse(ANN))
        await set_password(store, maker, clock, ADMIN, "ann", PASSWORD)
        attempts = LoginAttempts(store, clock)
        writer = asyncio.ensure_future(attempts.run())
        passwords = Passwords(store, hasher, LoginCache(random.octets(32)), clock)
        limits = FailedLogins(clock, FailedLoginSettings())
        proofs = Proofs(store, clock, random.octets(32))
        yield SignIns(passwords, proofs, limits, attempts, lambda *_: None)
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
    await store.close()


async def known_beside_unknown(sign_ins: SignIns) -> None:
    """Wrong passwords for a name that is known and for names that are not, in turns."""
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(TRIES):
        for kind, name in (("known", ANN), ("unknown", f"n{number}@bench.test")):
            began = time.perf_counter()
            with suppress(ServiceError):
                await sign_ins.passwords.check(PasswordLogin(name, "wrong", "imap"))
            times[kind].append((time.perf_counter() - began) * 1000)
    for kind, one in times.items():
        low, median, high = statistics.quantiles(one)
        print(f"| wrong password, {kind} name | {median:.2f} [{low:.2f}-{high:.2f}] |")


async def attack(sign_ins: SignIns, until: float) -> int:
    """Wrong logins from many addresses of as many networks; returns how many."""
    done = 0
    tasks: set[asyncio.Task[None]] = set()

    async def guess(number: int) -> None:
        ip = ip_address(f"10.{number % ATTACKERS}.0.1")
        with suppress(ServiceError):
            await sign_ins.by_password(replace(HERE, ip=ip), f"n{number}@bench.test", "wrong")

    while time.perf_counter() < until:
        for _ in range(WRONG_PER_SECOND // 100):
            task = asyncio.ensure_future(guess(done))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            done += 1
        await asyncio.sleep(0.01)
    await asyncio.gather(*tasks)
    return done


async def right_logins(sign_ins: SignIns, until: float, *, familiar: bool) -> list[float]:
    """Milliseconds of right logins, none of them remembered.

    familiar: from where somebody signed in before; else each from a new address.
    """
    times: list[float] = []
    while time.perf_counter() < until:
        await asyncio.sleep(0.2)
        cold = replace(sign_ins.passwords, cache=LoginCache(b"nothing is remembered"))
        ip = HERE.ip if familiar else ip_address(f"172.{len(times)}.0.1")
        began = time.perf_counter()
        await replace(sign_ins, passwords=cold).by_password(replace(HERE, ip=ip), ANN, PASSWORD)
        times.append((time.perf_counter() - began) * 1000)
    return times


async def measure(folder: Path) -> None:
    print("\n## Signing in, milliseconds\n\n| what | median [quartiles] |\n|---|---|")
    async with new_house(folder) as sign_ins:
        await known_beside_unknown(sign_ins)
        calm = await right_logins(sign_ins, time.perf_counter() + SECONDS, familiar=True)
        show("alone", calm)
        until = time.perf_counter() + SECONDS
        wrong, known, new = await asyncio.gather(
            attack(sign_ins, until),
            right_logins(sign_ins, until, familiar=True),
            right_logins(sign_ins, until, familiar=False),
        )
        beside = f"beside {wrong // SECONDS} wrong ones a second"
        show(f"from a familiar address, {beside}", known)
        show(f"from a new address, {beside}", new)
        show("the same after the first second of it", new[5:])


def show(what: str, times: list[float]) -> None:
    """A row of the table."""
    low, median, high = statistics.quantiles(times)
    print(
        f"| right password, {what} | {median:.1f} [{low:.1f}-{high:.1f}], worst {max(times):.1f} |",
        flush=True,
    )


def logins(folder: Path) -> None:
    """The section of `make bench`."""
    folder.mkdir(parents=True, exist_ok=True)
    uvloop.run(measure(folder))


if __name__ == "__main__":
    logins(Path(tempfile.mkdtemp(prefix="roost-bench-")))
