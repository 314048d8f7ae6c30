"""UIDONLY: no message sequence numbers any more. RFC 9586.

Once it is enabled, commands that take or give sequence numbers are answered BAD [UIDREQUIRED],
expunges are told with `qresync.vanished`, and FETCH responses become UIDFETCH.
"""

from collections.abc import Iterable
from typing import Final

from roost.proto.imap.command import Command
from roost.proto.imap.core.search import names_numbers
from roost.proto.imap.extension import Extension
from roost.proto.imap.flags import spell_flags
from roost.proto.imap.response import Code

UIDREQUIRED: Final = Code(b"UIDREQUIRED")

_NUMBERED = frozenset({"FETCH", "STORE", "SEARCH", "SORT", "THREAD", "COPY", "MOVE", "REPLACE"})


def needs_numbers(command: Command) -> bool:
    """Whether a command takes or gives sequence numbers. RFC 9586.

    That is each verb with a UID form that came without UID, and a sequence set among search keys;
    `$` names no number.
    """
    if command.verb in _NUMBERED and not command.uid:
        return True
    key = getattr(command.args, "key", None)
    if key is None:
        return False
    return names_numbers(key)


def uid_fetch(uid: int, items: Iterable[bytes]) -> bytes:
    """UIDFETCH in place of FETCH; UID is not among the items. RFC 9586."""
    return b"* %d UIDFETCH (%b)\r\n" % (uid, b" ".join(items))


def uid_fetch_head(uid: int) -> bytes:
    """The beginning of a UIDFETCH response; `data.FETCH_TAIL` ends it."""
    return b"* %d UIDFETCH (" % uid


def uid_fetch_flags(rows: Iterable[tuple[int, int, tuple[str, ...], int | None]]) -> bytes:
    """UIDFETCH responses: UID, flag bits, keywords, and modseq, None to leave it out."""
    return b"".join(
        [
            b"* %d UIDFETCH (FLAGS %b)\r\n" % (uid, spell_flags(bits, keywords))
            if modseq is None
            else b"* %d UIDFETCH (FLAGS %b MODSEQ (%d))\r\n"
            % (uid, spell_flags(bits, keywords), modseq)
            for uid, bits, keywords, modseq in rows
        ]
    )


UIDONLY = Extension(name="uidonly", rfc=9586, capabilities=("UIDONLY",), enables=("UIDONLY",))
