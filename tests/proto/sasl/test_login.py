"""LOGIN, draft-murchison-sasl-login."""

import pytest

from roost.proto.sasl.login import Login
from roost.proto.sasl.mechanism import Challenge, Credentials, Failed


def test_asks_for_identity_then_password() -> None:
    login = Login()
    assert login.step(None) == Challenge(b"Username:")
    assert login.step(b"tim") == Challenge(b"Password:")
    assert login.step(b"secret") == Credentials("tim", "secret")


def test_an_initial_response_is_the_identity() -> None:
    login = Login()
    assert login.step(b"tim") == Challenge(b"Password:")
    assert login.step("sécret".encode()) == Credentials("tim", "sécret")


def test_an_exchange_is_used_once() -> None:
    login = Login()
    login.step(b"tim")
    login.step(b"secret")
    assert isinstance(login.step(b"secret"), Failed)
    assert isinstance(login.step(None), Failed)


@pytest.mark.parametrize("octets", [b"", b"\xff", b"x" * 256], ids=["empty", "no UTF-8", "long"])
def test_refuses_what_is_no_identity_or_password(octets: bytes) -> None:
    assert isinstance(Login().step(octets), Failed)
    login = Login()
    login.step(b"tim")
    assert isinstance(login.step(octets), Failed)
