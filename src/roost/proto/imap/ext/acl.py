"""ACL: who may do what with a mailbox. RFC 4314; LIST-MYRIGHTS, RFC 8440.

Rights are a text of letters, inside always those of section 2.1 in the order of `RIGHTS`. The
obsolete "c" and "d" (section 2.1.1) are known on the wire only: read as what they stand for, and
told wherever one of these is.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from roost.proto.imap.command import Arguments
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.extension import Extension, Grammar, without_value
from roost.proto.imap.spelling import astring, mailbox, string
from roost.proto.imap.state import AFTER_LOGIN
from roost.proto.imap.token import Cursor

RIGHTS: Final = "lrswipkxtea"
MAX_IDENTIFIER_OCTETS = 512

_OBSOLETE = (("c", "kx"), ("d", "te"))
_MEANT = {right: right for right in RIGHTS} | dict(_OBSOLETE)


class Modification(Enum):
    """What SETACL does with the rights it names."""

    REPLACE = ""
    ADD = "+"
    REMOVE = "-"


@dataclass(frozen=True, slots=True)
class SetAcl(Arguments):
    """SETACL. RFC 4314 section 3.1."""

    mailbox: str
    identifier: str
    modification: Modification
    rights: str


@dataclass(frozen=True, slots=True)
class DeleteAcl(Arguments):
    """DELETEACL. RFC 4314 section 3.2."""

    mailbox: str
    identifier: str


@dataclass(frozen=True, slots=True)
class GetAcl(Arguments):
    """GETACL. RFC 4314 section 3.3."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class ListRights(Arguments):
    """LISTRIGHTS. RFC 4314 section 3.4."""

    mailbox: str
    identifier: str


@dataclass(frozen=True, slots=True)
class MyRights(Arguments):
    """MYRIGHTS. RFC 4314 section 3.5."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class MyRightsReturn:
    """MYRIGHTS of RETURN. RFC 8440."""


MYRIGHTS_RETURN: Final = MyRightsReturn()


def parse_set_acl(cursor: Cursor, grammar: Grammar) -> SetAcl:  # noqa: ARG001
    """Read the arguments of SETACL. An unknown right is no syntax: section 3.1."""
    name, identifier = _on_whom(cursor)
    cursor.sp()
    start = cursor.offset
    text = cursor.text("rights are missing")
    how = Modification(text[:1] if text[:1] in ("+", "-") else "")
    named = text[len(how.value) :]
    for right in named:
        if right not in _MEANT:
            raise BadSyntax("there is no such right", start)
    meant = {letter for right in named for letter in _MEANT[right]}
    return SetAcl(name, identifier, how, _in_order(meant))


def parse_delete_acl(cursor: Cursor, grammar: Grammar) -> DeleteAcl:  # noqa: ARG001
    """Read the arguments of DELETEACL."""
    return DeleteAcl(*_on_whom(cursor))


def parse_get_acl(cursor: Cursor, grammar: Grammar) -> GetAcl:  # noqa: ARG001
    """Read the argument of GETACL."""
    cursor.sp()
    return GetAcl(cursor.mailbox())


def parse_list_rights(cursor: Cursor, grammar: Grammar) -> ListRights:  # noqa: ARG001
    """Read the arguments of LISTRIGHTS."""
    return ListRights(*_on_whom(cursor))


def parse_my_rights(cursor: Cursor, grammar: Grammar) -> MyRights:  # noqa: ARG001
    """Read the argument of MYRIGHTS."""
    cursor.sp()
    return MyRights(cursor.mailbox())


def acl(name: str, entries: Iterable[tuple[str, str]], *, utf8: bool) -> bytes:
    """ACL: identifiers of a mailbox with their rights. RFC 4314 section 3.6."""
    words = [mailbox(name, utf8=utf8)]
    for identifier, rights in entries:
        words += [_spell(identifier, utf8=utf8), spell_rights(rights)]
    return b"* ACL " + b" ".join(words) + b"\r\n"


def list_rights(name: str, identifier: str, always: str, optional: str, *, utf8: bool) -> bytes:
    """LISTRIGHTS: what an identifier always has, and what it can be given, each right by itself.

    "c" and "d" stand by themselves as well, since no right is tied to another one. RFC 4314
    sections 2.1.1 and 3.7.
    """
    apart = [*_in_order(optional), *(old for old, new in _OBSOLETE if set(new) & set(optional))]
    words = [
        mailbox(name, utf8=utf8),
        _spell(identifier, utf8=utf8),
        spell_rights(always),
        *(right.encode("ascii") for right in apart),
    ]
    return b"* LISTRIGHTS " + b" ".join(words) + b"\r\n"


def my_rights(name: str, rights: Iterable[str], *, utf8: bool) -> bytes:
    """MYRIGHTS: what the client may do with a mailbox. RFC 4314 section 3.8."""
    return b"* MYRIGHTS " + mailbox(name, utf8=utf8) + b" " + spell_rights(rights) + b"\r\n"


def spell_rights(rights: Iterable[str]) -> bytes:
    """Rights with the obsolete ones that stand for some of them. RFC 4314 section 2.1.1."""
    held = set(rights)
    old = "".join(letter for letter, new in _OBSOLETE if held & set(new))
    return astring((_in_order(held) + old).encode("ascii"))


def _in_order(rights: Iterable[str]) -> str:
    return "".join(sorted(rights, key=RIGHTS.index))


def _on_whom(cursor: Cursor) -> tuple[str, str]:
    cursor.sp()
    name = cursor.mailbox()
    cursor.sp()
    return name, _identifier(cursor)


def _identifier(cursor: Cursor) -> str:
    """An identifier in its one form. BadSyntax for one that nobody can have: section 3."""
    start = cursor.offset
    text = unicodedata.normalize("NFKC", cursor.text("an identifier is missing")).strip()
    if len(text.encode()) > MAX_IDENTIFIER_OCTETS:
        raise OverLimit("the identifier is too long", start)
    if text in ("", "-") or not text.isprintable():
        raise BadSyntax("this is no identifier", start)
    return text


def _spell(identifier: str, *, utf8: bool) -> bytes:
    octets = identifier.encode()
    return astring(octets, utf8=utf8) if octets.isascii() else string(octets, utf8=utf8)


ACL = Extension(
    name="acl",
    rfc=4314,
    capabilities=("ACL", "RIGHTS=texk"),
    parsers={
        "SETACL": parse_set_acl,
        "DELETEACL": parse_delete_acl,
        "GETACL": parse_get_acl,
        "LISTRIGHTS": parse_list_rights,
        "MYRIGHTS": parse_my_rights,
    },
    states=dict.fromkeys(("SETACL", "DELETEACL", "GETACL", "LISTRIGHTS", "MYRIGHTS"), AFTER_LOGIN),
)
LIST_MYRIGHTS = Extension(
    name="list myrights",
    rfc=8440,
    capabilities=("LIST-MYRIGHTS",),
    list_returns={"MYRIGHTS": without_value(MYRIGHTS_RETURN)},
)
