"""CRAM-MD5, RFC 2195."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.proto.sasl import md5
from roost.proto.sasl.client import Say, Stop
from roost.proto.sasl.cram_md5 import CramMd5, CramMd5Client, cram_md5_key
from roost.proto.sasl.mechanism import (
    Challenge,
    Code,
    CramMd5Key,
    CramMd5Secrets,
    Exchange,
    Failed,
    LookUp,
    Proved,
    ScramSecrets,
    Step,
)

EXCHANGE = Exchange("1896-6971-1896-6971", now=697170952, host="postoffice.reston.mci.net")
CHALLENGE = b"<1896-6971-1896-6971.697170952@postoffice.reston.mci.net>"


def secrets(*passwords: str) -> CramMd5Secrets:
    keys = (CramMd5Key(7 + n, *cram_md5_key(one)) for n, one in enumerate(passwords))
    return CramMd5Secrets(tuple(keys))


def answer(password: str, name: str = "tim", challenge: bytes = CHALLENGE) -> bytes:
    return f"{name} {hmac.new(password.encode(), challenge, 'md5').hexdigest()}".encode()


def go(response: bytes, stored: CramMd5Secrets) -> Step:
    cram = CramMd5(EXCHANGE)
    assert cram.step(None) == Challenge(CHALLENGE)
    step = cram.step(response)
    return cram.found(stored) if isinstance(step, LookUp) else step


def test_the_example_of_section_2() -> None:
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"
    client = CramMd5Client("tim", "tanstaaftanstaaf")
    assert client.start() is None
    assert client.answer(challenge) == Say(b"tim b913a602c7eda7a495b4e6e7334d3890")
    inner, outer = cram_md5_key("tanstaaftanstaaf")
    digest = md5.finish(outer, md5.finish(inner, challenge))
    assert digest.hex() == "b913a602c7eda7a495b4e6e7334d3890"


@pytest.mark.parametrize("password", ["x", "pässword", "p" * 64, "p" * 65, "p" * 200])
def test_our_client_and_our_server(password: str) -> None:
    said = CramMd5Client("Tim Tester", password).answer(CHALLENGE)
    assert isinstance(said, Say)
    assert go(said.octets, secrets("other", password)) == Proved("Tim Tester", "", 8)


@pytest.mark.parametrize(
    "stored", [secrets("other"), CramMd5Secrets()], ids=["another password", "nobody"]
)
def test_a_wrong_digest(stored: CramMd5Secrets) -> None:
    assert go(answer("secret"), stored) == Failed("wrong name or password", True, None, Code.PROOF)


def test_what_nobody_has_lets_nobody_in() -> None:
    digest = md5.finish(bytes(16), md5.finish(bytes(16), CHALLENGE)).hex()
    assert isinstance(go(f"tim {digest}".encode(), CramMd5Secrets()), Failed)


def test_what_was_heard_before_is_worth_nothing() -> None:
    step = go(answer("secret", challenge=b"<1.2@other>"), secrets("secret"))
    assert isinstance(step, Failed)
    assert step.wrong


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"tim",
        b"tim ",
        answer("secret")[3:],
        answer("secret").upper(),
        answer("secret")[:-1],
        answer("secret", "\xff" * 200),
        b"\xff" + answer("secret"),
    ],
)
def test_what_is_no_answer(octets: bytes) -> None:
    step = go(octets, secrets("secret"))
    assert isinstance(step, Failed)
    assert not step.wrong


def test_the_server_speaks_first_and_once() -> None:
    assert isinstance(CramMd5(EXCHANGE).step(b""), Failed)
    cram = CramMd5(EXCHANGE)
    cram.step(None)
    assert isinstance(cram.step(None), Failed)
    assert isinstance(cram.step(answer("secret")), Failed)
    client = CramMd5Client("tim", "secret")
    client.answer(CHALLENGE)
    assert isinstance(client.answer(CHALLENGE), Stop)


@given(st.lists(st.none() | st.binary(max_size=60), max_size=4))
def test_any_octets_never_raise(messages: list[bytes | None]) -> None:
    cram = CramMd5(EXCHANGE)
    for octets in messages:
        if isinstance(cram.step(octets), LookUp):
            assert isinstance(cram.found(secrets("secret")), Failed)


def test_other_secrets_are_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError):
        CramMd5(EXCHANGE).found(ScramSecrets(b"salt", 4096))
