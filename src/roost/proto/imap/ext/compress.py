"""COMPRESS=DEFLATE: all that follows is deflated. RFC 4978."""

from dataclasses import dataclass
from typing import Final

from roost.proto.imap.command import Arguments
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.extension import Extension, Grammar
from roost.proto.imap.response import Code
from roost.proto.imap.state import AFTER_LOGIN
from roost.proto.imap.token import Cursor

COMPRESSION_ACTIVE: Final = Code(b"COMPRESSIONACTIVE")


@dataclass(frozen=True, slots=True)
class Compress(Arguments):
    """COMPRESS. algorithm: DEFLATE, the only one there is. RFC 4978 section 3.

    The answer is the last that goes out plain; what came behind the command is deflated already
    (`reader.Reader.take_rest`).
    """

    algorithm: str


def parse_compress(cursor: Cursor, grammar: Grammar) -> Compress:  # noqa: ARG001
    """Read the argument of COMPRESS."""
    cursor.sp()
    start = cursor.offset
    algorithm = cursor.word("an algorithm is missing")
    if algorithm != "DEFLATE":
        raise BadSyntax("there is no such algorithm", start)
    return Compress(algorithm)


COMPRESS = Extension(
    name="compress",
    rfc=4978,
    capabilities=("COMPRESS=DEFLATE",),
    parsers={"COMPRESS": parse_compress},
    states={"COMPRESS": AFTER_LOGIN},
)
