"""The certificate of this server and the TLS layers made of it."""

from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from roost.adapters.certificate import (
    CertifiedKey,
    Name,
    load_certified_key,
    make_self_signed,
    save_certified_key,
)
from roost.adapters.tls import TlsServer
from roost.adapters.tls_context import AcceptKey, ServerOptions, TlsContexts, choose_by_name
from roost.app.data_folder import DataFolder
from roost.base.domain import Domain
from roost.config.tls import TlsConfig
from roost.ports.clock import Clock


def load_configured(config: TlsConfig) -> CertifiedKey | None:
    """The configured certificate, None where none is.

    Raises CertificateError, which names file and mend.
    """
    if not config.certificate:
        return None
    return load_certified_key(Path(config.certificate), Path(config.key))


def made_certificate(folder: DataFolder, names: Sequence[str], clock: Clock) -> CertifiedKey:
    """A certificate that nobody vouches for, made for these names at the first use and kept.

    Raises CertificateError.
    """
    if not folder.certificate.exists():
        made = make_self_signed([_name(name) for name in names], clock)
        save_certified_key(made, folder.certificate, folder.certificate_key)
    return load_certified_key(folder.certificate, folder.certificate_key)


def tls_server(
    certified: CertifiedKey,
    clock: Clock,
    *,
    tickets: bool = True,
    alpn: tuple[str, ...] = (),
    accept_key: AcceptKey | None = None,
) -> TlsServer:
    """Shows this certificate whatever name a client asks for: there is just the one.

    tickets: off for the MX port, where they have broken handshakes of large senders.
    accept_key: see ServerOptions; None never asks clients for a certificate.
    """
    contexts = TlsContexts(clock, ServerOptions(tickets=tickets, accept_key=accept_key))
    return TlsServer(choose_by_name(contexts, lambda _name: certified, alpn))


def _name(text: str) -> Name:
    try:
        return ip_address(text)
    except ValueError:
        return Domain.parse(text).ascii
