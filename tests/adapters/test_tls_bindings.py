"""Channel bindings over whole handshakes: both ends, and the standard library, see the same."""

import ssl
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from OpenSSL import SSL

from roost.adapters.certificate import CertifiedKey, end_point_of
from roost.adapters.tls_context import ServerOptions, client_context, server_context
from roost.adapters.tls_engine import TlsEngine
from roost.ports.net import TlsFacts
from roost.proto.sasl.client import Derive, Say
from roost.proto.sasl.mechanism import (
    Challenge,
    Code,
    Exchange,
    Failed,
    LookUp,
    Proved,
    ScramKeys,
    ScramSecrets,
    Step,
)
from roost.proto.sasl.scram import SHA_256, Scram, scram_keys
from roost.proto.sasl.scram_client import ScramClient

VERSIONS = {"TLSv1.2": SSL.TLS1_2_VERSION, "TLSv1.3": SSL.TLS1_3_VERSION}
NO_EXTENDED_MASTER_SECRET = 1  # SSL_OP_NO_EXTENDED_MASTER_SECRET, which ssl and pyOpenSSL lack


@dataclass
class Server:
    """One end of a connection that has no other end yet."""

    context: SSL.Context
    end_point: bytes | None

    def begin(self) -> TlsEngine:
        connection = SSL.Connection(self.context, None)
        connection.set_accept_state()
        return TlsEngine(connection)

    def facts(self, engine: TlsEngine) -> TlsFacts:
        return engine.facts_as_server(None, None, self.end_point)


@pytest.fixture
def server(certified: CertifiedKey) -> Server:
    return Server(server_context(certified, ServerOptions()), certified.end_point)


def client_at(version: str) -> tuple[SSL.Context, SSL.Connection]:
    context = client_context()
    context.set_max_proto_version(VERSIONS[version])
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    return context, connection


def shake(ours: TlsEngine, theirs: TlsEngine) -> None:
    """Carry octets between two ends until both are done."""
    for _ in range(3):
        for one, other in ((theirs, ours), (ours, theirs)):
            one.shake()
            if octets := one.output():
                other.receive(octets)


def connect(server: Server, version: str) -> tuple[TlsFacts, TlsFacts]:
    """What the server and our own client see of one connection."""
    ours, theirs = server.begin(), TlsEngine(client_at(version)[1])
    shake(ours, theirs)
    return server.facts(ours), theirs.facts_as_client("mx.test")


class StandardClient:
    """A client of the standard library, which knows tls-unique by itself."""

    def __init__(self, version: ssl.TLSVersion, *, options: int = 0) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.context.maximum_version = version
        self.context.options |= options

    def connect(self, server: Server, session: Any = None) -> tuple[ssl.SSLObject, TlsFacts]:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        theirs = self.context.wrap_bio(incoming, outgoing, session=session)
        ours = server.begin()
        for _ in range(3):
            try:
                theirs.do_handshake()
            except ssl.SSLWantReadError:
                pass
            if octets := outgoing.read():
                ours.receive(octets)
            ours.shake()
            incoming.write(ours.output())
        return theirs, server.facts(ours)


@pytest.mark.parametrize("version", VERSIONS)
def test_both_ends_have_the_same(server: Server, version: str) -> None:
    at_server, at_client = connect(server, version)
    assert at_server.version == version
    assert at_server.bindings == at_client.bindings
    bindings = at_server.bindings
    assert bindings.tls_server_end_point is not None
    if version == "TLSv1.3":
        assert bindings.tls_exporter is not None
        assert len(bindings.tls_exporter) == 32
        assert bindings.tls_unique is None
    else:
        assert bindings.tls_unique is not None
        assert bindings.tls_exporter is None


@pytest.mark.parametrize("version", VERSIONS)
def test_another_connection_has_others(server: Server, version: str) -> None:
    one, other = connect(server, version)[0].bindings, connect(server, version)[0].bindings
    assert one != other
    assert one.tls_server_end_point == other.tls_server_end_point


def test_tls_unique_is_what_the_standard_library_has(server: Server) -> None:
    """Also on a resumed session, where the server's Finished comes first."""
    client = StandardClient(ssl.TLSVersion.TLSv1_2)
    theirs, facts = client.connect(server)
    assert facts.bindings.tls_unique == theirs.get_channel_binding("tls-unique")
    assert facts.bindings.tls_unique
    again, resumed = client.connect(server, theirs.session)
    assert resumed.resumed
    assert resumed.bindings.tls_unique == again.get_channel_binding("tls-unique")
    assert resumed.bindings.tls_unique not in (None, facts.bindings.tls_unique)


def test_our_client_has_the_same_on_a_resumed_session(server: Server) -> None:
    context, first = client_at("TLSv1.2")
    shake(server.begin(), TlsEngine(first))
    again = SSL.Connection(context, None)
    again.set_connect_state()
    session = first.get_session()
    assert session is not None
    again.set_session(session)
    ours, theirs = server.begin(), TlsEngine(again)
    shake(ours, theirs)
    at_client = theirs.facts_as_client("mx.test")
    assert at_client.resumed
    assert at_client.bindings.tls_unique is not None
    assert at_client.bindings == server.facts(ours).bindings


def test_a_session_that_somebody_may_share_has_no_tls_unique(server: Server) -> None:
    """Without extended master secret: RFC 7627 section 1."""
    client = StandardClient(ssl.TLSVersion.TLSv1_2, options=NO_EXTENDED_MASTER_SECRET)
    theirs, facts = client.connect(server)
    assert facts.bindings.tls_unique == theirs.get_channel_binding("tls-unique")
    _, resumed = client.connect(server, theirs.session)
    assert resumed.resumed
    assert resumed.bindings.tls_unique is None
    assert resumed.bindings.tls_server_end_point is not None


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_end_point_is_the_hash_of_the_certificate(
    server: Server, version: ssl.TLSVersion
) -> None:
    theirs, facts = StandardClient(version).connect(server)
    presented = theirs.getpeercert(binary_form=True)
    assert presented is not None
    digest = hashes.Hash(hashes.SHA256())  # what the certificate is signed with
    digest.update(presented)
    assert facts.bindings.tls_server_end_point == digest.finalize()


def test_a_certificate_without_a_hash_function_binds_nothing(certified: CertifiedKey) -> None:
    server = Server(server_context(certified, ServerOptions()), None)
    bindings = connect(server, "TLSv1.2")[0].bindings
    assert bindings.tls_server_end_point is None
    assert bindings.tls_unique is not None


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_of_it_is_shown(server: Server, version: str) -> None:
    assert "bindings" not in repr(connect(server, version)[0])


def log_in(at_server: TlsFacts, at_client: TlsFacts) -> Step:
    """A whole SCRAM-SHA-256-PLUS exchange between two ends."""
    client = ScramClient(
        "SCRAM-SHA-256-PLUS", "tim", "secret", "c" * 16, bindings=at_client.bindings
    )
    exchange = Exchange("s" * 16, at_server.bindings, offers_plus=True)
    server = Scram(SHA_256, exchange, plus=True)
    step = server.step(client.start())
    if isinstance(step, LookUp):
        keys = ScramKeys(1, *scram_keys("sha256", "secret", b"salt", 4096))
        step = server.found(ScramSecrets(b"salt", 4096, (keys,)))
        assert isinstance(step, Challenge)
        said = client.answer(step.octets)
        assert isinstance(said, Derive)
        step = server.step(client.derived(said.run()).octets)
    if isinstance(step, Proved):
        assert client.answer(step.final or b"") == Say(b"")
    return step


@pytest.mark.parametrize("version", VERSIONS)
def test_a_login_holds_on_its_own_connection_only(server: Server, version: str) -> None:
    """Somebody in between, even with the server's own key, has two connections and not one."""
    assert isinstance(log_in(*connect(server, version)), Proved)
    (at_server, _), (_, at_client) = connect(server, version), connect(server, version)
    step = log_in(at_server, at_client)
    assert isinstance(step, Failed)
    assert step.code is Code.BINDING


def test_the_end_point_is_none_other_than_that_of_the_leaf(certified: CertifiedKey) -> None:
    assert certified.end_point == end_point_of(certified.leaf)
