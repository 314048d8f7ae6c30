"""Which mechanisms a server offers and which a client takes."""

import pytest

from roost.proto.sasl.binding import TLS_EXPORTER, TLS_SERVER_END_POINT, TLS_UNIQUE, Bindings
from roost.proto.sasl.client import Client, OneMessage, Say, Stop
from roost.proto.sasl.login import Login, LoginClient
from roost.proto.sasl.mechanism import (
    Challenge,
    Credentials,
    Exchange,
    ScramSecrets,
)
from roost.proto.sasl.mechanisms import (
    MECHANISMS,
    Account,
    choose_client,
    offered,
    offers_plus,
)
from roost.proto.sasl.plain import Plain, PlainClient

NONCE = "nonce-of-sixteen"
TLS_1_3 = Bindings(tls_exporter=b"e" * 32, tls_server_end_point=b"p" * 32)
TLS_1_2 = Bindings(tls_unique=b"u" * 12, tls_server_end_point=b"p" * 32)
ALL = tuple(one.name for one in MECHANISMS)
STRONG = [one for one in MECHANISMS if not one.weak]


def names(**facts: object) -> str:
    facts.setdefault("private", True)
    return " ".join(one.name for one in offered(STRONG, **facts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"private": False}, "SCRAM-SHA-256"),
        ({}, "SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN"),
        ({"bindings": TLS_1_3}, "SCRAM-SHA-256-PLUS SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN"),
        (
            {"bindings": TLS_1_3, "has_certificate": True},
            "EXTERNAL SCRAM-SHA-256-PLUS SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN",
        ),
    ],
    ids=["in clear", "no binding to be had", "TLS", "with a certificate"],
)
def test_what_a_server_offers(facts: dict[str, object], expected: str) -> None:
    assert names(**facts) == expected


def test_old_mechanisms_are_marked() -> None:
    weak = {one.name for one in MECHANISMS if one.weak}
    assert weak == {"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "CRAM-MD5"}


def test_plus_is_offered_where_there_is_a_channel() -> None:
    assert offers_plus(offered(MECHANISMS, private=True, bindings=TLS_1_2))
    assert not offers_plus(offered(MECHANISMS, private=True))


USER = Account("tim", "secret")
TOKEN = Account("tim", token="t", host="mx.test", port=993)
CERTIFICATE = Account(has_certificate=True)


@pytest.mark.parametrize(
    ("account", "offers", "bindings", "private", "name"),
    [
        (USER, ALL, TLS_1_3, True, "SCRAM-SHA-256-PLUS"),
        (USER, ALL, Bindings(), True, "SCRAM-SHA-256"),
        (USER, ("LOGIN", "PLAIN"), TLS_1_3, True, "PLAIN"),
        (USER, ("LOGIN",), TLS_1_3, True, "LOGIN"),
        (USER, ("LOGIN", "PLAIN"), Bindings(), False, None),
        (USER, ("PLAIN", "CRAM-MD5"), Bindings(), False, "CRAM-MD5"),
        (USER, ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-256"), TLS_1_2, True, "SCRAM-SHA-256"),
        (USER, ("EXTERNAL", "OAUTHBEARER", "GSSAPI"), TLS_1_2, True, None),
        (Account("tim", "x", authorization="boss"), ("LOGIN", "CRAM-MD5"), TLS_1_2, True, None),
        (Account("tim", "x", authorization="boss"), ALL, TLS_1_2, True, "SCRAM-SHA-256-PLUS"),
        (TOKEN, ALL, TLS_1_3, True, "OAUTHBEARER"),
        (TOKEN, ("XOAUTH2", "PLAIN"), TLS_1_3, True, "XOAUTH2"),
        (TOKEN, ALL, TLS_1_3, False, None),
        (CERTIFICATE, ALL, TLS_1_3, True, "EXTERNAL"),
        (Account("tim", "x", has_certificate=True), ("PLAIN",), TLS_1_3, True, "PLAIN"),
        (Account("tim", "x", mechanisms=frozenset({"PLAIN"})), ALL, TLS_1_3, True, "PLAIN"),
        (USER, (), TLS_1_3, True, None),
    ],
)  # fmt: skip
def test_what_a_client_takes(
    account: Account, offers: tuple[str, ...], bindings: Bindings, private: bool, name: str | None
) -> None:
    client = choose_client(offers, account, NONCE, private=private, bindings=bindings)
    assert (client and client.name) == name


def test_every_mechanism_has_its_client() -> None:
    for name in ALL:
        account = Account("tim", "x", token="t", has_certificate=True)
        client = choose_client([name], account, NONCE, private=True, bindings=TLS_1_3)
        assert client is not None
        assert client.name == name


@pytest.mark.parametrize(
    ("bindings", "plus", "start"),
    [
        (TLS_1_3, True, b"p=tls-exporter,,"),
        (TLS_1_2, True, b"p=tls-unique,,"),
        (Bindings(tls_server_end_point=b"p"), True, b"p=tls-server-end-point,,"),
        (TLS_1_3, False, b"y,,"),
        (Bindings(), False, b"n,,"),
    ],
)
def test_what_a_client_says_of_channel_binding(
    bindings: Bindings, plus: bool, start: bytes
) -> None:
    offers = ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256") if plus else ("SCRAM-SHA-256",)
    client = choose_client(offers, USER, NONCE, private=True, bindings=bindings)
    assert client is not None
    said = client.start()
    assert said is not None
    assert said.startswith(start)


def test_bindings_by_name() -> None:
    assert TLS_1_3.named(TLS_EXPORTER) == b"e" * 32
    assert TLS_1_3.named(TLS_UNIQUE) is None
    assert TLS_1_2.named(TLS_UNIQUE) == b"u" * 12
    assert TLS_1_2.named(TLS_SERVER_END_POINT) == b"p" * 32
    assert TLS_1_2.named("__class__") is None
    assert not Bindings()


def test_plain_and_login_between_our_two_ends() -> None:
    plain = PlainClient("tim", "sécret", "boss")
    assert Plain().step(plain.start()) == Credentials("tim", "sécret", "boss")
    assert isinstance(plain.answer(b""), Stop)
    server, client = Login(), LoginClient("tim", "sécret")
    assert client.start() is None
    step = server.step(None)
    while isinstance(step, Challenge):
        said = client.answer(step.octets)
        assert isinstance(said, Say)
        step = server.step(said.octets)
    assert step == Credentials("tim", "sécret")
    assert client.is_done
    assert isinstance(client.answer(b"Anything else?"), Stop)


def test_plain_has_no_way_to_spell_nul() -> None:
    with pytest.raises(ValueError, match="NUL"):
        PlainClient("tim", "sec\0ret")


def test_what_a_mechanism_does_not_have_is_a_mistake_of_ours() -> None:
    mechanism = MECHANISMS[0].start(Exchange())
    with pytest.raises(TypeError):
        mechanism.found(ScramSecrets(b"", 1))
    with pytest.raises(TypeError):
        mechanism.refused()
    client: Client = OneMessage(b"")
    with pytest.raises(TypeError):
        client.derived(b"")
