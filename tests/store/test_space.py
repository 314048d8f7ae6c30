from pathlib import Path

import pytest

from roost.store.space import GIB, Space, least_free

MIB = 1 << 20


class Disk:
    """A disk with so much room."""

    def __init__(self, free: int) -> None:
        self.free = free

    def free_octets(self) -> int:
        return self.free


@pytest.mark.parametrize(
    ("largest", "least"), [(100 * MIB, GIB), (GIB, 2 * GIB)], ids=["a GiB", "two large messages"]
)
def test_mail_needs_room_to_spare(largest: int, least: int) -> None:
    disk = Disk(least)
    space = Space(disk.free_octets, None, least_octets=least_free(largest))
    assert space.accepts_mail()
    disk.free -= 1
    assert not space.accepts_mail()


def test_localserve_may_ask_for_less() -> None:
    assert least_free(10, least_octets=1_000) == 1_000


def test_the_reserve_is_made_given_up_and_made_again(tmp_path: Path) -> None:
    disk, reserve = Disk(MIB), tmp_path / "reserve"
    space = Space(disk.free_octets, reserve, least_octets=1_000, reserve_octets=MIB)
    assert not space.restore()  # it would leave no room for mail
    disk.free = MIB + 1_000
    assert space.restore()
    assert reserve.stat().st_blocks * 512 >= MIB  # no hole
    assert space.restore()
    assert space.release()
    assert not space.release()
    assert not reserve.exists()


def test_a_reserve_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    space = Space(Disk(GIB).free_octets, tmp_path / "no" / "reserve", least_octets=0)
    assert not space.restore()
    assert not space.release()


def test_without_a_reserve() -> None:
    space = Space(Disk(GIB).free_octets, None, least_octets=0)
    assert not space.restore()
    assert not space.release()
