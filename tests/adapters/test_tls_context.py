"""Contexts are kept for a day and no longer."""

from datetime import timedelta

from roost.adapters.certificate import make_self_signed
from roost.adapters.tls_context import ServerOptions, TlsContexts
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
        clock.advance(timedelta(days=2))
    assert len(contexts._made) == 1
