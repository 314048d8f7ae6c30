"""Everything the IMAP library raises on purpose; all of it is the peer's fault."""

from roost.base.errors import ProtocolError


class LineTooLong(ProtocolError):
    """A line or command grew beyond its limit; where the next one begins is not known."""


class BadSyntax(ProtocolError):
    """A command does not follow the grammar: BAD. offset: octets into the command.

    The offset counts the text and the literals' octets, without the `{n}` that announce literals.
    """


class UnknownCommand(BadSyntax):
    """There is no such command: BAD."""


class OverLimit(BadSyntax):
    """A command nests too deep or lists too much: NO [LIMIT]. RFC 5530 section 3."""


class BadMailboxName(BadSyntax):
    """A mailbox name is not modified UTF-7 or not UTF-8: NO [CANNOT]. RFC 3501 section 5.1.3."""


class BadCharset(BadSyntax):
    """SEARCH names a charset that we do not know: NO [BADCHARSET]. RFC 9051 section 6.4.4."""
