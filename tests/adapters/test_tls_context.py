"""Contexts are kept for a day and no longer."""

from datetime import timedelta

import pytest

from roost.adapters.certificate import make_self_signed
from roost.adapters.tls_context import ServerOptions, TlsContexts, server_context
from roost.adapters.tls_tickets import name_of_ticket_key
from roost.testing.clock import StoppedClock


def test_a_context_is_made_anew_each_day() -> None:
    clock = StoppedClock()
    contexts = TlsContexts(clock, ServerOptions())
    certified = make_self_signed(["mx.test"], clock)
    first = contexts.of(certified)
    clock.advance(timedelta(hours=23, minutes=59))
    assert contexts.of(certified) is first
    clock.advance(timedelta(minutes=1))
    second = contexts.of(certified)
    assert second is not first
    contexts.rebuild()
    assert contexts.of(certified) is not second


def test_contexts_of_replaced_certificates_do_not_pile_up() -> None:
    clock = StoppedClock()
    contexts = TlsContexts(clock, ServerOptions())
    for _ in range(5):
        contexts.of(make_self_signed(["mx.test"], clock))
        clock.advance(timedelta(days=9))
    assert contexts.count == 1


def test_contexts_of_seven_days_before_are_kept_and_no_more() -> None:
    clock = StoppedClock()
    contexts = TlsContexts(clock, ServerOptions())
    certified = make_self_signed(["mx.test"], clock)
    counts = []
    for _ in range(12):
        contexts.of(certified)
        counts.append(contexts.count)
        clock.advance(timedelta(days=1))
    assert counts == [1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8]
    clock.advance(timedelta(days=30))
    contexts.of(certified)
    assert contexts.count == 1


def test_where_there_are_no_tickets_nothing_is_kept_for_them() -> None:
    clock = StoppedClock()
    contexts = TlsContexts(clock, ServerOptions(tickets=False))
    certified = make_self_signed(["mx.test"], clock)
    contexts.of(certified)
    clock.advance(timedelta(days=1))
    contexts.of(certified)
    assert contexts.count == 1


@pytest.mark.parametrize("minimum", ["TLSv1.2", "TLSv1.3"])
def test_each_context_has_a_ticket_key_of_its_own(minimum: str) -> None:
    certified = make_self_signed(["mx.test"], StoppedClock())
    contexts = [server_context(certified, ServerOptions(minimum=minimum)) for _ in range(2)]
    names = [name_of_ticket_key(context) for context in contexts for _ in range(2)]
    assert [len(name) for name in names] == [16] * 4
    assert len(set(names)) == 2
