"""SCRAM against another implementation, as server and as client."""

import pytest

from roost.proto.sasl.binding import Bindings
from roost.proto.sasl.client import Derive, Say
from roost.proto.sasl.mechanism import (
    Challenge,
    Exchange,
    LookUp,
    Proved,
    ScramKeys,
    ScramSecrets,
)
from roost.proto.sasl.scram import HASHES, PLUS, SHA_1, SHA_256, Scram, scram_keys
from roost.proto.sasl.scram_client import ScramClient

scramp = pytest.importorskip("scramp", reason="scramp is not installed")

SALT = b"salt of sixteen."
UNIQUE = b"finished....."

NAMES = [SHA_1, SHA_256, SHA_1 + PLUS, SHA_256 + PLUS]


@pytest.mark.parametrize("name", NAMES)
def test_its_client_logs_in_to_our_server(name: str) -> None:
    plus, family = name.endswith(PLUS), name.removesuffix(PLUS)
    binding = ("tls-unique", UNIQUE) if plus else None
    client = scramp.ScramClient([name], "a,b=c", "pencil", channel_binding=binding)
    bindings = Bindings(tls_unique=UNIQUE if plus else None)
    server = Scram(family, Exchange("n" * 24, bindings, offers_plus=plus), plus=plus)
    step = server.step(client.get_client_first().encode())
    assert step == LookUp("a,b=c", family)
    keys = ScramKeys(7, *scram_keys(HASHES[family], "pencil", SALT, 4096))
    challenge = server.found(ScramSecrets(SALT, 4096, (keys,)))
    assert isinstance(challenge, Challenge)
    client.set_server_first(challenge.octets.decode())
    proved = server.step(client.get_client_final().encode())
    assert isinstance(proved, Proved)
    assert proved.final is not None
    client.set_server_final(proved.final.decode())


@pytest.mark.parametrize("name", NAMES)
def test_our_client_logs_in_to_its_server(name: str) -> None:
    plus = name.endswith(PLUS)
    mechanism = scramp.ScramMechanism(name)
    salt, stored, server_key, count = mechanism.make_auth_info("pencil", 4096, SALT)
    server = mechanism.make_server(
        lambda _: (salt, stored, server_key, count),
        channel_binding=("tls-unique", UNIQUE) if plus else None,
    )
    bindings = Bindings(tls_unique=UNIQUE if plus else None)
    client = ScramClient(name, "user", "pencil", "c" * 24, bindings=bindings)
    server.set_client_first(client.start().decode())
    derive = client.answer(server.get_server_first().encode())
    assert isinstance(derive, Derive)
    server.set_client_final(client.derived(derive.run()).octets.decode())
    assert client.answer(server.get_server_final().encode()) == Say(b"")
    assert client.is_done
