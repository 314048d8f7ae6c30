"""The search index against plain Python, and that losing it loses nothing."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.text import fold_text, words
from roost.store.cleanup import clean_up
from roost.store.expunging import remove
from roost.store.search import Needle, index_some, prune_some, search_substring, search_words
from roost.store.search_index import IndexedText, SearchIndex
from roost.testing.clock import StoppedClock
from roost.testing.filing import message_octets
from roost.testing.messages import MessageStore
from roost.testing.store import new_store


def extract(octets: bytes) -> IndexedText:
    head, _, body = octets.decode("utf-8", "replace").partition("\r\n\r\n")
    header, text = fold_text(head), fold_text(body)
    return IndexedText(header, text, [*words(header), *words(text)])


def indexed(text: str) -> IndexedText:
    folded = fold_text(text)
    return IndexedText("subject: x", folded, list(words(folded)))


@pytest.mark.parametrize(
    ("text", "asked", "prefixes", "found"),
    [
        ("Plans for next week", ["plans"], [], True),
        ("Plans for next week", ["plan"], [], False),
        ("Plans for next week", [], ["pl"], True),
        ("Plans for next week", ["week"], ["n"], True),
        ("Plans for next week", ["week", "year"], [], False),
        ("ÜBERGRÖSSE", [fold_text("übergröße")], [], True),
        ("東京都の天気", ["京都"], [], True),
        ("東京都の天気", ["都京"], [], False),
        ('"quoted" AND (odd) * words', ["and"], [], True),
        ("a b", [], [], False),
    ],
    ids=[
        "a word",
        "not a part of one",
        "a prefix",
        "both",
        "all of them",
        "folded",
        "pairs of Han",
        "only neighbours",
        "no operators",
        "nothing asked",
    ],
)
def test_words_and_prefixes(
    tmp_path: Path, text: str, asked: list[str], prefixes: list[str], *, found: bool
) -> None:
    index = SearchIndex(tmp_path / "search.db")
    index.add(1, [(5, indexed(text)), (6, indexed("something else"))], 6)
    assert (5 in index.matching(1, asked, prefixes)) is found
    assert index.matching(2, asked, prefixes) == []
    index.close()


ALPHABET = "abc é東 \"'*"
TEXTS = st.lists(st.text(ALPHABET, max_size=12), min_size=1, max_size=6)
NEEDLES = st.text(ALPHABET, min_size=1, max_size=3).map(fold_text)


@given(texts=TEXTS, needle=NEEDLES, body_only=st.booleans())
@settings(max_examples=25, deadline=None)
async def test_substrings_are_exact(texts: list[str], needle: str, *, body_only: bool) -> None:
    tried = MessageStore(await new_store(), StoppedClock())
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    wanted, everything = [], []
    for number, text in enumerate(texts):
        octets = message_octets(number, subject="cab", body=text)
        (filed,) = await tried.file(inbox, octets=octets)
        everything.append(filed.email)
        text_of = extract(octets)
        if needle in text_of.body or (not body_only and needle in text_of.header):
            wanted.append(filed.email)
    with TemporaryDirectory() as folder:
        index = SearchIndex(Path(folder) / "search.db")
        looked_for = Needle(needle, body_only=body_only)
        for limit in (0, 2, 100):  # nothing indexed yet, then some, then all
            if limit:
                await index_some(tried.store, index, extract, inbox.account, limit)
            found = await search_substring(
                tried.store, index, extract, inbox.account, everything, looked_for
            )
            assert found == wanted
        index.close()
    await tried.store.close()


async def test_inner_words_narrow_and_lose_nothing(tmp_path: Path) -> None:
    tried = MessageStore(await new_store(), StoppedClock())
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    bodies = ["the old town hall", "old towns", "hall of the town", "gold town hats"]
    filed = [
        (await tried.file(inbox, octets=message_octets(n, body=body)))[0].email
        for n, body in enumerate(bodies)
    ]
    index = SearchIndex(tmp_path / "search.db")
    while await index_some(tried.store, index, extract, inbox.account, 3):
        pass
    found = await search_substring(
        tried.store, index, extract, inbox.account, filed, Needle("old town ha", ["town"])
    )
    assert found == [filed[0], filed[3]]


async def test_progress_counts_texts_in_and_out_of_the_index(tmp_path: Path) -> None:
    tried = MessageStore(await new_store(), StoppedClock())
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    filed = [(await tried.file(inbox, octets=message_octets(n)))[0].email for n in range(5)]
    index = SearchIndex(tmp_path / "search.db")
    await index_some(tried.store, index, extract, inbox.account, 2)
    heard: list[tuple[int, int]] = []
    await search_substring(
        tried.store,
        index,
        extract,
        inbox.account,
        filed,
        Needle("text"),
        progress=lambda done, goal: heard.append((done, goal)),
    )
    assert heard == [(2, 5), (5, 5)]


async def test_a_deleted_index_is_built_again(tmp_path: Path) -> None:
    tried = MessageStore(await new_store(), StoppedClock())
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    (filed,) = await tried.file(inbox, octets=message_octets(1, body="A needle."))
    path = tmp_path / "search.db"
    for damage in (b"", b"not a database" * 100, None):
        if damage is not None:
            path.write_bytes(damage)
        index = SearchIndex(path)
        await index_some(tried.store, index, extract, inbox.account)
        assert await search_words(index, inbox.account, ["needle"]) == [filed.email]
        index.close()


async def test_emails_that_are_gone_leave_the_index(tmp_path: Path) -> None:
    tried = MessageStore(await new_store(), StoppedClock())
    (inbox,) = await tried.mailboxes("ann", "INBOX")
    (gone,) = await tried.file(inbox, octets=message_octets(1, body="A needle."))
    (left,) = await tried.file(inbox, octets=message_octets(2, body="A needle."))
    index = SearchIndex(tmp_path / "search.db")
    await index_some(tried.store, index, extract, inbox.account)
    await tried.write(remove, inbox, [gone.uid], now=tried.clock.now())
    tried.clock.advance(timedelta(hours=25))
    await clean_up(tried.store, tried.clock)
    after: int | None = 0
    while after is not None:
        after = await prune_some(tried.store, index, after, 1)
    assert await search_words(index, inbox.account, ["needle"]) == [left.email]
    index.remove_account(inbox.account)
    assert await search_words(index, inbox.account, ["needle"]) == []
    index.close()
