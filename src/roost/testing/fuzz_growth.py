"""How much memory an object holds that a peer can make longer."""

import sys
from collections import deque
from collections.abc import Iterable, Mapping

from roost.proto.imap.extension import Extension, Grammar
from roost.session.imap.ports import ImapPort
from roost.session.smtp.ports import SmtpPort

_OURS = ("roost.proto.", "roost.session.")
_SHARED = (Grammar, Extension, ImapPort, SmtpPort)  # by all connections


def held_octets(thing: object) -> int:
    """The octets of an object of `proto` or `session` and of all that only it holds, about."""
    seen: set[int] = set()
    waiting = [thing]
    total = 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, _SHARED):
            continue
        seen.add(id(one))
        parts = _parts_of(one)
        if parts is not None:
            total += sys.getsizeof(one)
            waiting.extend(parts)
    return total


def _parts_of(thing: object) -> Iterable[object] | None:
    """What lies in it; None where it belongs to somebody else."""
    if isinstance(thing, str | bytes | bytearray | int | float | memoryview):
        return ()
    if isinstance(thing, Mapping):
        return [*thing.keys(), *thing.values()]
    if isinstance(thing, list | tuple | set | frozenset | deque):
        return list(thing)
    if type(thing).__module__ == "array":
        return ()
    if type(thing).__module__.startswith(_OURS):
        slots = {name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())}
        return [getattr(thing, name, None) for name in {*slots, *getattr(thing, "__dict__", {})}]
    return None
