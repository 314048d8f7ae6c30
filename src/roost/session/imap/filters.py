"""FILTER of SEARCH: keys that are kept on the server under a name. RFC 5466.

They are metadata of the server, and are put in the place of the key before the search begins, so
that the search is the same as if the client had spelled it out.
"""

from dataclasses import replace
from typing import Any

from roost.base.ids import MailboxRef
from roost.proto.imap import response
from roost.proto.imap.command import Command
from roost.proto.imap.core.search import MAX_KEYS, And, Not, Or, SearchKey, walk
from roost.proto.imap.error import BadSyntax
from roost.proto.imap.ext.filters import (
    PRIVATE_VALUES,
    SHARED_VALUES,
    InFilter,
    parse_filter_value,
    undefined_filter_code,
)
from roost.session.imap import uidonly
from roost.session.imap.conversation import Conversation, Refused
from roost.store import metadata

__all__ = ["spelled_out"]

MAX_LEVELS = 5  # of filters that name filters
MAX_FILTERS = 100


async def spelled_out(talk: Conversation, command: Command) -> Command:
    """The command with its filters spelled out. Refused where there is no such filter."""
    key = getattr(command.args, "key", None)
    if key is None or not _has_filter(key):
        return command
    args: Any = command.args
    full = await _Expansion(talk).expand(key, ())
    if sum(1 for _ in walk(full)) > MAX_KEYS:
        raise Refused("the search is too complex", response.LIMIT)
    command = replace(command, args=replace(args, key=full))
    if (refused := uidonly.refusal(talk, command)) is not None:
        raise refused
    return command


def _has_filter(key: SearchKey) -> bool:
    return any(isinstance(one, InFilter) for one in walk(key))


class _Expansion:
    """The filters of one command, bounded in number."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._left = MAX_FILTERS

    async def expand(self, key: SearchKey, inside: tuple[str, ...]) -> SearchKey:
        """The key without filters. inside: the names of those it is part of. Section 3.1."""
        if not _has_filter(key):
            return key
        match key:
            case And(keys):
                return And(tuple([await self.expand(one, inside) for one in keys]))
            case Or(left, right):
                return Or(await self.expand(left, inside), await self.expand(right, inside))
            case Not(inner):
                return Not(await self.expand(inner, inside))
            case InFilter(name):
                return await self._filter(name, inside)
        return key

    async def _filter(self, name: str, inside: tuple[str, ...]) -> SearchKey:
        self._left -= 1
        if name in inside or len(inside) >= MAX_LEVELS or self._left < 0:
            raise _undefined(name)
        value = await _value(self._talk, name)
        if value is None:
            raise _undefined(name)
        try:
            key = parse_filter_value(value, self._talk.grammar)
        except BadSyntax as error:
            raise Refused("the filter is no search", undefined_filter_code(name)) from error
        return await self.expand(key, (*inside, name))


async def _value(talk: Conversation, name: str) -> bytes | None:
    """What is kept under the name; the account's own goes before what is shared. Section 3.2."""
    server = MailboxRef(talk.user.account, metadata.SERVER)
    private, shared = PRIVATE_VALUES + name, SHARED_VALUES + name
    found = await talk.port.store.read(lambda tx: metadata.values(tx, server, (private, shared)))
    value = found.get(private)
    return value if value is not None else found.get(shared)


def _undefined(name: str) -> Refused:
    return Refused("there is no such filter", undefined_filter_code(name))
