"""Exchanges of SASL made of any octets, by themselves and within SMTP."""

from roost.proto.sasl.binding import Bindings
from roost.proto.sasl.mechanism import (
    CramMd5Key,
    CramMd5Secrets,
    Exchange,
    LookUp,
    Proved,
    ScramKeys,
    ScramSecrets,
    Secrets,
    Token,
)
from roost.proto.sasl.mechanisms import MECHANISMS
from roost.proto.smtp.event import LoginAsked, LoginBroken, SecretsAsked
from roost.proto.smtp.server import Server

# Messages of one exchange, parted by |.
SEEDS = (
    b"n,a=x=2Cy,n=user,r=client|c=bixhPXg9MkN5LA==,r=client"
    + b"n" * 24
    + b",p="
    + b"A" * 43
    + b"=",
    b"p=tls-exporter,,n=user,r=client,x=1|c=cD10bHMtZXhwb3J0ZXIsLGVlZWU=,r=client"
    + b"n" * 24
    + b",p=AAAA",
    b"n,a=user@example.com,\1host=server.example.com\1port=143\1"
    b"auth=Bearer vF9dft4qmTc2Nvb3Rlc==\1\1|\1",
    b"user=someuser@example.com\1auth=Bearer vF9dft4qmTc2Nvb3Rlc==\1\1|",
    b"tim b913a602c7eda7a495b4e6e7334d3890|",
    b"\0tim\0secret|tim|secret",
)
EXCHANGE = Exchange("n" * 24, Bindings(tls_exporter=b"eeee"), offers_plus=True, host="mx.test")
SCRAM_SECRETS = ScramSecrets(b"salt", 4096, (ScramKeys(1, b"s" * 32, b"k" * 32),))
CRAM_SECRETS = CramMd5Secrets((CramMd5Key(1, b"i" * 16, b"o" * 16),))


# What sessions carry without a certificate.
LOGINS = tuple(one for one in MECHANISMS if not one.needs_certificate)
LoginQuestion = SecretsAsked | LoginAsked | LoginBroken


def secrets_for(asked: LookUp) -> Secrets:
    """What is stored of anybody."""
    return CRAM_SECRETS if asked.family == "CRAM-MD5" else SCRAM_SECRETS


def answer(server: Server, event: LoginQuestion) -> None:
    """Let in who sends a password; no token is any good."""
    match event:
        case SecretsAsked(_, look_up):
            server.found(secrets_for(look_up))
        case LoginBroken(_, reply):
            server.refuse(reply)
        case LoginAsked(_, Token()):
            server.token_refused()
        case LoginAsked():
            server.accept()


def play(octets: bytes) -> None:
    """Say the messages to each mechanism; none of them may be taken for a proof."""
    for offered in MECHANISMS:
        mechanism = offered.start(EXCHANGE)
        if offered.name == "CRAM-MD5":
            mechanism.step(None)
        for message in octets.split(b"|"):
            step = mechanism.step(message)
            if isinstance(step, LookUp):
                step = mechanism.found(secrets_for(step))
            assert not isinstance(step, Proved)
