"""[tls]: the certificate shown on every port."""

from typing import Annotated

import msgspec

from roost.config.setting import doc


class TlsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Certificate and key; without them roost makes a certificate that no CA has signed."""

    certificate: Annotated[
        str, doc("PEM file with the certificate and the CA certificates above it.")
    ] = ""
    key: Annotated[str, doc("PEM file with the certificate's private key.")] = ""
