"""IDLE. RFC 9051 section 6.3.13."""

from roost.proto.imap.core.session import parse_bare
from roost.proto.imap.extension import Extension

IDLE = Extension(name="idle", rfc=9051, capabilities=("IDLE",), parsers={"IDLE": parse_bare})


def is_done(line: bytes) -> bool:
    """Whether the line that came while idling ends it; any other is an error."""
    return line.upper() == b"DONE"
