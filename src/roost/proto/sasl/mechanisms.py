"""Every mechanism: which of them a server offers, and which a client takes."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from roost.proto.sasl.bearer import OAUTHBEARER, XOAUTH2, OAuthBearerClient, XOAuth2Client
from roost.proto.sasl.binding import NO_BINDINGS, Bindings
from roost.proto.sasl.client import Client
from roost.proto.sasl.cram_md5 import CRAM_MD5, CramMd5Client
from roost.proto.sasl.external import EXTERNAL, ExternalClient
from roost.proto.sasl.login import LOGIN, LoginClient
from roost.proto.sasl.mechanism import Offered
from roost.proto.sasl.plain import PLAIN, PlainClient
from roost.proto.sasl.scram import (
    PLUS,
    SCRAM_SHA_1,
    SCRAM_SHA_1_PLUS,
    SCRAM_SHA_256,
    SCRAM_SHA_256_PLUS,
)
from roost.proto.sasl.scram_client import ScramClient

MECHANISMS: tuple[Offered, ...] = (
    EXTERNAL,
    SCRAM_SHA_256_PLUS,
    SCRAM_SHA_256,
    SCRAM_SHA_1_PLUS,
    SCRAM_SHA_1,
    CRAM_MD5,
    OAUTHBEARER,
    XOAUTH2,
    PLAIN,
    LOGIN,
)


def offered(
    mechanisms: Collection[Offered],
    *,
    private: bool,
    bindings: Bindings = NO_BINDINGS,
    has_certificate: bool = False,
) -> tuple[Offered, ...]:
    """Those to be offered on a connection, in the same order.

    private: whether passwords may be sent, under TLS or because the administrator allows it.
    has_certificate: whether the client presented one.
    """
    return tuple(
        one
        for one in mechanisms
        if (private or not one.sends_password)
        and (bindings or not one.needs_binding)
        and (has_certificate or not one.needs_certificate)
    )


def offers_plus(mechanisms: Collection[Offered]) -> bool:
    """Whether any of them has channel binding; see `Exchange.offers_plus`."""
    return any(one.needs_binding for one in mechanisms)


@dataclass(frozen=True, slots=True)
class Account:
    """What a client logs in with. Names and password are prepared (RFC 8265).

    password, token: "" where there is none. has_certificate: presented in the handshake.
    host, port: what is connected to. mechanisms: those that may be used, all by default.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    authorization: str = ""
    has_certificate: bool = False
    host: str = ""
    port: int = 0
    mechanisms: frozenset[str] = frozenset(one.name for one in MECHANISMS)


def choose_client(
    offered_names: Collection[str],
    account: Account,
    nonce: str,
    *,
    private: bool,
    bindings: Bindings = NO_BINDINGS,
) -> Client | None:
    """The safest mechanism that both sides have, ready to start; None when there is none.

    offered_names: in upper case. nonce: see `mechanism.make_nonce`. private: whether a password may
    be sent; that is, under TLS with whom was meant.
    """
    plus = any(name.endswith(PLUS) for name in offered_names)
    makers = _token_makers(account) | _password_makers(account, nonce, bindings, plus)
    if account.has_certificate:
        makers[EXTERNAL.name] = lambda: ExternalClient(account.authorization)
    possible = offered(
        MECHANISMS, private=private, bindings=bindings, has_certificate=account.has_certificate
    )
    usable = account.mechanisms.intersection(offered_names, makers)
    return next((makers[one.name]() for one in possible if one.name in usable), None)


_Makers = dict[str, Callable[[], Client]]


def _token_makers(account: Account) -> _Makers:
    if not account.token:
        return {}
    makers: _Makers = {
        OAUTHBEARER.name: lambda: OAuthBearerClient(
            account.token, account.authorization or account.username, account.host, account.port
        )
    }
    if account.username and not account.authorization:
        makers[XOAUTH2.name] = lambda: XOAuth2Client(account.token, account.username)
    return makers


def _password_makers(account: Account, nonce: str, bindings: Bindings, plus: bool) -> _Makers:
    if not account.username or not account.password:
        return {}
    name, password, acting_as = account.username, account.password, account.authorization

    def scram(mechanism: str) -> Callable[[], Client]:
        return lambda: ScramClient(
            mechanism,
            name,
            password,
            nonce,
            authorization=acting_as,
            bindings=bindings,
            server_offers_plus=plus,
        )

    scrams = (SCRAM_SHA_256_PLUS, SCRAM_SHA_256, SCRAM_SHA_1_PLUS, SCRAM_SHA_1)
    makers: _Makers = {one.name: scram(one.name) for one in scrams}
    makers[PLAIN.name] = lambda: PlainClient(name, password, acting_as)
    if not acting_as:
        # These two cannot say that they act for another.
        makers[CRAM_MD5.name] = lambda: CramMd5Client(name, password)
        makers[LOGIN.name] = lambda: LoginClient(name, password)
    return makers
