"""Who hears which hint."""

from roost.adapters.bus import LocalBus
from roost.base.ids import AccountId
from roost.ports.bus import Hint, Type
from roost.ports.log_events import Event
from roost.testing.log import ListLog


def hint(account: int) -> Hint:
    return Hint(AccountId(account), frozenset({Type.EMAIL}), frozenset(), 7)


def test_hints_reach_their_account_and_who_listens_to_all() -> None:
    bus = LocalBus(ListLog())
    one: list[Hint] = []
    every: list[Hint] = []
    bus.listen(AccountId(1), one.append)
    stop = bus.listen(None, every.append)
    bus.publish(hint(1))
    bus.publish(hint(2))
    stop()
    stop()
    bus.publish(hint(1))
    assert one == [hint(1), hint(1)]
    assert every == [hint(1), hint(2)]


def test_one_that_raises_stops_no_other() -> None:
    log = ListLog()
    bus = LocalBus(log)
    heard: list[Hint] = []

    def fail(_: Hint) -> None:
        raise RuntimeError("a bug")

    bus.listen(AccountId(1), fail)
    bus.listen(AccountId(1), heard.append)
    bus.publish(hint(1))
    assert heard == [hint(1)]
    assert len(log.named(Event.JOB_FAILED)) == 1


def test_listening_may_change_while_a_hint_goes_round() -> None:
    bus = LocalBus(ListLog())
    heard: list[str] = []

    def join(_: Hint) -> None:
        heard.append("first")
        stop()
        bus.listen(AccountId(1), lambda _: heard.append("late"))

    stop = bus.listen(AccountId(1), join)
    bus.publish(hint(1))
    assert heard == ["first"]
    bus.publish(hint(1))
    assert heard == ["first", "late"]


def test_nothing_is_kept_of_who_left() -> None:
    bus = LocalBus(ListLog())
    bus.listen(AccountId(1), lambda _: None)()
    assert bus._listeners == {}
