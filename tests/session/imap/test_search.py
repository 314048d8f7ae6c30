"""SEARCH: every key, trees of keys against a plain model, what RETURN gives, what `$` means."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.render import render
from roost.service.search_text import extract
from roost.store.emails import columns_of
from roost.store.engine import WriteTx
from roost.store.filing import Filing, file_messages
from roost.store.flags import ANSWERED, FLAGGED, JUNK, SEEN, Flags
from roost.store.search import index_some
from roost.store.search_index import SearchIndex
from roost.testing.filing import message_octets, stowed_octets
from roost.testing.imap import ImapClient, ImapHouse, new_house


@dataclass(frozen=True)
class Message:
    """A message to be found."""

    octets: bytes
    flags: int = 0
    keywords: str = ""
    received: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def mail(*fields: str, body: str = "Text.") -> bytes:
    return ("\r\n".join(fields) + f"\r\n\r\n{body}\r\n").encode()


HTML = (
    "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/html\r\n\r\n<p>Sch&ouml;ner <b>Gar</b>ten</p>\r\n--b--"
)
MAIL = (
    Message(
        mail(
            "From: Ann Example <ann@a.example>",
            "To: Bob <bob@b.example>, Carol <carol@c.example>",
            "Cc: dave@d.example",
            "Subject: Quarterly report",
            "Message-ID: <1@a.example>",
            "Date: Thu, 1 Jan 2026 23:30:00 -0500",
            body="The lazy dog slept.",
        ),
        SEEN,
    ),
    Message(
        mail(
            'From: "Zo\u00eb" <zoe@z.example>',
            "To: undisclosed:;",
            "Bcc: secret@s.example",
            "Subject: =?utf-8?q?Stra=C3=9Fe_und_Gr=C3=BC=C3=9Fe?=",
            "Message-ID: <2@z.example>",
            "X-Mark: 100% _sure_",
            "Date: Sat, 3 Jan 2026 00:30:00 +0000",
            body="Ein FUCHS.",
        ),
        FLAGGED,
        "work",
        datetime(2026, 1, 3, 0, 0, 0, tzinfo=UTC),
    ),
    Message(
        mail("Subject: no date", "X-Mark: two", "x-mark: three", body="dog " * 200),
        ANSWERED | JUNK,
        "home work",
        datetime(2026, 1, 2, 23, 59, 59, 999_999, tzinfo=UTC),
    ),
    Message(b"From: mallory@m.example\r\n" + HTML.encode(), SEEN | FLAGGED, "workshop"),
)


async def house_with(*messages: Message) -> ImapHouse:
    house = await new_house()
    ref = await house.ref()

    async def work(tx: WriteTx) -> None:
        filings = [
            Filing(
                ref,
                stowed_octets(one.octets),
                columns_of(render(one.octets)),
                received=one.received,
                saved=one.received,
                flags=Flags(one.flags, one.keywords),
            )
            for one in messages
        ]
        await file_messages(tx, filings)

    if messages:
        await house.store.write(work)
    return house


async def client_of(house: ImapHouse) -> ImapClient:
    client = await house.client()
    await client.ok("SELECT INBOX")
    return client


async def found(client: ImapClient, keys: str | bytes, verb: str = "SEARCH") -> list[int]:
    """The numbers that are told for these keys."""
    asked = keys if isinstance(keys, bytes) else keys.encode()
    (line,) = await client.ok(verb.encode() + b" " + asked)
    assert line.startswith(b"* SEARCH"), line
    return [int(number) for number in line[len(b"* SEARCH") :].split()]


KEYS = [
    ("ALL", [1, 2, 3, 4]),
    ("1:2,4", [1, 2, 4]),
    ("*", [4]),
    ("9", []),
    ("UID 2:*", [2, 3, 4]),
    ("UID 90:*", [4]),
    ("SEEN", [1, 4]),
    ("UNSEEN", [2, 3]),
    ("ANSWERED", [3]),
    ("NEW", [2, 3]),
    ("OLD", []),
    ("RECENT", [1, 2, 3, 4]),
    ("KEYWORD work", [2, 3]),
    ("KEYWORD WORK", [2, 3]),
    ("UNKEYWORD work", [1, 4]),
    ("KEYWORD wor_", []),
    ("KEYWORD $Junk", [3]),
    ("UNKEYWORD $junk", [1, 2, 4]),
    ("FROM ann", [1]),
    ('FROM "Ann Example <ANN@a"', [1]),
    ("FROM example", [1, 2, 4]),
    ("TO carol", [1]),
    ('TO "bob@b.example>, Carol"', [1]),
    ("TO undisclosed", []),
    ("CC dave", [1]),
    ("CC ann", []),
    ("BCC secret", [2]),
    ('FROM ""', [1, 2, 3, 4]),
    ("SUBJECT report", [1]),
    ("SUBJECT REPORT", [1]),
    ('SUBJECT ""', [1, 2, 3, 4]),
    ("HEADER X-Mark two", [3]),
    ("HEADER X-Mark THREE", [3]),
    ('HEADER X-Mark ""', [2, 3]),
    ('HEADER X-Mark "100% _"', [2]),
    ('HEADER X-Mark "100_"', []),
    ("HEADER Mark two", []),
    ("HEADER Subject report", [1]),
    ('HEADER Subject ""', [1, 2, 3]),
    ("HEADER Message-ID <2@z.example>", [2]),
    ("HEADER Message-ID 2@", [2]),
    ("HEADER From mallory", [4]),
    ("BODY dog", [1, 3]),
    ("BODY report", []),
    ("BODY fuchs", [2]),
    ('BODY "lazy dog sl"', [1]),
    ('BODY ""', [1, 2, 3, 4]),
    ("BODY garten", [4]),
    ("TEXT report", [1]),
    ("TEXT x-mark", [2, 3]),
    ("LARGER 800", [3]),
    (f"LARGER {len(MAIL[0].octets)}", [2, 3]),
    (f"SMALLER {len(MAIL[0].octets)}", [4]),
    ("SMALLER 0", []),
    ("LARGER 9223372036854775807", []),
    ("BEFORE 3-Jan-2026", [1, 3, 4]),
    ("ON 3-Jan-2026", [2]),
    ("ON 2-Jan-2026", [1, 3, 4]),
    ("SINCE 3-Jan-2026", [2]),
    ("SENTBEFORE 2-Jan-2026", [1]),
    ("SENTON 1-Jan-2026", [1]),
    ("SENTSINCE 2-Jan-2026", [2]),
    ("SENTSINCE 1-Jan-2026", [1, 2]),
    ("NOT SENTSINCE 1-Jan-2026", [3, 4]),
    ("NOT SEEN NOT FLAGGED", [3]),
    ("OR SEEN FLAGGED", [1, 2, 4]),
    ("OR (SEEN FLAGGED) (ANSWERED)", [3, 4]),
    ("NOT (OR SEEN BODY fuchs)", [3]),
    ("OR SUBJECT report (NOT (BODY dog))", [1, 2, 4]),
    ("NOT 2", [1, 3, 4]),
    ("SUBJECT report SEEN BODY lazy FROM ann 1:3", [1]),
    ("SUBJECT report UNSEEN", []),
]


@pytest.mark.parametrize(("keys", "expected"), KEYS, ids=[keys for keys, _ in KEYS])
@pytest.mark.parametrize("indexed", [0, 2, 4], ids=["not indexed", "half indexed", "indexed"])
async def test_keys(keys: str, expected: list[int], indexed: int, tmp_path: Path) -> None:
    house = await house_with(*MAIL)
    index = SearchIndex(tmp_path / "search.db") if indexed else None
    if index is not None:
        await index_some(house.store, index, extract, house.account, indexed)
    house.change_port(search=index)
    client = await client_of(house)
    assert await found(client, keys) == expected
    assert await found(client, keys, "UID SEARCH") == expected
    assert not client.wire.errors
    if index is not None:
        index.close()


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("SUBJECT stra\u00dfe", [2]),
        ("SUBJECT STRASSE", [2]),
        ("SUBJECT Gru\u0308", [2]),
        ("SUBJECT gru\u0308\u00dfe", [2]),
        ("FROM ZO\u00cb", [2]),
        ("BODY sch\u00f6ner", [4]),
        ("TEXT GR\u00dcSSE", [2]),
        ("HEADER subject \u00dfe", [2]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_texts_are_folded(keys: str, expected: list[int]) -> None:
    client = await client_of(await house_with(*MAIL))
    *words, text = keys.split(" ")
    octets = text.encode()
    asked = f"CHARSET UTF-8 {' '.join(words)} {{{len(octets)}+}}\r\n".encode() + octets
    assert await found(client, asked) == expected


async def test_a_charset_that_nobody_knows() -> None:
    client = await client_of(await house_with(*MAIL))
    lines = await client.ask("SEARCH CHARSET KOI8-R TEXT x")
    assert lines[-1].startswith(b"NO [BADCHARSET (US-ASCII UTF-8)] ")


async def test_texts_beyond_what_columns_keep_are_found() -> None:
    many = ", ".join(f"person{number}@list.example" for number in range(150))
    octets = mail(f"To: {many}", "Subject: " + "long " * 600 + "needle")
    client = await client_of(await house_with(Message(octets), *MAIL))
    assert await found(client, "TO person149@") == [1]
    assert await found(client, "SUBJECT needle") == [1]
    assert await found(client, "TO person15@") == [1]
    assert await found(client, "TO person150@") == []


async def test_damage_hides_a_message_from_text_searches_only() -> None:
    house = await house_with(*MAIL)

    async def work(tx: WriteTx) -> None:
        await tx.execute("DELETE FROM blob WHERE id = 1")

    await house.store.write(work)
    client = await client_of(house)
    assert await found(client, "BODY dog") == [3]
    assert await found(client, "HEADER X-Mark two") == [3]
    assert await found(client, "SUBJECT report") == [1]


async def test_an_empty_mailbox() -> None:
    client = await client_of(await house_with())
    for keys in ("ALL", "*", "UID *", "NOT SEEN", "BODY x", "1:*", "$"):
        assert await found(client, keys) == []


# Trees against a model.

LEAVES: dict[str, Callable[[int], bool]] = {
    "SEEN": lambda n: n % 2 == 0,
    "FLAGGED": lambda n: n % 3 == 0,
    "KEYWORD k5": lambda n: n % 5 == 0,
    "SUBJECT seven": lambda n: n % 7 == 0,
    "BODY eleven": lambda n: n % 11 == 0,
    "HEADER X-Thirteen yes": lambda n: n % 13 == 0,
    "5:17": lambda n: 5 <= n <= 17,
    "UID 10:*": lambda n: n >= 10,
    "ALL": lambda _: True,
}
KEY_TREES = st.recursive(
    st.sampled_from(sorted(LEAVES)),
    lambda keys: (
        st.tuples(st.just("NOT"), keys)
        | st.tuples(st.just("OR"), keys, keys)
        | st.tuples(st.just("AND"), keys, keys, keys)
    ),
    max_leaves=8,
)
COUNT = 40


def spelled(tree: object) -> str:
    match tree:
        case str():
            return tree
        case ("NOT", key):
            return f"NOT {spelled(key)}"
        case ("OR", left, right):
            return f"OR {spelled(left)} {spelled(right)}"
        case (_, *keys):
            return f"({' '.join(map(spelled, keys))})"
    raise TypeError(tree)


def holds(tree: object, number: int) -> bool:
    match tree:
        case str():
            return LEAVES[tree](number)
        case ("NOT", key):
            return not holds(key, number)
        case ("OR", left, right):
            return holds(left, number) or holds(right, number)
        case (_, *keys):
            return all(holds(key, number) for key in keys)
    raise TypeError(tree)


def numbered(number: int) -> Message:
    subject = "seven" if number % 7 == 0 else "other"
    extra = ["X-Thirteen: Yes"] if number % 13 == 0 else []
    body = "eleven" if number % 11 == 0 else "other"
    return Message(
        mail(f"Subject: {subject}", f"Message-ID: <{number}@a.example>", *extra, body=body),
        (SEEN if number % 2 == 0 else 0) | (FLAGGED if number % 3 == 0 else 0),
        "k5" if number % 5 == 0 else "",
    )


def test_trees_mean_what_a_plain_reading_says() -> None:
    async def run() -> None:
        client = await client_of(await house_with(*map(numbered, range(1, COUNT + 1))))
        loop = asyncio.get_running_loop()

        @given(tree=KEY_TREES)
        @settings(max_examples=150, deadline=None)
        def same(tree: object) -> None:
            expected = [number for number in range(1, COUNT + 1) if holds(tree, number)]
            asked = asyncio.run_coroutine_threadsafe(found(client, spelled(tree)), loop)
            assert asked.result(10) == expected

        await asyncio.to_thread(same)

    asyncio.run(run())


# Answers.


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("SEARCH RETURN (MIN MAX COUNT ALL) UNSEEN", b"MIN 2 MAX 3 COUNT 2 ALL 2:3"),
        ("SEARCH RETURN () UNSEEN", b"ALL 2:3"),
        ("UID SEARCH RETURN (ALL) SEEN", b"UID ALL 1,4"),
        ("SEARCH RETURN (MIN) SEEN", b"MIN 1"),
        ("SEARCH RETURN (COUNT) DRAFT", b"COUNT 0"),
        ("SEARCH RETURN (ALL MIN MAX) DRAFT", b""),
        ("UID SEARCH RETURN (MAX) DRAFT", b"UID"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_return_gives(command: str, line: bytes) -> None:
    client = await client_of(await house_with(*MAIL))
    (said,) = await client.ok(command)
    assert said == b" ".join([b'* ESEARCH (TAG "t3")', *([line] if line else [])])


async def test_imap4rev2_always_gets_esearch() -> None:
    house = await house_with(*MAIL)
    client = await house.client()
    await client.ok("ENABLE IMAP4rev2")
    await client.ok("SELECT INBOX")
    assert await client.ok("SEARCH UNSEEN") == [b'* ESEARCH (TAG "t4") ALL 2:3']
    assert await client.ok("UID SEARCH DRAFT") == [b'* ESEARCH (TAG "t5") UID']


async def test_plain_answers_come_in_lines_of_a_hundred() -> None:
    client = await client_of(await house_with(*map(numbered, range(1, 251))))
    lines = await client.ok("SEARCH ALL")
    assert [len(line.split()) - 2 for line in lines] == [100, 100, 50]


async def test_many_messages_with_gaps_keep_their_numbers() -> None:
    numbers = range(1, 1_501)
    messages = [Message(message_octets(number), SEEN if number % 3 else 0) for number in numbers]
    client = await client_of(await house_with(*messages))
    (line,) = await client.ok("SEARCH RETURN (COUNT MAX) UNSEEN")
    assert line.endswith(b"MAX 1500 COUNT 500")
    await client.ok("UID STORE 2:1001 +FLAGS.SILENT (\\Deleted)")
    await client.ok("EXPUNGE")
    # Left are uid 1 and those from 1002 on, of which every third is not seen.
    (line,) = await client.ok("SEARCH RETURN (ALL) SEEN UID 1:1004")
    assert line.endswith(b" ALL 1,3:4")
    (line,) = await client.ok("UID SEARCH RETURN (ALL) SEEN 1:4")
    assert line.endswith(b" ALL 1,1003:1004")


# What is saved.


@pytest.mark.parametrize(
    ("returns", "saved"),
    [
        ("SAVE", [2, 3, 4]),
        ("SAVE ALL", [2, 3, 4]),
        ("SAVE COUNT", [2, 3, 4]),
        ("SAVE MIN", [2]),
        ("SAVE MAX", [4]),
        ("SAVE MIN MAX", [2, 4]),
        ("SAVE MIN COUNT", [2, 3, 4]),
    ],
)
async def test_what_is_saved(returns: str, saved: list[int]) -> None:
    client = await client_of(await house_with(*MAIL))
    lines = await client.ok(f"SEARCH RETURN ({returns}) 2:4")
    assert (lines == []) is (returns == "SAVE")
    assert await found(client, "$") == saved
    assert await found(client, "UID $", "UID SEARCH") == saved
    fetched = await client.ok("FETCH $ UID")
    assert fetched == [b"* %d FETCH (UID %d)" % (number, number) for number in saved]
    assert await client.ok("UID FETCH $ UID") == fetched


async def test_what_is_saved_follows_the_mailbox() -> None:
    client = await client_of(await house_with(*MAIL))
    await client.ok("SEARCH RETURN (SAVE) ALL")
    await client.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    await client.ok("EXPUNGE")
    assert await client.ok("FETCH $ UID") == [
        b"* 1 FETCH (UID 1)", b"* 2 FETCH (UID 3)", b"* 3 FETCH (UID 4)",
    ]  # fmt: skip
    await client.ok("SEARCH RETURN (SAVE) NOT $")
    assert await found(client, "$") == []
    await client.ok("SEARCH RETURN (SAVE) 1")
    await client.ask("SEARCH RETURN (SAVE) CHARSET x ALL")
    await client.ask("SEARCH RETURN (SAVE) NONSENSE")
    assert await found(client, "$") == [1]
    await client.ok("SELECT INBOX")
    assert await found(client, "$") == []


async def test_new_messages_are_not_found_before_they_are_told() -> None:
    house = await house_with(*MAIL)
    client = await client_of(house)
    other = await house.client()
    await other.append(MAIL[0].octets)
    lines = await client.ok("UID SEARCH ALL")
    assert lines[0] == b"* SEARCH 1 2 3 4"
    assert await found(client, "ALL", "UID SEARCH") == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("size", [1, 10, 60, 90])
async def test_sets_with_many_gaps(size: int) -> None:
    client = await client_of(await house_with(*map(numbered, range(1, 100))))
    wanted = sorted(random.Random(size).sample(range(1, 100), size))
    text = ",".join(map(str, wanted))
    assert await found(client, text) == wanted
    assert await found(client, f"UID {text}") == wanted
    left = sorted({*range(1, 100)} - {*wanted})
    assert await found(client, f"NOT {text} SUBJECT e") == left
    assert await found(client, f"OR {text} NOT {text}") == list(range(1, 100))


def test_dates_of_the_far_past_and_future() -> None:
    async def run() -> None:
        old = Message(MAIL[0].octets, received=datetime(1969, 12, 31, 23, tzinfo=UTC))
        new = Message(MAIL[0].octets, received=old.received + timedelta(days=40_000))
        client = await client_of(await house_with(old, new))
        assert await found(client, "BEFORE 1-Jan-1970") == [1]
        assert await found(client, "ON 31-Dec-1969") == [1]
        assert await found(client, "SINCE 1-Jan-2070") == [2]
        assert await found(client, "BEFORE 31-Dec-9999 SINCE 1-Jan-1900") == [1, 2]
        assert await found(client, "SINCE 31-Dec-9999") == []

    asyncio.run(run())
