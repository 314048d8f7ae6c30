"""Passwords: prepared as RFC 8265 says, hashed with argon2id, in a pool with a bound."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from roost.service.login_queue import LoginBusy, RankedQueue
from roost.service.password_rules import prepare_new
from roost.service.passwords import Argon2Hasher, PasswordInvalid, prepare
from roost.testing.random import SeededRandom


@pytest.mark.parametrize(
    ("typed", "prepared"),
    [
        ("correct horse", "correct horse"),
        ("Ünïcödé", "Ünïcödé"),
        ("u\u0308ber", "\u00fcber"),
        ("a\u00a0b", "a b"),
        ("a\u3000b", "a b"),
        (" a ", " a "),
        ("\U0001f40e" * 3, "\U0001f40e" * 3),
    ],
    ids=["ascii", "not ascii", "nfc", "no-break space", "wide space", "spaces stay", "symbols"],
)
def test_a_password_has_one_form(typed: str, prepared: str) -> None:
    assert prepare(typed) == prepared
    assert prepare(prepared) == prepared


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "it is empty"),
        ("pass\x00word", "cannot be typed"),
        ("pass\tword", "cannot be typed"),
        ("pass\ud800word", "cannot be typed"),
        ("x" * 256, "more than 255 octets"),
        ("ü" * 128, "more than 255 octets"),
        ("short12", "fewer than 8 characters"),
        ("üüüüüüü", "fewer than 8 characters"),
    ],
)
def test_what_cannot_be_a_new_password(typed: str, reason: str) -> None:
    with pytest.raises(PasswordInvalid, match=reason):
        prepare_new(typed)


async def test_argon2id_with_19_mib_and_two_passes() -> None:
    with ThreadPoolExecutor(2) as pool:
        hasher = Argon2Hasher(RankedQueue(pool), SeededRandom())
        one, other = await hasher.hash("correct horse"), await hasher.hash("correct horse")
        assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert one != other, "each has a salt of its own"
        assert await hasher.verify(one, "correct horse")
        assert not await hasher.verify(one, "correct Horse")
        assert not await hasher.verify(None, "correct horse")
        assert not await hasher.verify("no hash", "correct horse")


async def test_nobody_costs_as_much_as_anybody() -> None:
    """What is verified for nobody has the same parameters and lengths as a real hash."""
    with ThreadPoolExecutor(1) as pool:
        seen: list[bytes] = []

        class Watching(ThreadPoolExecutor):
            def submit(self, fn, /, *args, **named):  # type: ignore[no-untyped-def]
                seen.append(fn.args[1])
                return super().submit(fn, *args, **named)

        real = await Argon2Hasher(RankedQueue(pool), SeededRandom()).hash("correct horse")
        with Watching(1) as watching:
            await Argon2Hasher(RankedQueue(watching), SeededRandom()).verify(None, "x")
    nobody = seen[0].decode()
    assert (
        nobody.rpartition("$")[0].rpartition("$")[0] == real.rpartition("$")[0].rpartition("$")[0]
    )
    assert len(nobody) == len(real)


async def test_too_many_at_once_are_told_to_come_back() -> None:
    free = Event()
    with ThreadPoolExecutor(1) as pool:
        hasher = Argon2Hasher(RankedQueue(pool, max_waiting=2), SeededRandom())
        pool.submit(free.wait, 5)
        waiting = [asyncio.ensure_future(hasher.verify(None, "x")) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(LoginBusy) as caught:
            await hasher.verify(None, "x")
        assert caught.value.temporary
        free.set()
        assert await asyncio.gather(*waiting) == [False, False]
        assert not await hasher.verify(None, "x")


async def test_whoever_leaves_frees_a_place() -> None:
    free = Event()
    with ThreadPoolExecutor(1) as pool:
        hasher = Argon2Hasher(RankedQueue(pool, max_waiting=1), SeededRandom())
        pool.submit(free.wait, 5)
        gone = asyncio.ensure_future(hasher.verify(None, "x"))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        other = asyncio.ensure_future(hasher.verify(None, "x"))
        await asyncio.sleep(0)
        free.set()
        assert not await other
