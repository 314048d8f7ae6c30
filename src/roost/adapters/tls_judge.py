"""Judges the chain of a server that we connected to, after the handshake."""

from collections.abc import Callable, Sequence
from ipaddress import ip_address

from cryptography import x509
from OpenSSL import SSL, crypto

# (chain in DER, the leaf first; the name we meant to reach) -> what is wrong, None if all is well.
Judge = Callable[[Sequence[bytes], str], str | None]


def system_judge() -> Judge:
    """A judge who trusts what the system trusts. Read once. RFC 5280 section 6."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_default_verify_paths()
    store = context.get_cert_store()
    assert store is not None
    return ChainJudge(store, owner=context)


class ChainJudge:
    """A judge who trusts what is in `store`.

    owner: what the store lives in and dies with, kept as long as the judge.
    """

    def __init__(self, store: crypto.X509Store, owner: object = None) -> None:
        self._store = store
        self._owner = owner

    def __call__(self, chain: Sequence[bytes], server_name: str) -> str | None:
        certificates = [x509.load_der_x509_certificate(each) for each in chain]
        if not certificates:
            return "the server sent no certificate"
        return _chain_fault(self._store, certificates) or _name_fault(certificates[0], server_name)


def _chain_fault(store: crypto.X509Store, chain: Sequence[x509.Certificate]) -> str | None:
    leaf, *between = [crypto.X509.from_cryptography(each) for each in chain]
    try:
        crypto.X509StoreContext(store, leaf, between).verify_certificate()
    except crypto.X509StoreContextError as error:
        return str(error)
    return None


def _name_fault(leaf: x509.Certificate, server_name: str) -> str | None:
    """RFC 9525 section 6: subjectAltName only, a wildcard for one whole label on the left."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return "the certificate names no host"
    wanted = server_name.lower().removesuffix(".")
    try:
        if ip_address(wanted) in names.get_values_for_type(x509.IPAddress):
            return None
    except ValueError:
        accepted = {wanted, "*." + wanted.partition(".")[2]}
        if accepted & {name.lower() for name in names.get_values_for_type(x509.DNSName)}:
            return None
    return f"the certificate is not for {server_name}"
