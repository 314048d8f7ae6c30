"""AUTH of the server machine with mechanisms that ask and prove. RFC 4954 section 4."""

import base64

import pytest

from roost.proto.sasl.bearer import OAuthBearerClient
from roost.proto.sasl.binding import Bindings
from roost.proto.sasl.client import Derive, Say
from roost.proto.sasl.mechanism import Exchange, Failed, Proved, ScramKeys, ScramSecrets, Token
from roost.proto.sasl.mechanisms import MECHANISMS
from roost.proto.sasl.scram import scram_keys
from roost.proto.sasl.scram_client import ScramClient
from roost.proto.smtp.event import LoginAsked, LoginBroken, SecretsAsked
from roost.proto.smtp.reply import Reply
from roost.proto.smtp.server import Server
from roost.proto.smtp.server_config import Role, ServerConfig

CONFIG = ServerConfig("mx.test", Role.SUBMISSION, mechanisms=MECHANISMS, auth_required=True)
BINDINGS = Bindings(tls_exporter=b"exporter" * 4)
SALT = b"salt of sixteen."
SECRETS = ScramSecrets(SALT, 4096, (ScramKeys(7, *scram_keys("sha256", "x", SALT, 4096)),))
NO = Reply(535, "5.7.8", "no")


def new_server(bindings: Bindings = BINDINGS) -> Server:
    server = Server(
        CONFIG, tls=True, bindings=bindings, fresh=lambda: Exchange("n" * 24, now=1_767_323_045)
    )
    server.receive(b"EHLO c.test\r\n")
    server.next_event()
    server.accept()
    return server


def say(server: Server, line: bytes) -> bytes:
    """What the machine answers by itself."""
    server.take_output()
    server.receive(line + b"\r\n")
    return server.take_output()


def coded(octets: bytes) -> bytes:
    return base64.b64encode(octets)


def prove(server: Server, password: str) -> None:
    """Come as far as the proof."""
    client = ScramClient("SCRAM-SHA-256-PLUS", "tim", password, "c" * 24, bindings=BINDINGS)
    say(server, b"AUTH SCRAM-SHA-256-PLUS " + coded(client.start()))
    asked = server.next_event()
    assert isinstance(asked, SecretsAsked)
    assert (asked.mechanism, asked.look_up.username) == ("SCRAM-SHA-256-PLUS", "tim")
    assert server.next_event() is None, "it waits to be answered"
    server.found(SECRETS)
    challenge = server.take_output().removeprefix(b"334 ").strip()
    derive = client.answer(base64.b64decode(challenge))
    assert isinstance(derive, Derive)
    said = client.derived(derive.run())
    assert isinstance(said, Say)
    say(server, coded(said.octets))


def test_a_proof_and_the_last_word_of_the_server() -> None:
    server = new_server()
    prove(server, "x")
    assert server.next_event() is None, "the client has not heard the last word yet"
    assert server.take_output().startswith(b"334 ")
    assert server.unfinished_login == "SCRAM-SHA-256-PLUS"
    say(server, b"")
    asked = server.next_event()
    assert isinstance(asked, LoginAsked)
    assert isinstance(asked.credentials, Proved)
    assert (asked.credentials.username, asked.credentials.credential) == ("tim", 7)
    assert server.take_output() == b"", "that is for who knows the accounts to say"
    assert server.unfinished_login == ""
    server.accept()
    assert server.authenticated
    assert server.take_output() == b"235 2.7.0 logged in\r\n"


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"*", b"501 5.7.0 the login was cancelled\r\n"),
        (b"AAAA", b"501 5.5.2 there is nothing more to say\r\n"),
        (b"=", b"501 5.5.2 there is nothing more to say\r\n"),
    ],
)
def test_the_last_word_is_answered_with_nothing(line: bytes, reply: bytes) -> None:
    server = new_server()
    prove(server, "x")
    server.next_event()
    say(server, line)
    broken = server.next_event()
    assert isinstance(broken, LoginBroken)
    assert broken.failed is None
    server.refuse(broken.reply)
    assert server.take_output() == reply
    assert not server.authenticated


@pytest.mark.parametrize("line", [b"", b"*", b"AAAA", b"not base64!"])
def test_a_wrong_proof_is_told_in_the_mechanisms_words_first(line: bytes) -> None:
    server = new_server()
    prove(server, "y")
    broken = server.next_event()
    assert isinstance(broken, LoginBroken)
    assert isinstance(broken.failed, Failed)
    assert server.unfinished_login == "", "nothing more of it matters"
    server.refuse(NO)
    assert server.take_output() == b"334 " + coded(b"e=invalid-proof") + b"\r\n"
    assert say(server, line) == b""
    assert server.next_event() is None
    assert server.take_output() == b"535 5.7.8 no\r\n"
    say(server, b"NOOP")
    server.next_event()
    assert server.take_output().startswith(b"250 "), "lines are commands again"


def test_what_was_asked_may_be_refused() -> None:
    server = new_server()
    client = ScramClient("SCRAM-SHA-256-PLUS", "tim", "x", "c" * 24, bindings=BINDINGS)
    say(server, b"AUTH SCRAM-SHA-256-PLUS " + coded(client.start()))
    server.next_event()
    assert server.unfinished_login == "SCRAM-SHA-256-PLUS"
    server.refuse(NO)
    assert (server.take_output(), server.unfinished_login) == (b"535 5.7.8 no\r\n", "")


def test_a_token_that_is_refused() -> None:
    server = new_server()
    said = OAuthBearerClient("bad", "tim").start()
    say(server, b"AUTH OAUTHBEARER " + coded(said))
    asked = server.next_event()
    assert isinstance(asked, LoginAsked)
    assert isinstance(asked.credentials, Token)
    server.token_refused()
    assert server.take_output() == b"334 " + coded(b'{"status":"invalid_token"}') + b"\r\n"
    say(server, b"AQ==")
    broken = server.next_event()
    assert isinstance(broken, LoginBroken)
    server.refuse(broken.reply)
    assert server.take_output() == b"535 5.7.8 wrong user name or password\r\n"


def test_nothing_but_a_login_can_be_accepted() -> None:
    """A driver that says yes to everything lets nobody in by it."""
    server = new_server()
    say(server, b"AUTH PLAIN\r\n*")
    assert isinstance(server.next_event(), LoginBroken)
    with pytest.raises(ValueError, match="LoginBroken"):
        server.accept()
    assert not server.authenticated


def test_each_exchange_gets_a_nonce_of_its_own() -> None:
    drawn = iter("ab")
    server = Server(CONFIG, tls=True, fresh=lambda: Exchange(next(drawn) * 24))
    server.receive(b"EHLO c.test\r\n")
    server.next_event()
    server.accept()
    challenges = set()
    for _ in range(2):
        say(server, b"AUTH CRAM-MD5")
        server.next_event()
        challenges.add(server.take_output())
        say(server, b"*")
        broken = server.next_event()
        assert isinstance(broken, LoginBroken)
        server.refuse(broken.reply)
    assert len(challenges) == 2


@pytest.mark.parametrize(
    ("bindings", "plus"), [(BINDINGS, True), (Bindings(), False)], ids=["bound", "unbound"]
)
def test_plus_needs_a_channel_to_bind_to(bindings: Bindings, plus: bool) -> None:
    server = Server(CONFIG, can_start_tls=True)
    server.tls_started(bindings)
    server.receive(b"EHLO c.test\r\n")
    server.next_event()
    server.accept()
    assert (b"SCRAM-SHA-256-PLUS" in server.take_output()) is plus
    if not plus:
        server.receive(b"AUTH SCRAM-SHA-256-PLUS\r\n")
        server.next_event()
        assert server.take_output().startswith(b"504 5.5.4 ")
