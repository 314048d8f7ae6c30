"""EXTERNAL, RFC 4422 appendix A."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.proto.sasl.client import Stop
from roost.proto.sasl.external import EXTERNAL, ExternalClient
from roost.proto.sasl.mechanism import Challenge, Exchange, External, Failed


@pytest.mark.parametrize("name", ["", "fred@example.com", "zoë"])
def test_the_identity_with_and_without_an_initial_response(name: str) -> None:
    said = ExternalClient(name).start()
    assert EXTERNAL.start(Exchange()).step(said) == External(name)
    asked = EXTERNAL.start(Exchange())
    assert asked.step(None) == Challenge(b"")
    assert asked.step(said) == External(name)
    assert isinstance(asked.step(said), Failed)


@pytest.mark.parametrize("octets", [b"\xff", b"a\0b", b"x" * 256], ids=["UTF-8", "NUL", "long"])
def test_refuses_what_is_no_identity(octets: bytes) -> None:
    step = EXTERNAL.start(Exchange()).step(octets)
    assert isinstance(step, Failed)
    assert not step.wrong


def test_the_client_has_no_more_to_say() -> None:
    assert isinstance(ExternalClient().answer(b"why?"), Stop)


@given(st.lists(st.none() | st.binary(max_size=20), max_size=3))
def test_any_octets_never_raise(messages: list[bytes | None]) -> None:
    external = EXTERNAL.start(Exchange())
    for octets in messages:
        assert isinstance(external.step(octets), Challenge | External | Failed)
