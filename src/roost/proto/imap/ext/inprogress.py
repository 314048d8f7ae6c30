"""INPROGRESS: a command that takes long tells how far it is. RFC 9585."""

from roost.proto.imap.extension import Extension
from roost.proto.imap.response import Code
from roost.proto.imap.spelling import string


def in_progress_code(
    tag: bytes | None = None, done: int | None = None, goal: int | None = None
) -> Code:
    """INPROGRESS for an untagged OK; nothing but the name when nothing is known.

    tag: of the command; one with `]` is as good as none. done: so many things, of `goal` where that
    is known. Numbers that cannot be, a goal that is reached or has no number before it, are left
    out. RFC 9585 section 4.
    """
    if tag is not None and b"]" in tag:
        tag = None
    if goal is not None and (done is None or done >= goal):
        done = goal = None
    if tag is None and done is None:
        return Code(b"INPROGRESS")
    who = b"NIL" if tag is None else string(tag)
    return Code(b"INPROGRESS (%b %b %b)" % (who, _number(done), _number(goal)))


def _number(number: int | None) -> bytes:
    return b"NIL" if number is None else b"%d" % number


INPROGRESS = Extension(name="inprogress", rfc=9585, capabilities=("INPROGRESS",))
