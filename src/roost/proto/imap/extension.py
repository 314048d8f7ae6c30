"""What an extension adds, as one value; and the grammar that several of them make.

The families of the base protocol are such values too (`core.CORE`), so that the grammar has one
way in for everything. RFC 4466 gathers the places where the base protocol can be extended.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from roost.proto.imap.command import Arguments, Command
from roost.proto.imap.error import BadSyntax, UnknownCommand
from roost.proto.imap.state import STATES, States
from roost.proto.imap.token import Cursor, Piece

T = TypeVar("T")

# Reads the arguments of a verb, from the space before them to the end of the command.
Parser = Callable[[Cursor, "Grammar"], Arguments]
# Reads what follows a name that was just taken: nothing, or a space and a value. What it returns
# is handed on as it is, in the order of the command.
Hook = Callable[[Cursor], Hashable]
Hooks = Mapping[str, Hook]
# As Hook, for a value made of what other extensions add to the grammar as well.
NestedHook = Callable[[Cursor, "Grammar"], Hashable]
# Whether the literal announced behind these pieces is a message, to be streamed.
IsMessage = Callable[[Sequence[Piece]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """One extension, or one family of commands.

    name: for people. rfc: its number. capabilities: what CAPABILITY lists. enables: capabilities
    a client may name in ENABLE to some effect.
    parsers: by verb, with "UID " before it where it has that form. states: by verb without UID.
    message_literals: by verb, which of its literals are messages.
    All others add a name, upper case, to one place of the grammar, with the reader of its value:
    select_parameters to SELECT and EXAMINE, create_parameters to CREATE, append_options before
    the literal of APPEND, append_data in its place, fetch_items, fetch_modifiers, store_modifiers,
    search_keys, search_returns, list_selects, list_returns; status_items take no value.
    uid_fetch_modifiers: as fetch_modifiers, for UID FETCH only. nested_search_returns: as
    search_returns, for values that hold FETCH items.
    """

    name: str
    rfc: int
    capabilities: tuple[str, ...] = ()
    enables: tuple[str, ...] = ()
    parsers: Mapping[str, Parser] = field(default_factory=dict)
    states: Mapping[str, States] = field(default_factory=dict)
    message_literals: Mapping[str, IsMessage] = field(default_factory=dict)
    select_parameters: Hooks = field(default_factory=dict)
    create_parameters: Hooks = field(default_factory=dict)
    append_options: Hooks = field(default_factory=dict)
    append_data: Hooks = field(default_factory=dict)
    fetch_items: Hooks = field(default_factory=dict)
    fetch_modifiers: Hooks = field(default_factory=dict)
    uid_fetch_modifiers: Hooks = field(default_factory=dict)
    store_modifiers: Hooks = field(default_factory=dict)
    search_keys: Hooks = field(default_factory=dict)
    search_returns: Hooks = field(default_factory=dict)
    nested_search_returns: Mapping[str, NestedHook] = field(default_factory=dict)
    list_selects: Hooks = field(default_factory=dict)
    list_returns: Hooks = field(default_factory=dict)
    status_items: tuple[str, ...] = ()


class Grammar:
    """All that a server understands: the sum of its extensions. Never changes once made."""

    def __init__(self, extensions: Iterable[Extension]) -> None:
        parts = tuple(extensions)
        self.capabilities = tuple(dict.fromkeys(c for part in parts for c in part.capabilities))
        self.enables = frozenset(name for part in parts for name in part.enables)
        self.status_items = frozenset(name for part in parts for name in part.status_items)
        self.parsers = _joined(part.parsers for part in parts)
        self.states = _joined((STATES, *(part.states for part in parts)))
        self.message_literals = _joined(part.message_literals for part in parts)
        self.select_parameters = _joined(part.select_parameters for part in parts)
        self.create_parameters = _joined(part.create_parameters for part in parts)
        self.append_options = _joined(part.append_options for part in parts)
        self.append_data = _joined(part.append_data for part in parts)
        self.fetch_items = _joined(part.fetch_items for part in parts)
        self.fetch_modifiers = _joined(part.fetch_modifiers for part in parts)
        self.uid_fetch_modifiers = _joined(
            (self.fetch_modifiers, *(part.uid_fetch_modifiers for part in parts))
        )
        self.store_modifiers = _joined(part.store_modifiers for part in parts)
        self.search_keys = _joined(part.search_keys for part in parts)
        self.search_returns = _joined(
            (
                *(part.search_returns for part in parts),
                *(self._bound(part.nested_search_returns) for part in parts),
            )
        )
        self.list_selects = _joined(part.list_selects for part in parts)
        self.list_returns = _joined(part.list_returns for part in parts)

    def _bound(self, hooks: Mapping[str, NestedHook]) -> Hooks:
        def bind(hook: NestedHook) -> Hook:
            return lambda cursor: hook(cursor, self)

        return {name: bind(hook) for name, hook in hooks.items()}

    def has(self, capability: str) -> bool:
        """Whether this capability is part of the grammar."""
        return capability in self.capabilities

    def parse(self, pieces: Sequence[Piece], *, utf8: bool = False) -> Command:
        """Read a command.

        pieces: of a whole command, or those before a message literal that is about to come.
        utf8: whether the client enabled UTF-8 for mailbox names.
        Raises BadSyntax or one of its subclasses with the offset in the command.
        """
        cursor = Cursor(pieces, utf8=utf8)
        tag = cursor.tag()
        cursor.sp()
        start = cursor.offset
        verb = spelled = cursor.word("a command is missing")
        if uid := verb == "UID":
            cursor.sp()
            verb = cursor.word("a command is missing after UID")
            spelled = "UID " + verb
        parser = self.parsers.get(spelled)
        if parser is None:
            raise UnknownCommand("there is no such command", start)
        args = parser(cursor, self)
        cursor.end()
        return Command(tag, verb, uid, args)


def hooked(cursor: Cursor, hooks: Hooks, unknown: str) -> Hashable:
    """Take a name and its value, as the extension that added the name reads it.

    Raises BadSyntax with the text `unknown` at a name that no extension added (RFC 4466).
    """
    start = cursor.offset
    hook = hooks.get(cursor.label())
    if hook is None:
        raise BadSyntax(unknown, start)
    return hook(cursor)


def hooked_list(cursor: Cursor, hooks: Hooks, most: int, unknown: str) -> tuple[Hashable, ...]:
    """Take a parenthesised list of such names and their values, none of them twice.

    Raises as `hooked`, BadSyntax for a name that is repeated, OverLimit for more than `most`.
    """
    seen: set[str] = set()

    def one() -> Hashable:
        start = cursor.offset
        hook = hooks.get(name := cursor.label())
        if hook is None:
            raise BadSyntax(unknown, start)
        if name in seen:
            raise BadSyntax("this was said before", start)
        seen.add(name)
        return hook(cursor)

    return tuple(cursor.listed(one, most))


def without_value(value: Hashable) -> Hook:
    """The hook of a name that stands alone: it takes nothing and gives this."""
    return lambda cursor: value  # noqa: ARG005 - every hook has it


def _joined(mappings: Iterable[Mapping[str, T]]) -> dict[str, T]:
    """One mapping of all; ValueError when two extensions claim one name."""
    joined: dict[str, T] = {}
    for mapping in mappings:
        for name, value in mapping.items():
            if name in joined:
                raise ValueError(f"two extensions define {name}")
            joined[name] = value
    return joined
