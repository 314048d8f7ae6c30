"""Conditions on the rows of messages, and the columns that texts are searched in.

A condition is a tree. What rows answer exactly becomes one statement over the mailbox; texts are
looked for by whoever reads these columns, since folding (RFC 5051) is not SQL's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from roost.base.ids import AccountId, EmailId, MailboxRef, ThreadId, Uid
from roost.store.emails import EMAIL_SHIFT
from roost.store.engine import ReadTx, Value
from roost.store.flags import SEEN
from roost.store.sql_lists import Span, chunks, listed

# A statement with more conditions takes SQLite longer to prepare than to run.
MAX_SPANS = 50


class Condition:
    """Something that holds for a message or does not."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class AllOf(Condition):
    """All of these hold; none at all is what always holds."""

    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    """At least one of these holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class NotThat(Condition):
    """It does not hold."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class HasFlags(Condition):
    """The message has all flags of these bits."""

    bits: int


@dataclass(frozen=True, slots=True)
class HasKeyword(Condition):
    """The message has this keyword, lower case, which has no bit."""

    keyword: str


@dataclass(frozen=True, slots=True)
class UidIn(Condition):
    """The uid lies in one of these inclusive ranges, ascending."""

    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class SizeBetween(Condition):
    """The size in octets, both ends included."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class ReceivedBetween(Condition):
    """INTERNALDATE in microseconds UTC, from `low` up to but not including `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class SentBetween(Condition):
    """The day of the Date field as `date.toordinal` counts, both ends included.

    A message without a Date that can be read was sent on no day.
    """

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class SavedBetween(Condition):
    """SAVEDATE in microseconds UTC, from `low` up to but not including `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class ModseqFrom(Condition):
    """The modseq is this or a higher one."""

    modseq: int


@dataclass(frozen=True, slots=True)
class IsEmail(Condition):
    """It is this email of the mailbox's account."""

    email: EmailId


@dataclass(frozen=True, slots=True)
class InThread(Condition):
    """The email is one of this thread of the mailbox's account."""

    thread: ThreadId


async def matching(
    tx: ReadTx, mailbox: MailboxRef, condition: Condition, last: int
) -> dict[Uid, EmailId]:
    """The messages up to uid `last` for which `condition` holds, ascending; inside a scan.

    condition: one that `is_of_rows`.
    """
    args: list[Value] = [*mailbox, last]
    where = _spell(condition, args)
    tables = "placement p"
    if _needs_email(condition):
        tables += " JOIN email e ON e.key = p.account_id * 4294967296 + p.email_id"
    rows = await tx.rows(
        f"SELECT p.uid, p.email_id FROM {tables} WHERE p.account_id = $1"  # noqa: S608
        f" AND p.mailbox_id = $2 AND p.uid <= $3 AND {where} ORDER BY p.uid",
        *args,
    )
    return dict(rows)


def is_of_rows(condition: Condition) -> bool:
    """Whether rows alone tell if the condition holds, in one statement of bounded length."""
    if isinstance(condition, AllOf | AnyOf):
        return all(map(is_of_rows, condition.conditions))
    if isinstance(condition, NotThat):
        return is_of_rows(condition.condition)
    if isinstance(condition, UidIn):
        return len(condition.spans) <= MAX_SPANS
    return type(condition) in _SPELLERS


def weight(condition: Condition) -> int:
    """How many tests a condition has, so that a caller can bound a statement."""
    if isinstance(condition, AllOf | AnyOf):
        return 1 + sum(map(weight, condition.conditions))
    if isinstance(condition, NotThat):
        return 1 + weight(condition.condition)
    return len(condition.spans) if isinstance(condition, UidIn) else 1


async def texts_holding(
    tx: ReadTx, account: AccountId, emails: Sequence[EmailId], column: str, piece: str
) -> list[tuple[EmailId, str]]:
    """A text column of those of `emails` in which a folded text with `piece` can be; in a scan.

    piece: folded. A text that is ASCII is compared here, any other is given for the caller to fold
    and compare. Texts as long as their limit are given too: they may be cut.
    """
    first = account << EMAIL_SHIFT
    found: list[tuple[EmailId, str]] = []
    for some in chunks(emails):
        places, keys = listed(1, [first + email for email in some])
        base = len(keys)
        test, args = f"octet_length({column}) <> length({column})", list[Value](keys)
        if piece.isascii():
            test += f" OR lower({column}) LIKE ${base + 1} ESCAPE '!'"
            test += f" OR length({column}) >= ${base + 2}"
            args += [f"%{_escape_like(piece)}%", LIMITS[column]]
        else:
            test += f" OR length({column}) >= ${base + 1}"
            args.append(LIMITS[column])
        rows = await tx.rows(
            f"SELECT key, {column} FROM email WHERE key IN ({places}) AND ({test})",  # noqa: S608
            *args,
        )
        found += [(EmailId(key - first), text) for key, text in rows]
    return found


async def with_message_id(
    tx: ReadTx, account: AccountId, emails: Sequence[EmailId], piece: str
) -> list[EmailId]:
    """Those of `emails` whose Message-ID can have this folded piece, or cannot be read."""
    first = account << EMAIL_SHIFT
    pattern = f"%{_escape_like(piece)}%"
    found: list[EmailId] = []
    for some in chunks(emails):
        places, keys = listed(1, [first + email for email in some])
        rows = await tx.rows(
            f"SELECT key FROM email WHERE key IN ({places}) AND (message_id IS NULL"  # noqa: S608
            " OR octet_length(message_id) <> length(message_id)"
            f" OR lower(message_id) LIKE ${len(keys) + 1} ESCAPE '!')",
            *keys,
            pattern,
        )
        found += [EmailId(row[0] - first) for row in rows]
    return found


# From how many characters on a text may be cut: see proto.mime.render. 100 addresses take at least
# as many characters as stand here, with brackets, quotes and commas.
LIMITS = MappingProxyType({"subject": 2_048, "addresses": 800})


async def headers_of(
    tx: ReadTx, account: AccountId, emails: Sequence[EmailId]
) -> list[tuple[EmailId, bytes, int, int]]:
    """Email, prefix, blob and size of the header of these emails, at most 500."""
    first = account << EMAIL_SHIFT
    places, keys = listed(1, [first + email for email in emails])
    rows = await tx.rows(
        "SELECT key, prefix, blob_id, header_size FROM email"  # noqa: S608
        f" WHERE key IN ({places})",
        *keys,
    )
    return [(EmailId(row[0] - first), row[1], row[2], row[3]) for row in rows]


_SEEN = HasFlags(SEEN)


def _needs_email(condition: Condition) -> bool:
    if isinstance(condition, AllOf | AnyOf):
        return any(map(_needs_email, condition.conditions))
    if isinstance(condition, NotThat):
        return _needs_email(condition.condition)
    return isinstance(condition, SentBetween)


def _spell(condition: Condition, args: list[Value]) -> str:
    """The condition as SQL that is never NULL; its values are added to `args` in order."""
    return _SPELLERS[type(condition)](condition, args)


def _place(args: list[Value], value: Value) -> str:
    args.append(value)
    return f"${len(args)}"


def _spell_all(condition: AllOf, args: list[Value]) -> str:
    return _joined(condition.conditions, " AND ", "1 = 1", args)


def _spell_any(condition: AnyOf, args: list[Value]) -> str:
    return _joined(condition.conditions, " OR ", "1 = 0", args)


def _joined(conditions: Sequence[Condition], word: str, none: str, args: list[Value]) -> str:
    if not conditions:
        return none
    return "(" + word.join([_spell(one, args) for one in conditions]) + ")"


def _spell_not(condition: NotThat, args: list[Value]) -> str:
    if condition.condition == _SEEN:
        return "p.flags & 1 = 0"  # letter for letter what the index of unseen messages says
    return f"NOT ({_spell(condition.condition, args)})"


def _spell_flags(condition: HasFlags, args: list[Value]) -> str:
    place = _place(args, condition.bits)
    return f"p.flags & {place} = {place}"


def _spell_keyword(condition: HasKeyword, args: list[Value]) -> str:
    place = _place(args, f"% {_escape_like(condition.keyword)} %")
    return f"' ' || p.keywords || ' ' LIKE {place} ESCAPE '!'"


def _spell_uids(condition: UidIn, args: list[Value]) -> str:
    tests = [
        f"p.uid BETWEEN {_place(args, low)} AND {_place(args, high)}"
        for low, high in condition.spans
    ]
    return "(" + " OR ".join(tests or ["1 = 0"]) + ")"


def _spell_size(condition: SizeBetween, args: list[Value]) -> str:
    low, high = _place(args, condition.low), _place(args, condition.high)
    return f"p.size BETWEEN {low} AND {high}"


def _spell_received(condition: ReceivedBetween, args: list[Value]) -> str:
    low, high = _place(args, condition.low), _place(args, condition.high)
    return f"(p.received >= {low} AND p.received < {high})"


def _spell_saved(condition: SavedBetween, args: list[Value]) -> str:
    low, high = _place(args, condition.low), _place(args, condition.high)
    return f"(p.saved >= {low} AND p.saved < {high})"


def _spell_modseq(condition: ModseqFrom, args: list[Value]) -> str:
    return f"p.modseq >= {_place(args, condition.modseq)}"


def _spell_email(condition: IsEmail, args: list[Value]) -> str:
    return f"p.email_id = {_place(args, condition.email)}"


def _spell_thread(condition: InThread, args: list[Value]) -> str:
    return (
        "p.email_id IN (SELECT s.email_id FROM email_state s WHERE s.account_id = $1"  # noqa: S608
        f" AND s.thread_id = {_place(args, condition.thread)})"
    )


def _spell_sent(condition: SentBetween, args: list[Value]) -> str:
    low, high = _place(args, condition.low), _place(args, condition.high)
    return f"(e.sent_day IS NOT NULL AND e.sent_day BETWEEN {low} AND {high})"


_SPELLERS: MappingProxyType[type, Callable[[Any, list[Value]], str]] = MappingProxyType(
    {
        AllOf: _spell_all,
        AnyOf: _spell_any,
        NotThat: _spell_not,
        HasFlags: _spell_flags,
        HasKeyword: _spell_keyword,
        UidIn: _spell_uids,
        SizeBetween: _spell_size,
        ReceivedBetween: _spell_received,
        SentBetween: _spell_sent,
        SavedBetween: _spell_saved,
        ModseqFrom: _spell_modseq,
        IsEmail: _spell_email,
        InThread: _spell_thread,
    }
)


def _escape_like(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
