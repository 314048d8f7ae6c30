"""What a command is once it is read: a tag, a verb and typed arguments.

The arguments of each verb are a class in the file of its family under `core` or `ext`.
"""

from dataclasses import dataclass


class Arguments:
    """The arguments of one command; every verb has its own subclass, or Bare."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Bare(Arguments):
    """A command that takes no arguments: CAPABILITY, NOOP, LOGOUT, STARTTLS, CLOSE, IDLE ..."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a client.

    tag: fit to be sent back as it is. verb: upper case, without UID. uid: whether it came as
    `UID verb`, so that its sets mean unique identifiers and its results name them.
    """

    tag: bytes
    verb: str
    uid: bool
    args: Arguments
