"""Address lists of header fields: mailboxes and groups. RFC 5322 sections 3.4 and 4.4."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from roost.base.address import spell_localpart
from roost.proto.mime.charset import decode_unnamed, printable
from roost.proto.mime.comment import comment_end, unescape
from roost.proto.mime.encoded_word import decode_words
from roost.proto.mime.header import unfold


class Mailbox(NamedTuple):
    """One address as its field spells it, in octets. RFC 5322 section 3.4.

    name: the phrase without quotes, escapes and comments, encoded words as they are; or the
    comment of the old form `address (name)`; None without either.
    route: obsolete source route without its colon.
    local: without quotes. domain: empty for an address without @.
    """

    name: bytes | None
    route: bytes | None
    local: bytes
    domain: bytes


class Group(NamedTuple):
    """A named group, `name: member, member;`; members are often left out."""

    name: bytes
    members: tuple[Mailbox, ...]


ListItem = Mailbox | Group

MAX_FIELD_OCTETS = 131_072

_ATOM = rb'[^\s\x00"(),.:;<>@\[\]\\]++'
_DOT_ATOM = rb"%b(?:\.%b)*+" % (_ATOM, _ATOM)

# By far the most addresses: nothing to unescape, no comments, no encoded specials.
_SIMPLE = re.compile(
    rb'(?:(?:"([^"\\]++)"|(%b(?: %b)*+))?+ ?+(<))?+' % (_ATOM, _ATOM)
    + rb"(%b)@(%b)(>)?+(?:\Z|,[ \t]*+(?!\Z))" % (_DOT_ATOM, _DOT_ATOM)
)

# An address that is shown as its field spells it.
_ATEXT = rb"[0-9A-Za-z!#$%&'*+/=?^_`{|}~-]++"
_PLAIN_SPEC = re.compile(rb"%b(?:\.%b)*+@[!-?A-~]++" % (_ATEXT, _ATEXT))

# Encoded words come first: broken ones hold spaces, commas and parentheses. Runs of commas and
# angles are one token, so that a field of nothing else is cheap.
_TOKEN = re.compile(
    rb"""(?P<space>[\s\x00]++)
    |(?P<atom>=\?[^?\s]{1,64}\?[bBqQ]\?[^?<>@"]*+\?=|[^\s\x00"(),.:;<>@\[\\]++)
    |(?P<quoted>"(?:[^"\\]++|\\.)*+")
    |(?P<literal>\[[^\[\]\\<>,;"]*+\])
    |(?P<mark>[.@:]|[<]++|>++|[,;][,;\s\x00]*+)
    |(?P<comment>\()
    |(?P<junk>[\])"\[]|\\.?+)""",
    re.VERBOSE | re.DOTALL,
)


class _Token(NamedTuple):
    kind: str  # a group of _TOKEN; the mark itself for marks, one character
    text: bytes
    spaced: bool  # white space or a comment stands before it


def parse_address_list(raw: bytes, max_addresses: int = 1000) -> tuple[ListItem, ...]:
    """The mailboxes and groups of a field such as To, in order.

    raw: the field's value, folded or not; its first 128 KiB count.
    max_addresses: bound on mailboxes and groups together, but for a last group cut short.
    Never raises; what is no address is passed over or becomes a mailbox without domain, so that
    it can be shown. RFC 5322 section 3.4.
    """
    return parse_unfolded(unfold(raw[:MAX_FIELD_OCTETS]), max_addresses)


def parse_unfolded(value: bytes, max_addresses: int) -> tuple[ListItem, ...]:
    """`parse_address_list` of a value that is on one line already, and not too long."""
    simple = _simple_list(value)
    if simple is None:
        return tuple(_Reader(max_addresses).read(value))
    return tuple(simple[: max(max_addresses, 0)])


def mailboxes(items: Sequence[ListItem]) -> Iterator[Mailbox]:
    """Every mailbox, those inside groups too, in order."""
    for item in items:
        if isinstance(item, Group):
            yield from item.members
        else:
            yield item


def display_name(mailbox: Mailbox) -> str:
    """The name to show, decoded, on one line; empty without one. RFC 2047 section 5 (3)."""
    return printable(decode_words(mailbox.name)).strip() if mailbox.name else ""


def address_text(mailbox: Mailbox) -> str:
    """`local@domain` as text, the local part in quotes where it needs them; no route.

    Only the local part for a mailbox without domain; empty without both.
    """
    spec = b"%b@%b" % (mailbox.local, mailbox.domain)
    if _PLAIN_SPEC.fullmatch(spec):
        return spec.decode("ascii")
    local = printable(decode_unnamed(mailbox.local))
    domain = printable(decode_unnamed(mailbox.domain))
    return f"{spell_localpart(local)}@{domain}" if domain else local


def _simple_list(value: bytes) -> list[Mailbox] | None:
    """The mailboxes of a list that has nothing unusual; None sends it to the whole grammar."""
    found: list[Mailbox] = []
    position = 0
    while position < len(value) or not found:
        simple = _SIMPLE.match(value, position)
        if simple is None or (simple[3] is None) != (simple[6] is None):
            return None
        quoted, phrase, _, local, domain, _ = simple.groups()
        found.append(Mailbox(phrase if quoted is None else quoted, None, local, domain))
        position = simple.end()
    return found


class _Reader:
    """Collects the tokens of one item, then makes a mailbox of them."""

    def __init__(self, max_addresses: int) -> None:
        self._left = max_addresses
        self._items: list[ListItem] = []
        self._members: list[Mailbox] | None = None
        self._group_name = b""
        self._phrase: list[_Token] = []
        self._angle: list[_Token] | None = None
        self._in_angle = False
        self._comment: bytes | None = None

    def read(self, raw: bytes) -> list[ListItem]:
        for token in _tokens(raw):
            if self._left <= 0:
                break
            self._take(token)
        self._end_item()
        self._end_group()
        return self._items

    def _take(self, token: _Token) -> None:
        match token.kind:
            case ";":
                self._end_item()
                self._end_group()
            case "," if not (self._in_angle and _is_route(self._angle)):
                self._end_item()
            case "<":
                if self._angle is None:
                    self._angle, self._in_angle = [], True
            case ">":
                self._in_angle = False
            case "comment":
                self._comment = token.text
            case ":" if not self._in_angle:
                self._begin_group(token)
            case _ if self._in_angle and self._angle is not None:
                self._angle.append(token)
            case _ if self._angle is None:
                self._phrase.append(token)

    def _begin_group(self, colon: _Token) -> None:
        if self._members is not None or any(token.kind == "@" for token in self._phrase):
            self._phrase.append(colon)
            return
        self._group_name = _join(self._phrase)
        self._members = []
        self._reset()

    def _end_item(self) -> None:
        mailbox = _mailbox(self._phrase, self._angle, self._comment)
        self._reset()
        if mailbox is None or self._left <= 0:
            return
        self._left -= 1
        if self._members is None:
            self._items.append(mailbox)
        else:
            self._members.append(mailbox)

    def _end_group(self) -> None:
        if self._members is not None:
            self._left -= 1  # a group counts too, or empty ones would have no bound
            self._items.append(Group(self._group_name, tuple(self._members)))
            self._members = None

    def _reset(self) -> None:
        self._phrase, self._angle, self._in_angle, self._comment = [], None, False, None


def _tokens(raw: bytes) -> Iterator[_Token]:
    """Tokens with comments as one and white space only as a mark on the next."""
    spaced, position = False, 0
    while found := _TOKEN.match(raw, position):
        position = found.end()
        kind, text = found.lastgroup or "", found[0]
        if kind == "space":
            spaced = True
            continue
        if kind == "comment":
            position = comment_end(raw, found.start())
            text = unescape(raw[found.end() : position].removesuffix(b")")).strip()
        elif kind == "quoted":
            text = unescape(text[1:-1])
        elif kind == "mark":
            kind = ";" if b";" in text else chr(text[0])
        elif kind == "junk":
            if text == b'"':
                # Quotes that nobody closes would swallow the addresses behind them: from here
                # on they are white space, for all of them at once, so that time stays linear.
                raw, spaced = raw.replace(b'"', b" "), True
                continue
            kind, text = "atom", text[1:] if text[:1] == b"\\" else text
        yield _Token(kind, text, spaced)
        spaced = kind == "comment"


def _is_route(angle: list[_Token] | None) -> bool:
    """Whether a comma belongs to an obsolete route `<@a,@b:c@d>` that is not at its colon yet."""
    return not angle or (angle[0].kind == "@" and angle[-1].kind != ":")


def _mailbox(
    phrase: list[_Token], angle: list[_Token] | None, comment: bytes | None
) -> Mailbox | None:
    if angle is not None:
        route, spec = _split_route(angle)
        _, local, domain = _split_spec(spec)
        name = _join(phrase)
        if not (local or domain or name):
            return None
        return Mailbox(name or comment or None, route, local, domain)
    if not phrase:
        return None
    before, local, domain = _split_spec(phrase)
    return Mailbox(_join(before) or comment or None, None, local, domain)


def _split_route(angle: list[_Token]) -> tuple[bytes | None, list[_Token]]:
    """The obsolete route and what follows its colon. RFC 5322 section 4.4."""
    if not angle or angle[0].kind != "@":
        return None, angle
    for number, token in enumerate(angle):
        if token.kind == ":":
            return b"".join(token.text.strip() for token in angle[:number]), angle[number + 1 :]
    return None, angle[1:]


def _split_spec(tokens: list[_Token]) -> tuple[list[_Token], bytes, bytes]:
    """Tokens before the address, its local part, its domain.

    The last @ counts. Words before it belong to the local part as far back as dots hold them
    together; the words after it, to the domain in the same way.
    """
    at = next((n for n in range(len(tokens) - 1, -1, -1) if tokens[n].kind == "@"), None)
    if at is None:
        return [], _join(tokens), b""
    start = at
    while start > 0 and (start == at or not _parted(tokens[start - 1], tokens[start])):
        start -= 1
    end = at + 1
    while end < len(tokens) and (end == at + 1 or not _parted(tokens[end - 1], tokens[end])):
        end += 1
    local = b"".join(token.text for token in tokens[start:at])
    domain = b"".join(token.text for token in tokens[at + 1 : end])
    return tokens[:start], local, domain


def _parted(left: _Token, right: _Token) -> bool:
    """Whether white space parts two words; around a dot it does not (obsolete syntax)."""
    return right.spaced and "." not in {left.kind, right.kind}


def _join(tokens: list[_Token]) -> bytes:
    """A phrase: its words with one space where there was white space. RFC 5322 section 3.2.5."""
    return b"".join(
        b" " + token.text if number and token.spaced else token.text
        for number, token in enumerate(tokens)
    )
