"""Finding messages of a mailbox: a tree of conditions, the cheap ones looked at first.

What rows answer is one statement over the mailbox. Texts are looked for only in what is left:
subjects and addresses in their columns, other fields in the header's octets, bodies in the search
index, or in the octets of what is not indexed. Everything runs in reader threads.
RFC 9051 section 6.4.4.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, TypeVar

import msgspec

from roost.base.ids import AccountId, BlobId, EmailId, MailboxRef, Uid
from roost.proto.mime.header import Field, decode_unstructured, parse_fields
from roost.proto.mime.text import fold_text, words
from roost.service import rights
from roost.service.rights import Right
from roost.service.search_text import MAX_FIELD_OCTETS, MAX_FIELDS, texts_of
from roost.store import emails, search_rows
from roost.store.engine import ReadTx, Store
from roost.store.octets import Extent, read_many
from roost.store.search import Needle, Progress, search_substring
from roost.store.search_index import SearchIndex
from roost.store.search_rows import AllOf, AnyOf, Condition, NotThat, UidIn
from roost.store.sql_lists import chunks
from roost.store.stowed import BlobGone

READ_AT_ONCE = 500
TEXTS_AT_ONCE = 100
MANY = 5_000  # to walk through more takes milliseconds
MAX_HEADER_OCTETS = 1 << 20
# Larger headers are read one by one.
_BATCH_OCTETS = 4 << 20
_MOST_ADDRESSES = 100  # that are kept of a field: proto.mime.render
_BETWEEN_WORDS = re.compile(r'[<>",\\ ]+')


@dataclass(frozen=True, slots=True)
class SubjectHas(Condition):
    """The text is part of the subject."""

    cost: ClassVar[int] = 1
    text: str


@dataclass(frozen=True, slots=True)
class AddressHas(Condition):
    """The text is part of a field of addresses, spelled `name <address>`.

    field: from, to, cc or bcc.
    """

    cost: ClassVar[int] = 2
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class HeaderHas(Condition):
    """The text is part of a header field of this name, lower case; "": there is such a field."""

    cost: ClassVar[int] = 3
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class TextHas(Condition):
    """The text is part of the body, or of the header too unless `body_only`."""

    cost: ClassVar[int] = 4
    text: str
    body_only: bool = False


R = TypeVar("R")

# Messages by uid.
_Found = dict[Uid, EmailId]


async def find(
    store: Store,
    index: SearchIndex | None,
    acting: AccountId,
    mailbox: MailboxRef,
    condition: Condition,
    last: int,
    progress: Progress | None = None,
) -> list[int]:
    """The uids up to `last` of the messages for which `condition` holds, ascending.

    index: of texts; None where there is none, and every text is read. progress: hears how many
    messages of how many were looked through, for each text anew. Raises MailboxUnknown,
    NotPermitted.
    """
    await rights.check(store, acting, mailbox, Right.READ)
    found = await _Search(store, index, mailbox, last, progress).among(condition, None)
    return await _apart(sorted, found)


class _Search:
    """One search. `among` narrows messages down to those for which a condition holds."""

    def __init__(
        self,
        store: Store,
        index: SearchIndex | None,
        mailbox: MailboxRef,
        last: int,
        progress: Progress | None,
    ) -> None:
        self._store = store
        self._index = index
        self._mailbox = mailbox
        self._account = mailbox.account
        self._last = last
        self._progress = progress

    async def among(self, condition: Condition, found: _Found | None) -> _Found:
        """Those of `found` for which it holds. found: None for all of the mailbox."""
        if found is not None and not found:
            return found
        if search_rows.is_of_rows(condition):
            matching = await self._by_rows(condition)
            return matching if found is None else await _apart(_both, found, matching)
        if isinstance(condition, AllOf):
            return await self._all(condition, found)
        whole = found if found is not None else await self._by_rows(AllOf())
        if isinstance(condition, AnyOf):
            return await self._any(condition, whole)
        if isinstance(condition, NotThat):
            return await _apart(_without, whole, await self.among(condition.condition, whole))
        if isinstance(condition, UidIn):
            return await _apart(_in_spans, whole, condition)
        return await self._by_text(condition, whole)

    async def _by_rows(self, condition: Condition) -> _Found:
        return await self._store.scan(
            lambda tx: search_rows.matching(tx, self._mailbox, condition, self._last)
        )

    async def _all(self, condition: AllOf, found: _Found | None) -> _Found:
        of_rows = tuple(one for one in condition.conditions if search_rows.is_of_rows(one))
        others = [one for one in condition.conditions if not search_rows.is_of_rows(one)]
        if of_rows or found is None:
            found = await self.among(AllOf(of_rows), found)
        for one in sorted(others, key=_cost):
            found = await self.among(one, found)
        return found

    async def _any(self, condition: AnyOf, whole: _Found) -> _Found:
        found: _Found = {}
        for one in sorted(condition.conditions, key=_cost):
            found |= await self.among(one, await _apart(_without, whole, found))
        return found

    async def _by_text(self, condition: Condition, whole: _Found) -> _Found:
        emails_of = await _apart(_emails, whole)
        match condition:
            case SubjectHas(text):
                hits = await self._in_column(emails_of, "subject", text, "subject", _subject_text)
            case AddressHas(field, text):
                read = partial(_address_text, field)
                hits = await self._in_column(emails_of, "addresses", text, field, read)
            case HeaderHas(name, text):
                hits = await self._in_field(emails_of, name, fold_text(text))
            case TextHas(text, body_only):
                hits = await self._in_texts(emails_of, fold_text(text), body_only=body_only)
            case _:
                raise TypeError(f"no way to look for {type(condition).__name__}")
        return await _apart(_of_emails, whole, hits)

    async def _in_column(
        self,
        among: list[EmailId],
        column: str,
        text: str,
        field: str,
        read: Callable[[str], str | None],
    ) -> set[EmailId]:
        """Emails whose column has the text; what was cut there is looked for in the header."""
        needle = fold_text(text)

        async def work(tx: ReadTx) -> tuple[set[EmailId], list[EmailId]]:
            piece = max(_BETWEEN_WORDS.split(needle), key=len)
            rows = await search_rows.texts_holding(tx, self._account, among, column, piece)
            hits, cut = set(), []
            for email, stored in rows:
                said = read(stored)
                if said is None:
                    cut.append(email)
                elif needle in fold_text(said):
                    hits.add(email)
            return hits, cut

        hits, cut = await self._store.scan(work)
        return hits | await self._in_headers(cut, field, needle) if cut else hits

    async def _in_field(self, among: list[EmailId], name: str, needle: str) -> set[EmailId]:
        if name == "message-id" and "@" in needle:
            # How clients look for one message: its id is known from a column.
            piece = _longest_piece(needle)
            among = await self._store.scan(
                lambda tx: search_rows.with_message_id(tx, self._account, among, piece)
            )
        return await self._in_headers(among, name, needle)

    async def _in_headers(self, among: list[EmailId], name: str, needle: str) -> set[EmailId]:
        hits: set[EmailId] = set()
        if not name.isascii():
            return hits
        holds = _FieldTest(name.encode("ascii"), needle)
        for some in self._steps(among, READ_AT_ONCE):
            hits |= await self._store.scan(partial(_headers_with, self._account, some, holds))
        return hits

    def _steps(self, among: list[EmailId], size: int) -> Iterator[Sequence[EmailId]]:
        """Pieces of at most `size`; how far they are is told as each is asked for."""
        for done, some in enumerate(chunks(among, size)):
            if self._progress is not None:
                self._progress(done * size, len(among))
            yield some

    async def _in_texts(
        self, among: list[EmailId], needle: str, *, body_only: bool
    ) -> set[EmailId]:
        if self._index is not None:
            found = await search_substring(
                self._store,
                self._index,
                texts_of,
                self._account,
                among,
                Needle(needle, inner_words(needle), body_only),
                progress=self._progress,
            )
            return set(found)
        hits: set[EmailId] = set()
        for some in self._steps(among, TEXTS_AT_ONCE):
            read = partial(_texts_with, self._account, some, needle, body_only=body_only)
            hits |= await self._store.scan(read)
        return hits


def inner_words(needle: str) -> frozenset[str]:
    """Words that every text with this folded needle has whole, since spaces stand around them."""
    return frozenset(words(" ".join(needle.split(" ")[1:-1])))


def _longest_piece(needle: str) -> str:
    """A piece of the needle that is in a column as it is, whatever stands between words there."""
    return max(_BETWEEN_WORDS.split(needle), key=len)


def _cost(condition: Condition) -> int:
    """How dear a condition is: 0 for what rows answer, 4 for what needs whole messages."""
    if isinstance(condition, AllOf | AnyOf):
        return max(map(_cost, condition.conditions), default=0)
    if isinstance(condition, NotThat):
        return _cost(condition.condition)
    return getattr(condition, "cost", 0)


async def _apart(act: Callable[..., R], among: _Found, *args: object) -> R:
    """What `act` makes of messages, in a thread where they are many."""
    if len(among) <= MANY:
        return act(among, *args)
    return await asyncio.to_thread(act, among, *args)


def _both(one: _Found, other: _Found) -> _Found:
    return {uid: email for uid, email in one.items() if uid in other}


def _without(one: _Found, other: _Found) -> _Found:
    return {uid: email for uid, email in one.items() if uid not in other}


def _of_emails(found: _Found, emails_of: set[EmailId]) -> _Found:
    return {uid: email for uid, email in found.items() if email in emails_of}


def _in_spans(whole: _Found, condition: UidIn) -> _Found:
    """By walking messages and ranges side by side; both may be many."""
    kept: _Found = {}
    spans = iter(condition.spans)
    low, high = next(spans, (1, 0))
    for uid in sorted(whole):
        while uid > high:
            span = next(spans, None)
            if span is None:
                return kept
            low, high = span
        if uid >= low:
            kept[uid] = whole[uid]
    return kept


def _emails(found: _Found) -> list[EmailId]:
    return sorted(set(found.values()))


def _subject_text(stored: str) -> str | None:
    return stored if len(stored) < search_rows.LIMITS["subject"] else None


_addresses = msgspec.json.Decoder(dict[str, list[tuple[str, str]]])


def _address_text(field: str, stored: str) -> str | None:
    """What a field of addresses says; None where it had more than are kept."""
    listed = _addresses.decode(stored).get(field, [])
    if len(listed) >= _MOST_ADDRESSES:
        return None
    return ", ".join(f"{name} <{address}>" if name else address for name, address in listed)


class _FieldTest:
    """Whether a header has a field of this name with the folded needle in it."""

    def __init__(self, name: bytes, needle: str) -> None:
        self._name = name
        self._needle = needle
        self._there = re.compile(rb"^" + re.escape(name) + rb"[ \t]*:", re.I | re.M)

    def __call__(self, header: bytes) -> bool:
        if self._there.search(header) is None:
            return False
        fields = parse_fields(header, 0, len(header), MAX_FIELDS)
        return any(self._holds(header, field) for field in fields if field.name == self._name)

    def _holds(self, header: bytes, field: Field) -> bool:
        end = min(field.end, field.value_start + MAX_FIELD_OCTETS)
        return self._needle in fold_text(decode_unstructured(header[field.value_start : end]))


async def _headers_with(
    account: AccountId, among: Sequence[EmailId], holds: Callable[[bytes], bool], tx: ReadTx
) -> set[EmailId]:
    """Those of at most READ_AT_ONCE emails whose header passes; damaged ones do not."""
    rows = await search_rows.headers_of(tx, account, among)
    hits: set[EmailId] = set()
    for some in _batches(rows):
        extents = [
            Extent(prefix, BlobId(blob), 0, min(size, MAX_HEADER_OCTETS))
            for _, prefix, blob, size in some
        ]
        headers = await read_many(tx, extents)
        hits.update(
            row[0]
            for row, header in zip(some, headers, strict=True)
            if header is not None and holds(header)
        )
    return hits


_HeaderRow = tuple[EmailId, bytes, int, int]


def _batches(rows: Sequence[_HeaderRow]) -> Iterable[list[_HeaderRow]]:
    batch: list[_HeaderRow] = []
    octets = 0
    for row in rows:
        batch.append(row)
        octets += min(row[3], MAX_HEADER_OCTETS)
        if octets > _BATCH_OCTETS:
            yield batch
            batch, octets = [], 0
    if batch:
        yield batch


async def _texts_with(
    account: AccountId, among: Sequence[EmailId], needle: str, tx: ReadTx, *, body_only: bool
) -> set[EmailId]:
    """Those of these emails that have the needle in their text; damaged ones do not."""
    hits: set[EmailId] = set()
    for email in among:
        try:
            octets = await emails.octets(tx, account, email)
        except (BlobGone, OSError):
            continue
        text = texts_of(octets or b"")
        if needle in text.body or (not body_only and needle in text.header):
            hits.add(email)
    return hits
