"""NAMESPACE. RFC 9051 section 6.3.10."""

from roost.proto.imap.core.session import parse_bare
from roost.proto.imap.extension import Extension

NAMESPACE = Extension(
    name="namespace", rfc=9051, capabilities=("NAMESPACE",), parsers={"NAMESPACE": parse_bare}
)
