"""What must hold between the rows of one account, as statements that find where it does not.

Every statement takes the account and returns rows of whole numbers for its sentence; no row means
that all is well. They walk tables: inside a scan.
"""

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from roost.base.ids import AccountId
from roost.store import email_state
from roost.store.email_state import Merged, parse_mailboxes
from roost.store.engine import ReadTx, Row
from roost.store.flags import DELETED, READ, SEEN


class Kind(Enum):
    """Which rows are wrong, and so what mends them."""

    STATE = "email_state"
    LIST = "list_entry"
    THREAD_COUNT = "thread_mailbox"
    THREAD = "thread"
    COUNTER = "counter"
    QUOTA = "quota"
    NUMBER = "number"
    ORPHAN = "orphan"
    BLOB = "blob"


class Difference(NamedTuple):
    """One thing that is not as it should be, in one line. account is 0 for the server's own."""

    kind: Kind
    account: AccountId
    text: str


class _Rule(NamedTuple):
    kind: Kind
    sentence: str
    sql: str


_IMAP_COUNTS = (
    "SELECT mailbox_id, COUNT(*) AS messages,"  # noqa: S608
    f" SUM(CASE WHEN flags & {SEEN} = 0 THEN 1 ELSE 0 END) AS unseen,"
    f" SUM(CASE WHEN flags & {DELETED} <> 0 THEN 1 ELSE 0 END) AS deleted, SUM(size) AS octets,"
    f" SUM(CASE WHEN flags & {DELETED} <> 0 THEN size ELSE 0 END) AS deleted_octets"
    " FROM placement WHERE account_id = $1 GROUP BY mailbox_id"
)
_JMAP_COUNTS = (
    "SELECT mailbox_id, SUM(emails) AS emails, SUM(unread) AS unread, COUNT(*) AS threads,"
    " SUM(CASE WHEN unread > 0 THEN 1 ELSE 0 END) AS unread_threads"
    " FROM thread_mailbox WHERE account_id = $1 GROUP BY mailbox_id"
)


def _counter(name: str, counts: str) -> _Rule:
    return _Rule(
        Kind.COUNTER,
        f"mailbox {{}}: {name} is {{}}, should be {{}}",
        f"SELECT m.id, m.{name}, COALESCE(c.{name}, 0) FROM mailbox m LEFT JOIN ({counts}) c"  # noqa: S608
        f" ON c.mailbox_id = m.id WHERE m.account_id = $1 AND m.{name} <> COALESCE(c.{name}, 0)",
    )


_LISTED = (
    "SELECT mailbox_id, received, email_id, thread_id, flags FROM list_entry WHERE account_id = $1"
)
LIST_AS_IT_SHOULD_BE = (
    "SELECT DISTINCT p.mailbox_id, s.received, p.email_id, s.thread_id, s.flags"  # noqa: S608
    " FROM placement p JOIN email_state s ON s.account_id = p.account_id"
    f" AND s.email_id = p.email_id WHERE p.account_id = $1 AND p.flags & {DELETED} = 0"
)
_THREAD_COUNTS = (
    "SELECT mailbox_id, thread_id, emails, unread FROM thread_mailbox WHERE account_id = $1"
)
THREAD_COUNTS_AS_THEY_SHOULD_BE = (
    "SELECT mailbox_id, thread_id, COUNT(*),"  # noqa: S608
    f" SUM(CASE WHEN flags & {READ} = 0 THEN 1 ELSE 0 END)"
    " FROM list_entry WHERE account_id = $1 GROUP BY mailbox_id, thread_id"
)
THREAD_SIZES = (
    "SELECT thread_id, SUM(CASE WHEN visible > 0 THEN 1 ELSE 0 END) AS emails"
    " FROM email_state WHERE account_id = $1 GROUP BY thread_id"
)
_NEXT = "SELECT next_modseq FROM account_counter WHERE account_id = $1"

_RULES = (
    *(
        _counter(name, _IMAP_COUNTS)
        for name in ("messages", "unseen", "deleted", "octets", "deleted_octets")
    ),
    *(_counter(name, _JMAP_COUNTS) for name in ("emails", "unread", "threads", "unread_threads")),
    _Rule(
        Kind.QUOTA,
        "used_octets is {}, should be {}; used_messages is {}, should be {}",
        "SELECT c.used_octets, p.octets, c.used_messages, p.messages FROM account_counter c,"
        " (SELECT COALESCE(SUM(size), 0) AS octets, COUNT(*) AS messages FROM placement"
        " WHERE account_id = $1) p WHERE c.account_id = $1"
        " AND (c.used_octets <> p.octets OR c.used_messages <> p.messages)",
    ),
    _Rule(
        Kind.LIST,
        "mailbox {}, received {}: email {} of thread {} with flags {} is listed, and should not be",
        f"{_LISTED} EXCEPT {LIST_AS_IT_SHOULD_BE}",
    ),
    _Rule(
        Kind.LIST,
        "mailbox {}, received {}: email {} of thread {} with flags {} is not listed",
        f"{LIST_AS_IT_SHOULD_BE} EXCEPT {_LISTED}",
    ),
    _Rule(
        Kind.THREAD_COUNT,
        "mailbox {}, thread {}: counts {} emails and {} unread, and should not",
        f"{_THREAD_COUNTS} EXCEPT {THREAD_COUNTS_AS_THEY_SHOULD_BE}",
    ),
    _Rule(
        Kind.THREAD_COUNT,
        "mailbox {}, thread {}: should count {} emails and {} unread",
        f"{THREAD_COUNTS_AS_THEY_SHOULD_BE} EXCEPT {_THREAD_COUNTS}",
    ),
    _Rule(
        Kind.THREAD,
        "thread {}: emails is {}, should be {}",
        f"SELECT t.id, t.emails, COALESCE(c.emails, 0) FROM thread t LEFT JOIN ({THREAD_SIZES}) c"  # noqa: S608
        " ON c.thread_id = t.id WHERE t.account_id = $1 AND (t.emails <> COALESCE(c.emails, 0)"
        " OR (t.emails = 0) <> (t.destroyed_modseq IS NOT NULL))",
    ),
    _Rule(
        Kind.NUMBER,
        "mailbox {}: uid {} is not below uid_next {}",
        "SELECT m.id, MAX(p.uid), m.uid_next FROM mailbox m JOIN placement p"
        " ON p.account_id = m.account_id AND p.mailbox_id = m.id WHERE m.account_id = $1"
        " GROUP BY m.id, m.uid_next HAVING MAX(p.uid) >= m.uid_next",
    ),
    _Rule(
        Kind.NUMBER,
        "mailbox {}: a message has modseq {}, above highest_modseq {}",
        "SELECT m.id, MAX(p.modseq), m.highest_modseq FROM mailbox m JOIN"
        " (SELECT mailbox_id, modseq FROM placement WHERE account_id = $1"
        " UNION ALL SELECT mailbox_id, modseq FROM expunged WHERE account_id = $1) p"
        " ON p.mailbox_id = m.id WHERE m.account_id = $1"
        " GROUP BY m.id, m.highest_modseq HAVING MAX(p.modseq) > m.highest_modseq",
    ),
    _Rule(
        Kind.NUMBER,
        "mailbox {}: a modseq is not below the account's next one",
        f"SELECT id FROM mailbox WHERE account_id = $1 AND (highest_modseq >= ({_NEXT})"  # noqa: S608
        f" OR counts_modseq >= ({_NEXT}) OR properties_modseq >= ({_NEXT}))",
    ),
    _Rule(
        Kind.NUMBER,
        "email {}: modseq {} is not below the account's next one",
        "SELECT email_id, modseq FROM email_state WHERE account_id = $1"  # noqa: S608
        f" AND modseq >= ({_NEXT})",
    ),
    _Rule(
        Kind.ORPHAN,
        "mailbox {}, uid {}: there is no such mailbox",
        "SELECT p.mailbox_id, p.uid FROM placement p WHERE p.account_id = $1 AND NOT EXISTS"
        " (SELECT 1 FROM mailbox m WHERE m.account_id = $1 AND m.id = p.mailbox_id)",
    ),
    _Rule(
        Kind.ORPHAN,
        "mailbox {}, uid {}: its email {} does not fit or is not there",
        "SELECT p.mailbox_id, p.uid, p.email_id FROM placement p LEFT JOIN email e"
        " ON e.key = p.account_id * 4294967296 + p.email_id LEFT JOIN email_state s"
        " ON s.account_id = p.account_id AND s.email_id = p.email_id WHERE p.account_id = $1"
        " AND (e.key IS NULL OR s.email_id IS NULL OR e.size <> p.size"
        " OR e.received <> p.received OR s.received <> e.received OR s.thread_id <> e.thread_id)",
    ),
    _Rule(
        Kind.STATE,
        "email {}: {} visible, destroyed at {}",
        "SELECT email_id, visible, COALESCE(destroyed_modseq, 0) FROM email_state"
        " WHERE account_id = $1 AND (visible = 0) <> (destroyed_modseq IS NOT NULL)",
    ),
    _Rule(
        Kind.ORPHAN,
        "email {}: has a state and no row",
        "SELECT s.email_id FROM email_state s LEFT JOIN email e"
        " ON e.key = s.account_id * 4294967296 + s.email_id"
        " WHERE s.account_id = $1 AND e.key IS NULL AND s.purged IS NULL",
    ),
    _Rule(
        Kind.ORPHAN,
        "email {}: has a row and no state",
        "SELECT e.key - $1 * 4294967296 FROM email e LEFT JOIN email_state s ON s.account_id = $1"
        " AND s.email_id = e.key - $1 * 4294967296 WHERE e.key >= $1 * 4294967296"
        " AND e.key < ($1 + 1) * 4294967296 AND (s.email_id IS NULL OR s.purged IS NOT NULL)",
    ),
    _Rule(
        Kind.ORPHAN,
        "submission {}, recipient {}: there is no such submission",
        "SELECT q.submission_id, q.number FROM queue_item q WHERE q.account_id = $1 AND NOT EXISTS"
        " (SELECT 1 FROM submission s WHERE s.account_id = $1 AND s.id = q.submission_id)",
    ),
    _Rule(
        Kind.ORPHAN,
        "rights of account {} on mailbox {}: there is no such mailbox",
        "SELECT a.user_id, a.mailbox_id FROM acl a WHERE a.account_id = $1 AND a.mailbox_id <> 0"
        " AND NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.account_id = $1 AND m.id = a.mailbox_id"
        " AND m.removed IS NULL)",
    ),
    _Rule(
        Kind.ORPHAN,
        "rights on mailbox {}: there is no account {}",
        "SELECT a.mailbox_id, a.user_id FROM acl a WHERE a.account_id = $1 AND a.user_id <> 0"
        " AND NOT EXISTS (SELECT 1 FROM account c WHERE c.id = a.user_id)",
    ),
    _Rule(
        Kind.BLOB,
        "email {}: blob {} is missing, or does not come to {} octets with its prefix",
        "SELECT e.key - $1 * 4294967296, e.blob_id, e.size FROM email e LEFT JOIN blob b"
        " ON b.id = e.blob_id WHERE e.key >= $1 * 4294967296 AND e.key < ($1 + 1) * 4294967296"
        " AND (b.id IS NULL OR b.state <> 1 OR b.size + LENGTH(e.prefix) <> e.size)",
    ),
)


async def differences(tx: ReadTx, account: AccountId) -> list[Difference]:
    """Everything that does not hold in the rows of this account."""
    found = [
        Difference(rule.kind, account, f"account {account}: {rule.sentence.format(*row)}")
        for rule in _RULES
        for row in await tx.rows(rule.sql, account)
    ]
    for email, stored, merged in await wrong_states(tx, account):
        text = (
            f"account {account}: email {email}: state is {_say(stored)}, should be {_say(merged)}"
        )
        found.append(Difference(Kind.STATE, account, text))
    return found


async def wrong_states(
    tx: ReadTx, account: AccountId
) -> list[tuple[int, tuple[Merged, bool], tuple[Merged, bool]]]:
    """Emails whose state is not what their placements come to: stored and right state of each.

    Each state is what is merged, and whether the email is dead.
    """
    placed: dict[int, list[Row]] = {}
    for row in await tx.rows(
        "SELECT email_id, mailbox_id, flags, keywords FROM placement WHERE account_id = $1", account
    ):
        placed.setdefault(row[0], []).append(row[1:])
    return [
        (email, stored, right)
        for email, stored in await _stored_states(tx, account)
        if stored != (right := (email_state.merge(placed.get(email, ())), email not in placed))
    ]


async def _stored_states(
    tx: ReadTx, account: AccountId
) -> Iterator[tuple[int, tuple[Merged, bool]]]:
    rows = await tx.rows(
        "SELECT email_id, visible, flags, keywords, mailboxes,"
        " died IS NOT NULL OR purged IS NOT NULL FROM email_state WHERE account_id = $1",
        account,
    )
    return (
        (row[0], (Merged(row[1], row[2], row[3], parse_mailboxes(row[4])), bool(row[5])))
        for row in rows
    )


def _say(state: tuple[Merged, bool]) -> str:
    merged, dead = state
    words = [f"{merged.visible} visible, flags {merged.flags}"]
    if merged.keywords:
        words.append(f"keywords {merged.keywords}")
    words.append(f"mailboxes {','.join(map(str, sorted(merged.mailboxes))) or 'none'}")
    if dead:
        words.append("dead")
    return ", ".join(words)
