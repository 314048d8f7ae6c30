"""SCRAM, RFC 5802 and RFC 7677: the examples octet for octet, and what a server refuses."""

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.proto.sasl.binding import Bindings
from roost.proto.sasl.mechanism import (
    Challenge,
    Code,
    CramMd5Secrets,
    Exchange,
    Failed,
    LookUp,
    Offered,
    Proved,
    ScramKeys,
    ScramSecrets,
    Step,
    make_nonce,
)
from roost.proto.sasl.scram import (
    HASHES,
    SCRAM_SHA_1,
    SCRAM_SHA_256,
    SCRAM_SHA_256_PLUS,
    SHA_1,
    SHA_256,
    Scram,
    scram_keys,
)

BINDINGS = Bindings(tls_exporter=b"e" * 32, tls_server_end_point=b"p" * 32)
NONCE = "server-nonce-of-24-chars"


def secrets(
    family: str = SHA_256,
    *passwords: str,
    salt: bytes = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="),
    iterations: int = 4096,
) -> ScramSecrets:
    keys = [scram_keys(HASHES[family], one, salt, iterations) for one in passwords]
    return ScramSecrets(
        salt, iterations, tuple(ScramKeys(7 + n, *key) for n, key in enumerate(keys))
    )


PENCIL = secrets(SHA_256, "pencil")


@pytest.mark.parametrize(
    ("offered", "family", "nonce", "salt", "messages"),
    [
        (
            SCRAM_SHA_1,
            SHA_1,
            "3rfcNHYJY1ZVvWVs7j",
            "QSXCR+Q6sek8bf92",
            [
                b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
                b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
                b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
                b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            ],
        ),
        (
            SCRAM_SHA_256,
            SHA_256,
            "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
            "W22ZaJ0SNY7soEsUEjb6gQ==",
            [
                b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
                b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                b"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            ],
        ),
    ],
    ids=["RFC 5802 section 5", "RFC 7677 section 3"],
)
def test_the_examples(
    offered: Offered, family: str, nonce: str, salt: str, messages: list[bytes]
) -> None:
    first, challenge, final, verifier = messages
    scram = offered.start(Exchange(nonce))
    assert scram.step(None) == Challenge(b"")
    assert scram.step(first) == LookUp("user", family)
    stored = secrets(family, "pencil", salt=base64.b64decode(salt))
    assert scram.found(stored) == Challenge(challenge)
    assert scram.step(final) == Proved("user", "", 7, verifier)


def server(*, plus: bool = False, bindings: Bindings = BINDINGS, offers_plus: bool = True) -> Scram:
    exchange = Exchange(NONCE, bindings=bindings, offers_plus=offers_plus)
    return Scram(SHA_256, exchange, plus=plus)


def proof_of(first_bare: str, challenge: str, without_proof: str, password: str = "pencil") -> str:
    """What RFC 5802 section 3 says, once more and by another hand."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), PENCIL.salt, 4096)
    client_key = hmac.new(salted, b"Client Key", "sha256").digest()
    signed = f"{first_bare},{challenge},{without_proof}".encode()
    signature = hmac.new(hashlib.sha256(client_key).digest(), signed, "sha256").digest()
    xored = int.from_bytes(client_key, "big") ^ int.from_bytes(signature, "big")
    return base64.b64encode(xored.to_bytes(32, "big")).decode()


def go(
    scram: Scram,
    gs2: str = "n,,",
    *,
    bare: str = "n=user,r=client",
    c: bytes | None = None,
    r: str = "client" + NONCE,
    tail: str = "",
    password: str = "pencil",
    stored: ScramSecrets = PENCIL,
) -> Step:
    """A whole exchange, as a client that may be wrong in any part of it; the step it ends with."""
    step = scram.step(f"{gs2}{bare}".encode())
    if not isinstance(step, LookUp):
        return step
    challenge = scram.found(stored)
    assert isinstance(challenge, Challenge)
    binding = base64.b64encode(gs2.encode() if c is None else c).decode()
    without_proof = f"c={binding},r={r}{tail}"
    proof = proof_of(bare, challenge.octets.decode(), without_proof, password)
    return scram.step(f"{without_proof},p={proof}".encode())


def test_the_password_that_fits_is_named() -> None:
    """Application passwords are many, and which one it was is recorded."""
    stored = secrets(SHA_256, *(f"wrong {number}" for number in range(99)), "pencil", "other")
    step = go(server(), stored=stored)
    assert isinstance(step, Proved)
    assert step.credential == 7 + 99


@pytest.mark.parametrize(
    ("gs2", "c", "plus"),
    [
        ("p=tls-exporter,,", b"p=tls-exporter,," + b"e" * 32, True),
        ("p=tls-server-end-point,,", b"p=tls-server-end-point,," + b"p" * 32, True),
        ("p=tls-exporter,,", b"p=tls-exporter,," + b"e" * 32, False),
        ("n,,", b"n,,", False),
        ("n,a=boss=2Cx,", b"n,a=boss=2Cx,", False),
    ],
    ids=["exporter", "end point", "binding on the bare mechanism", "none", "acting for another"],
)
def test_a_binding_that_is_right(gs2: str, c: bytes, plus: bool) -> None:
    step = go(server(plus=plus), gs2, c=c)
    assert isinstance(step, Proved)
    assert step.authorization == ("boss,x" if "boss" in gs2 else "")


def test_y_is_right_where_no_plus_was_offered() -> None:
    assert isinstance(go(server(offers_plus=False), "y,,"), Proved)


@pytest.mark.parametrize(
    ("gs2", "c", "plus", "error"),
    [
        ("y,,", None, False, "server-does-support-channel-binding"),
        ("p=tls-exporter,,", b"p=tls-exporter,," + b"x" * 32, True, "channel-bindings-dont-match"),
        ("p=tls-exporter,,", b"p=tls-exporter,," + b"x" * 32, False, "channel-bindings-dont-match"),
        ("p=tls-exporter,,", b"p=tls-exporter,,", True, "channel-bindings-dont-match"),
        ("p=tls-exporter,,", b"p=tls-server-end-point,," + b"p" * 32, True, "channel-bindings-dont-match"),
        ("n,,", b"y,,", False, "channel-bindings-dont-match"),
        ("n,,", b"n,a=boss,", False, "channel-bindings-dont-match"),
        ("n,,", b"n,," + b"e" * 32, False, "channel-bindings-dont-match"),
        ("p=tls-unique,,", None, True, "unsupported-channel-binding-type"),
        ("p=tls-magic,,", None, True, "unsupported-channel-binding-type"),
    ],
    ids=["downgrade", "other channel", "other channel, bare", "no data", "other type", "flag", "authzid", "too much", "not to be had", "unknown"],
)  # fmt: skip
def test_a_binding_that_is_wrong(gs2: str, c: bytes | None, plus: bool, error: str) -> None:
    step = go(server(plus=plus), gs2, c=c)
    assert isinstance(step, Failed)
    assert (step.code, step.wrong, step.final) == (Code.BINDING, True, f"e={error}".encode())


def test_without_tls_there_is_nothing_to_bind_to() -> None:
    step = server(bindings=Bindings()).step(b"p=tls-unique,,n=user,r=client")
    assert isinstance(step, Failed)
    assert (step.code, step.final) == (Code.BINDING, b"e=channel-binding-not-supported")


@pytest.mark.parametrize(
    "stored",
    [PENCIL, ScramSecrets(PENCIL.salt, 4096), secrets(SHA_256, "other")],
    ids=["wrong password", "nobody", "another password"],
)
def test_a_wrong_proof_says_nothing_about_who_exists(stored: ScramSecrets) -> None:
    step = go(server(), password="pencil!" if stored is PENCIL else "pencil", stored=stored)
    assert step == Failed("wrong name or password", True, b"e=invalid-proof", Code.PROOF)


def test_a_proof_made_of_zeros_is_not_the_secret_of_nobody() -> None:
    scram = server()
    scram.step(b"n,,n=user,r=client")
    scram.found(ScramSecrets(PENCIL.salt, 4096))
    zeros = base64.b64encode(bytes(32)).decode()
    step = scram.step(f"c=biws,r=client{NONCE},p={zeros}".encode())
    assert isinstance(step, Failed)
    assert step.code is Code.PROOF


@pytest.mark.parametrize(
    "r", ["client", NONCE, "other" + NONCE, "client" + NONCE[:-1], "client" + NONCE + "x"]
)
def test_a_nonce_of_another_exchange(r: str) -> None:
    step = go(server(), r=r)
    assert isinstance(step, Failed)
    assert (step.code, step.wrong) == (Code.NONCE, True)


def test_what_was_heard_before_is_worth_nothing() -> None:
    heard = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    scram = server()
    scram.step(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
    scram.found(PENCIL)
    step = scram.step(heard)
    assert isinstance(step, Failed)
    assert step.code is Code.NONCE


def test_optional_extensions_are_passed_over() -> None:
    assert isinstance(go(server(), bare="n=user,r=client,x=1,z=a=b"), Proved)
    assert isinstance(go(server(), tail=",x=1"), Proved)


@pytest.mark.parametrize(
    ("bare", "tail"), [("m=1,n=user,r=client", ""), ("n=user,r=client", ",m=1")]
)
def test_mandatory_extensions_are_refused(bare: str, tail: str) -> None:
    step = go(server(), bare=bare, tail=tail)
    assert isinstance(step, Failed)
    assert (step.code, step.wrong, step.final) == (
        Code.EXTENSION,
        False,
        b"e=extensions-not-supported",
    )


def test_names_with_commas_and_equals_signs() -> None:
    step = server().step("n,,n=a=3Db=2Cc=3D2Cé,r=client".encode())
    assert step == LookUp("a=b,c=2Cé", SHA_256)


@pytest.mark.parametrize(
    ("octets", "final"),
    [
        (b"", b"e=other-error"),
        (b"n=user,r=x", b"e=other-error"),
        (b"x,,n=user,r=x", b"e=other-error"),
        (b"n,n=user,r=x", b"e=other-error"),
        (b"p=,,n=user,r=x", b"e=other-error"),
        (b"n,,r=x,n=user", b"e=other-error"),
        (b"n,,n=,r=x", b"e=other-error"),
        (b"n,,n=user", b"e=other-error"),
        (b"n,,n=user,r=", b"e=other-error"),
        (b"n,,n=user,r=a b", b"e=other-error"),
        (b"n,,n=user,r=\xc3\xa9", b"e=other-error"),
        (b"n,,n=us\0er,r=x", b"e=other-error"),
        (b"n,,n=us=er,r=x", b"e=invalid-username-encoding"),
        (b"n,,n=us=3der,r=x", b"e=invalid-username-encoding"),
        (b"n,a=us=,n=user,r=x", b"e=invalid-username-encoding"),
        (b"n,,n=" + b"u" * 256 + b",r=x", b"e=invalid-username-encoding"),
        (b"n,,n=\xff,r=x", b"e=invalid-encoding"),
        (b"n,,n=user,r=" + b"x" * 513, b"e=other-error"),
        (b"n,,n=user,r=x," + b"y=1," * 1100 + b"z=1", b"e=other-error"),
        (b"n,,n=user,r=x,", b"e=other-error"),
    ],
)
def test_first_messages_that_are_none(octets: bytes, final: bytes) -> None:
    step = server().step(octets)
    assert isinstance(step, Failed)
    assert (step.code, step.wrong, step.final) == (Code.SYNTAX, False, final)


@pytest.mark.parametrize("flag", [b"n", b"y"])
def test_plus_wants_a_binding(flag: bytes) -> None:
    step = server(plus=True).step(flag + b",,n=user,r=x")
    assert isinstance(step, Failed)
    assert step.code is (Code.BINDING if flag == b"y" else Code.SYNTAX)


@pytest.mark.parametrize(
    ("octets", "final"),
    [
        (b"", b"e=other-error"),
        (b"c=biws,r=client" + NONCE.encode(), b"e=other-error"),
        (b"c=biws,r=client" + NONCE.encode() + b",p=", b"e=other-error"),
        (b"c=biws,r=client" + NONCE.encode() + b",p=!!", b"e=invalid-encoding"),
        (b"c=biws,r=client" + NONCE.encode() + b",p=AAAA", b"e=other-error"),
        (b"c=bi,r=client" + NONCE.encode() + b",p=AAAA", b"e=invalid-encoding"),
        (b"r=client" + NONCE.encode() + b",c=biws,p=AAAA", b"e=other-error"),
        (b"\xff", b"e=invalid-encoding"),
    ],
)
def test_final_messages_that_are_none(octets: bytes, final: bytes) -> None:
    scram = server()
    scram.step(b"n,,n=user,r=client")
    scram.found(PENCIL)
    step = scram.step(octets)
    assert isinstance(step, Failed)
    assert (step.wrong, step.code, step.final) == (False, Code.SYNTAX, final)


def test_an_exchange_is_used_once() -> None:
    scram = server()
    assert isinstance(go(scram), Proved)
    assert isinstance(scram.step(b"n,,n=user,r=client"), Failed)
    failed = server()
    assert isinstance(failed.step(b"nonsense"), Failed)
    assert isinstance(failed.step(b"n,,n=user,r=client"), Failed)


@given(st.lists(st.none() | st.binary(max_size=80) | st.sampled_from([
    b"n,,n=user,r=client", b"p=tls-exporter,,n=user,r=client", b"c=biws,r=client" + NONCE.encode() + b",p=AAAA",
]), max_size=5), st.booleans())  # fmt: skip
def test_any_octets_never_raise(messages: list[bytes | None], plus: bool) -> None:
    scram = server(plus=plus)
    for octets in messages:
        step = scram.step(octets)
        if isinstance(step, LookUp):
            step = scram.found(PENCIL)
        assert not isinstance(step, Proved)


@given(st.integers(min_value=0), st.integers(0, 1))
def test_cut_anywhere_it_is_no_login(at: int, which: int) -> None:
    first = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    final = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    messages = [first, final]
    messages[which] = messages[which][: at % len(messages[which])]
    scram = SCRAM_SHA_256.start(Exchange("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"))
    step = scram.step(messages[0])
    if isinstance(step, LookUp):
        scram.found(PENCIL)
        step = scram.step(messages[1])
    assert isinstance(step, Failed)


def test_no_secret_is_shown() -> None:
    (key,) = PENCIL.keys
    assert repr(key.stored_key) not in repr(PENCIL)
    assert repr(key.server_key) not in repr(PENCIL)


def test_it_does_not_start_without_a_nonce() -> None:
    with pytest.raises(ValueError, match="nonce"):
        SCRAM_SHA_256_PLUS.start(Exchange("short"))
    SCRAM_SHA_256_PLUS.start(Exchange(make_nonce(bytes(12))))


@given(st.binary(min_size=12, max_size=40))
def test_nonces_are_what_every_mechanism_may_send(octets: bytes) -> None:
    nonce = make_nonce(octets)
    assert (
        replace(Exchange(), nonce=nonce).fresh_nonce().replace("-", "").replace("_", "").isalnum()
    )
    assert base64.urlsafe_b64decode(nonce + "=" * (-len(nonce) % 4)) == octets


def test_other_secrets_are_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError):
        server().found(CramMd5Secrets())
