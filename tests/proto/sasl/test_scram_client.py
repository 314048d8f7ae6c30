"""SCRAM as a client: the examples, against our server, and what it does not believe."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.proto.sasl.binding import Bindings
from roost.proto.sasl.client import Client, Derive, Say, Stop
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
from roost.proto.sasl.scram import HASHES, PLUS, SHA_1, SHA_256, Scram, scram_keys
from roost.proto.sasl.scram_client import ScramClient

BINDINGS = Bindings(tls_exporter=b"e" * 32, tls_server_end_point=b"p" * 32)
SALT = b"salt of sixteen."
NONCE = "server-nonce-of-24-chars"
FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"


def client_of_the_example() -> ScramClient:
    client = ScramClient(SHA_256, "user", "pencil", "rOprNGfwEbeRWgbNEkqO")
    assert client.start() == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    return client


def test_the_example_of_rfc_7677_section_3() -> None:
    client = client_of_the_example()
    derive = client.answer(FIRST)
    assert isinstance(derive, Derive)
    assert client.derived(derive.run()) == Say(
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    was_done = client.is_done
    assert client.answer(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=") == Say(b"")
    assert not was_done
    assert client.is_done
    assert isinstance(client.answer(b"more"), Stop)


def play(client: Client, server: Scram, family: str, password: str = "pencil") -> Step:
    """Run one against the other; the server's last step."""
    step = server.step(client.start())
    keys = scram_keys(HASHES[family], password, SALT, 4096)
    if isinstance(step, LookUp):
        step = server.found(ScramSecrets(SALT, 4096, (ScramKeys(7, *keys),)))
        while isinstance(step, Challenge):
            said = client.answer(step.octets)
            if isinstance(said, Derive):
                said = client.derived(said.run())
            assert isinstance(said, Say)
            step = server.step(said.octets)
    return step


@pytest.mark.parametrize("family", [SHA_1, SHA_256])
@pytest.mark.parametrize("plus", [True, False], ids=["plus", "bare"])
@pytest.mark.parametrize("authorization", ["", "boss=,"], ids=["oneself", "another"])
@pytest.mark.parametrize("username", ["user", "a,b=c", "zoë"])
def test_our_client_and_our_server(
    family: str, plus: bool, authorization: str, username: str
) -> None:
    client = ScramClient(
        family + (PLUS if plus else ""),
        username,
        "pencil",
        "c",
        authorization=authorization,
        bindings=BINDINGS,
        server_offers_plus=plus,
    )
    server = Scram(family, Exchange(NONCE, BINDINGS, offers_plus=plus), plus=plus)
    step = play(client, server, family)
    assert isinstance(step, Proved)
    assert (step.username, step.authorization) == (username, authorization)
    assert step.final is not None
    assert client.answer(step.final) == Say(b"")
    assert client.is_done


@pytest.mark.parametrize(
    ("at_client", "at_server"),
    [
        (BINDINGS, Bindings(tls_exporter=b"x" * 32)),
        (Bindings(tls_server_end_point=b"p" * 32), Bindings(tls_server_end_point=b"q" * 32)),
        (Bindings(tls_unique=b"u" * 12), Bindings(tls_unique=b"v" * 12)),
    ],
    ids=["tls-exporter", "tls-server-end-point", "tls-unique"],
)
def test_whoever_sits_in_between_has_other_bindings(
    at_client: Bindings, at_server: Bindings
) -> None:
    client = ScramClient(SHA_256 + PLUS, "user", "pencil", "c", bindings=at_client)
    server = Scram(SHA_256, Exchange(NONCE, at_server, offers_plus=True), plus=True)
    step = play(client, server, SHA_256)
    assert isinstance(step, Failed)
    assert (step.code, step.final) == (Code.BINDING, b"e=channel-bindings-dont-match")
    assert client.answer(step.final or b"") == Stop(
        "the server refuses: channel-bindings-dont-match"
    )


def test_whoever_takes_plus_out_of_the_offer_is_found_out() -> None:
    client = ScramClient(SHA_256, "user", "pencil", "c", bindings=BINDINGS)
    server = Scram(SHA_256, Exchange(NONCE, BINDINGS, offers_plus=True), plus=False)
    step = play(client, server, SHA_256)
    assert isinstance(step, Failed)
    assert (step.code, step.wrong) == (Code.BINDING, True)


def test_a_client_that_took_another_mechanism_by_choice_is_no_downgrade() -> None:
    client = ScramClient(SHA_256, "user", "pencil", "c", bindings=BINDINGS, server_offers_plus=True)
    assert client.start().startswith(b"n,")


def test_plus_needs_a_channel() -> None:
    with pytest.raises(ValueError, match="channel"):
        ScramClient(SHA_256 + PLUS, "user", "pencil", "c")


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"e=other-error",
        FIRST[:20],
        FIRST.replace(b"r=r", b"r=x"),
        b"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        FIRST.replace(b"4096", b"4095"),
        FIRST.replace(b"4096", b"1000001"),
        FIRST.replace(b"4096", b"99999999999999"),
        FIRST.replace(b"4096", "٤٠٩٦".encode()),
        FIRST.replace(b"4096", b"-4096"),
        FIRST.replace(b"W22Z", b"!!!!"),
        FIRST.replace(b"s=W22ZaJ0SNY7soEsUEjb6gQ==", b"s=" + base64.b64encode(bytes(1025))),
        b"m=1," + FIRST,
        b"\xff",
    ],
)
def test_challenges_it_does_not_take(octets: bytes) -> None:
    client = client_of_the_example()
    assert isinstance(client.answer(octets), Stop)
    assert isinstance(client.answer(FIRST), Stop)
    assert not client.is_done


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"e=invalid-proof",
        b"e=\r\nforged",
        b"e=",
        b"v=",
        b"v=AAAA",
        b"v=!!",
        b"x=AAAA",
        b"\xff",
    ],
)
def test_a_server_that_does_not_know_the_password_is_not_believed(octets: bytes) -> None:
    client = client_of_the_example()
    derive = client.answer(FIRST)
    assert isinstance(derive, Derive)
    client.derived(derive.run())
    assert isinstance(client.answer(octets), Stop)
    assert not client.is_done


@given(st.lists(st.binary(max_size=60), max_size=3))
def test_any_octets_never_raise(challenges: list[bytes]) -> None:
    client = client_of_the_example()
    for octets in challenges:
        assert isinstance(client.answer(octets), Stop)


def test_a_password_is_not_shown() -> None:
    assert "pencil" not in repr(client_of_the_example().answer(FIRST))
