"""Metrics for Prometheus, in a registry of our own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

_STALL_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_DNS_BUCKETS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0)
_CONNECTION_BUCKETS = (0.1, 1.0, 10.0, 60.0, 300.0, 1800.0, 3600.0, 86400.0)


class Metrics:
    """Every metric of one server. Names begin with `roost_` (which each method adds)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.connections = Connections(self)
        self.dns = DnsLookups(self)
        self._stall = self.histogram(
            "loop_delay_seconds", "How much too late the loop came back.", _STALL_BUCKETS
        )
        self._longest = self.gauge(
            "loop_delay_max_seconds", "The longest delay since the metrics were read last."
        )
        self._worst_stall = 0.0

    def counter(self, name: str, doc: str, labels: tuple[str, ...] = ()) -> Counter:
        """A number that only grows; `_total` is added to its name."""
        return Counter(f"roost_{name}", doc, labels, registry=self.registry)

    def gauge(self, name: str, doc: str, labels: tuple[str, ...] = ()) -> Gauge:
        """A number that goes up and down."""
        return Gauge(f"roost_{name}", doc, labels, registry=self.registry)

    def histogram(
        self, name: str, doc: str, buckets: tuple[float, ...], labels: tuple[str, ...] = ()
    ) -> Histogram:
        """How often a value fell below each bound of `buckets`."""
        return Histogram(f"roost_{name}", doc, labels, buckets=buckets, registry=self.registry)

    def loop_delayed(self, seconds: float) -> None:
        """What the stall watcher measured."""
        self._stall.observe(seconds)
        self._worst_stall = max(self._worst_stall, seconds)

    def render(self) -> bytes:
        """All of it in Prometheus' text form; the longest delay counts anew from each rendering."""
        self._longest.set(self._worst_stall)
        self._worst_stall = 0.0
        return generate_latest(self.registry)


class Connections:
    """Counts connections per service, for `listen.service.ConnectionMetrics`."""

    def __init__(self, metrics: Metrics) -> None:
        service = ("service",)
        why = ("service", "reason")
        self._opened = metrics.counter("connections", "Connections taken.", service)
        self._open = metrics.gauge("connections_open", "Connections open now.", service)
        self._refused = metrics.counter("connections_refused", "Connections not taken.", why)
        self._tls_failed = metrics.counter("tls_failed", "TLS handshakes that failed.", why)
        self._lasted = metrics.histogram(
            "connection_seconds", "How long connections lasted.", _CONNECTION_BUCKETS, service
        )

    def opened(self, service: str) -> None:
        self._opened.labels(service).inc()
        self._open.labels(service).inc()

    def closed(self, service: str, seconds: float) -> None:
        self._open.labels(service).dec()
        self._lasted.labels(service).observe(seconds)

    def refused(self, service: str, reason: str) -> None:
        self._refused.labels(service, reason).inc()

    def tls_failed(self, service: str, reason: str) -> None:
        self._tls_failed.labels(service, reason).inc()


class DnsLookups:
    """Counts what the resolver was asked."""

    def __init__(self, metrics: Metrics) -> None:
        kind = ("type",)
        self._asked = metrics.counter(
            "dns_lookups", "Questions to DNS servers by how they ended.", ("type", "result")
        )
        self._kept = metrics.counter("dns_kept", "Questions answered from memory.", kind)
        self._took = metrics.histogram(
            "dns_lookup_seconds", "How long questions to DNS servers took.", _DNS_BUCKETS, kind
        )

    def asked(self, kind: str, result: str, seconds: float) -> None:
        self._asked.labels(kind, result).inc()
        self._took.labels(kind).observe(seconds)

    def kept(self, kind: str) -> None:
        self._kept.labels(kind).inc()
