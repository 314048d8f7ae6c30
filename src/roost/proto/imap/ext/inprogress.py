"""INPROGRESS: a command that takes long tells how far it is. RFC 9585."""

from roost.proto.imap.extension import Extension
from roost.proto.imap.response import Code
from roost.proto.imap.spelling import string


def in_progress_code(
    tag: bytes | None = None, done: int | None = None, goal: int | None = None
) -> Code:
    """INPROGRESS for an untagged OK; nothing but the name when nothing is known.

    tag: of the command. done: so many steps of `goal`, which is above 0; each may be unknown.
    RFC 9585.
    """
    if tag is None and done is None and goal is None:
        return Code(b"INPROGRESS")
    who = b"NIL" if tag is None else string(tag)
    return Code(b"INPROGRESS (%b %b %b)" % (who, _number(done), _number(goal)))


def _number(number: int | None) -> bytes:
    return b"NIL" if number is None else b"%d" % number


INPROGRESS = Extension(name="inprogress", rfc=9585, capabilities=("INPROGRESS",))
