"""Metrics as Prometheus reads them."""

from roost.adapters.metrics import Metrics


def test_connections_are_counted_by_service() -> None:
    metrics = Metrics()
    metrics.connections.opened("smtp")
    metrics.connections.opened("smtp")
    metrics.connections.closed("smtp", 2.0)
    metrics.connections.refused("imap", "rate")
    metrics.connections.tls_failed("imap", "timeout")
    metrics.loop_delayed(0.03)
    text = metrics.render().decode()
    for line in (
        'roost_connections_total{service="smtp"} 2.0',
        'roost_connections_open{service="smtp"} 1.0',
        'roost_connections_refused_total{reason="rate",service="imap"} 1.0',
        'roost_tls_failed_total{reason="timeout",service="imap"} 1.0',
        'roost_loop_delay_seconds_bucket{le="0.02"} 0.0',
        'roost_loop_delay_seconds_bucket{le="0.05"} 1.0',
    ):
        assert line in text


def test_two_servers_in_one_process_do_not_share() -> None:
    first, second = Metrics(), Metrics()
    first.counter("extra", "Only here.").inc()
    assert b"roost_extra_total 1.0" in first.render()
    assert b"roost_extra" not in second.render()
