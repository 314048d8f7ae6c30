"""JMAPACCESS: the same mail is to be had by JMAP, and where. RFC 9698."""

from roost.proto.imap.core.session import parse_bare
from roost.proto.imap.extension import Extension
from roost.proto.imap.spelling import string
from roost.proto.imap.state import AFTER_LOGIN


def jmap_access(session_url: str) -> bytes:
    """JMAPACCESS, the answer to GETJMAPACCESS. session_url: of the JMAP session, in ASCII."""
    return b"* JMAPACCESS " + string(session_url.encode("ascii")) + b"\r\n"


JMAPACCESS = Extension(
    name="jmapaccess",
    rfc=9698,
    capabilities=("JMAPACCESS",),
    parsers={"GETJMAPACCESS": parse_bare},
    states={"GETJMAPACCESS": AFTER_LOGIN},
)
