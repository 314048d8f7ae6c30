"""UNAUTHENTICATE: back to where nobody is logged in. RFC 8437."""

from roost.proto.imap.core.session import parse_bare
from roost.proto.imap.extension import Extension
from roost.proto.imap.state import AFTER_LOGIN

UNAUTHENTICATE = Extension(
    name="unauthenticate",
    rfc=8437,
    capabilities=("UNAUTHENTICATE",),
    parsers={"UNAUTHENTICATE": parse_bare},
    states={"UNAUTHENTICATE": AFTER_LOGIN},
)
