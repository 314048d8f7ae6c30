"""Searching the texts of messages: the index for what is in it, the octets for what is not yet.

Words and prefixes are JMAP's and the pages' search, and find what is indexed. IMAP's TEXT and BODY
mean substrings (RFC 9051 section 6.4.4) and are exact: mail that is not indexed yet is read.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from roost.base.ids import AccountId, EmailId
from roost.store import emails
from roost.store.emails import EMAIL_SHIFT
from roost.store.engine import ReadTx, Store
from roost.store.search_index import Extract, IndexedText, SearchIndex
from roost.store.sql_lists import chunks, listed
from roost.store.stowed import BlobGone

# Hears how many things of how many were dealt with.
Progress = Callable[[int, int], None]

INDEXED_AT_ONCE = 100
_SEARCHED_AT_ONCE = 2_000
_CHARACTERS_AT_ONCE = 8 << 20
_LIVING = "SELECT key FROM email WHERE key IN ({})"


async def index_some(
    store: Store,
    index: SearchIndex,
    extract: Extract,
    account: AccountId,
    limit: int = INDEXED_AT_ONCE,
) -> int:
    """Index up to `limit` messages of an account that are not yet; how many, 0 when all are.

    extract: text and words of a message, never raises. Damaged messages are passed over.
    """
    done = await asyncio.to_thread(index.progress, account)

    async def read(tx: ReadTx) -> list[tuple[EmailId, IndexedText]]:
        texts: list[tuple[EmailId, IndexedText]] = []
        characters = 0
        for email in await _after(tx, account, EmailId(done), limit):
            text = await _text(tx, account, email, extract)
            texts.append((email, text))
            characters += len(text.header) + len(text.body)
            if characters > _CHARACTERS_AT_ONCE:
                break
        return texts

    texts = await store.scan(read)
    if texts:
        await asyncio.to_thread(index.add, account, texts, texts[-1][0])
    return len(texts)


async def prune_some(store: Store, index: SearchIndex, after: int, limit: int = 500) -> int | None:
    """Forget indexed messages whose emails are gone, walking on from key `after` (0 to begin).

    Returns where to go on, None at the end.
    """
    keys = await asyncio.to_thread(index.keys, after, limit)
    if not keys:
        return None

    async def living(tx: ReadTx) -> set[int]:
        places, wanted = listed(1, keys)
        return {row[0] for row in await tx.rows(_LIVING.format(places), *wanted)}

    alive = await store.read(living)
    await asyncio.to_thread(index.remove, [key for key in keys if key not in alive])
    return keys[-1]


async def search_words(
    index: SearchIndex, account: AccountId, words: Collection[str], prefixes: Collection[str] = ()
) -> list[EmailId]:
    """Indexed emails with all these words, and with words that begin with these prefixes."""
    return [
        EmailId(email)
        for email in await asyncio.to_thread(index.matching, account, words, prefixes)
    ]


class Needle(NamedTuple):
    """What is looked for in texts, folded.

    inner_words: words that every text with it has whole, since both their ends lie inside the
    needle; they narrow the search. body_only: leave the header out.
    """

    text: str
    inner_words: Collection[str] = ()
    body_only: bool = False


async def search_substring(
    store: Store,
    index: SearchIndex,
    extract: Extract,
    account: AccountId,
    among: Sequence[EmailId],
    needle: Needle,
    *,
    progress: Progress | None = None,
) -> list[EmailId]:
    """Those of `among` whose text has the needle anywhere; exact, ascending.

    among: ascending, each once. progress: hears how many texts of how many were looked at.
    """
    text, inner_words, body_only = needle
    done = await asyncio.to_thread(index.progress, account)
    indexed = bisect_right(among, done)
    known, unknown = among[:indexed], among[indexed:]
    if inner_words:
        with_words = await asyncio.to_thread(index.matching, account, inner_words)
        known = await asyncio.to_thread(_in_both, with_words, known)
    found: list[EmailId] = []
    looked_at = 0

    def count(more: int) -> None:
        nonlocal looked_at
        looked_at += more
        if progress is not None:
            progress(looked_at, len(known) + len(unknown))

    for some in chunks(known, _SEARCHED_AT_ONCE):
        hits = await asyncio.to_thread(index.containing, account, some, text, body_only=body_only)
        found += map(EmailId, hits)
        count(len(some))
    for some in chunks(unknown, INDEXED_AT_ONCE):

        async def read(tx: ReadTx, some: Sequence[EmailId] = some) -> list[EmailId]:
            texts = [(email, await _text(tx, account, email, extract)) for email in some]
            return [email for email, one in texts if _has(one, text, body_only=body_only)]

        found += await store.scan(read)
        count(len(some))
    return found


def _in_both(some: Collection[int], others: Sequence[EmailId]) -> list[EmailId]:
    wanted = set(some)
    return [email for email in others if email in wanted]


def _has(text: IndexedText, needle: str, *, body_only: bool) -> bool:
    return needle in text.body or (not body_only and needle in text.header)


async def _after(tx: ReadTx, account: AccountId, done: EmailId, limit: int) -> list[EmailId]:
    """Email ids are handed out in the order of commits, so none below `done` comes later."""
    first = account << EMAIL_SHIFT
    rows = await tx.rows(
        "SELECT key FROM email WHERE key > $1 AND key < $2 ORDER BY key LIMIT $3",
        first + done,
        (account + 1) << EMAIL_SHIFT,
        limit,
    )
    return [EmailId(row[0] - first) for row in rows]


async def _text(tx: ReadTx, account: AccountId, email: EmailId, extract: Extract) -> IndexedText:
    """The text of a message; empty when its octets cannot be read, since damage stops nobody."""
    try:
        octets = await emails.octets(tx, account, email)
    except (BlobGone, OSError):
        octets = None
    return extract(octets or b"")
