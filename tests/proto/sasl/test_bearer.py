"""OAUTHBEARER, RFC 7628, and XOAUTH2."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.proto.sasl.bearer import OAUTHBEARER, XOAUTH2, OAuthBearerClient, XOAuth2Client
from roost.proto.sasl.client import Say
from roost.proto.sasl.mechanism import Challenge, Code, Exchange, Failed, Mechanism, Token

TOKEN = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
EXAMPLE = (
    f"n,a=user@example.com,\1host=server.example.com\1port=143\1auth=Bearer {TOKEN}\1\1".encode()
)
EXCHANGE = Exchange(
    scope="example_scope", discovery="https://example.com/.well-known/openid-config"
)


def oauth() -> Mechanism:
    return OAUTHBEARER.start(EXCHANGE)


def xoauth2() -> Mechanism:
    return XOAUTH2.start(EXCHANGE)


def test_the_example_of_section_4_1() -> None:
    token = Token("", "user@example.com", TOKEN, "server.example.com", 143)
    assert oauth().step(EXAMPLE) == token
    asked = oauth()
    assert asked.step(None) == Challenge(b"")
    assert asked.step(EXAMPLE) == token
    client = OAuthBearerClient(TOKEN, "user@example.com", "server.example.com", 143)
    assert client.start() == EXAMPLE
    assert client.is_done


def test_a_refused_token_as_in_section_4_3() -> None:
    server, client = oauth(), OAuthBearerClient(TOKEN)
    server.step(client.start())
    challenge = server.refused()
    assert isinstance(challenge, Challenge)
    assert json.loads(challenge.octets) == {
        "status": "invalid_token",
        "scope": "example_scope",
        "openid-configuration": "https://example.com/.well-known/openid-config",
    }
    said = client.answer(challenge.octets)
    assert said == Say(b"\1")
    assert (client.error, client.is_done) == (challenge.octets, False)
    step = server.step(b"\1")
    assert isinstance(step, Failed)
    assert (step.wrong, step.code) == (True, Code.TOKEN)


def test_xoauth2() -> None:
    server, client = xoauth2(), XOAuth2Client(TOKEN, "someuser@example.com")
    said = client.start()
    assert said == f"user=someuser@example.com\1auth=Bearer {TOKEN}\1\1".encode()
    assert server.step(said) == Token("someuser@example.com", "", TOKEN)
    challenge = server.refused()
    assert isinstance(challenge, Challenge)
    assert json.loads(challenge.octets) == {
        "status": "401",
        "schemes": "bearer",
        "scope": "example_scope",
    }
    assert client.answer(challenge.octets) == Say(b"")
    assert isinstance(server.step(b""), Failed)


@pytest.mark.parametrize(
    "octets",
    [
        b"n,,\1auth=\1\1",
        b"n,,\1\1",
        b"n,,\1auth=Basic dGVzdA==\1\1",
        b"n,,\1auth=Bearer\1\1",
        b"n,,\1auth=Bearer a b\1\1",
    ],
    ids=["empty", "none", "another scheme", "no token", "two words"],
)
def test_without_a_token_it_tells_where_to_get_one(octets: bytes) -> None:
    server = oauth()
    assert isinstance(server.step(octets), Challenge)
    assert isinstance(server.step(b"\1"), Failed)


def test_a_server_without_openid_does_not_speak_of_it() -> None:
    challenge = OAUTHBEARER.start(Exchange()).refused()
    assert challenge == Challenge(b'{"status":"invalid_token"}')


@pytest.mark.parametrize(
    ("octets", "token"),
    [
        (b"y,,\1auth=bearer a.b-c_d~e+f/g==\1\1", Token("", "", "a.b-c_d~e+f/g==")),
        (b"n,,\1qs=x=y\1auth=Bearer   t\1path=\1\1", Token("", "", "t")),
        (b"n,a=x=2Cy,\1auth=Bearer t\1\1", Token("", "x,y", "t")),
    ],
    ids=["letter case", "unknown keys", "name"],
)
def test_what_else_is_read(octets: bytes, token: Token) -> None:
    assert oauth().step(octets) == token


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\1",
        b"n,,auth=Bearer t\1\1",
        b"n,,\1auth=Bearer t\1",
        b"n,,\1auth=Bearer t",
        b"n,,\1auth=Bearer t\1\1\1",
        b"n,,\1auth=Bearer t\1x\1",
        b"n,,\1auth=Bearer t\1auth=Bearer u\1\1",
        b"n,,\1auth=Bearer \xc3\xa9\1\1",
        b"n,,\1auth=Bearer \xff\1\1",
        b"p=tls-exporter,,\1auth=Bearer t\1\1",
        b"n,,\1port=0\1auth=Bearer t\1\1",
        b"n,,\1port=65536\1auth=Bearer t\1\1",
        b"n,,\1port=x\1auth=Bearer t\1\1",
        b"n,,\1auth=Bearer " + b"t" * 13000 + b"\1\1",
    ],
)
def test_refuses_what_is_no_message(octets: bytes) -> None:
    step = oauth().step(octets)
    assert isinstance(step, Failed)
    assert not step.wrong


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"user=a",
        b"user=a\1",
        b"user=\1auth=Bearer t\1\1",
        b"auth=Bearer t\1user=a\1\1",
        b"user=" + b"a" * 256 + b"\1auth=Bearer t\1\1",
    ],
)
def test_refuses_what_is_no_message_of_xoauth2(octets: bytes) -> None:
    assert isinstance(xoauth2().step(octets), Failed)


@pytest.mark.parametrize("start", [oauth, xoauth2])
@given(
    octets=st.binary(max_size=60) | st.sampled_from([EXAMPLE[:at] for at in range(len(EXAMPLE))])
)
def test_any_octets_never_raise(start: Callable[[], Mechanism], octets: bytes) -> None:
    mechanism = start()
    assert isinstance(mechanism.step(octets), Failed | Challenge)
    assert isinstance(mechanism.step(octets), Failed)


def test_a_token_is_not_shown() -> None:
    assert TOKEN not in repr(oauth().step(EXAMPLE))
