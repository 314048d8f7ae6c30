"""NOTIFY: what is told, when, and what is not. RFC 5465."""

from collections.abc import Sequence

import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.base.ids import MailboxId, MailboxRef
from roost.config.accounts import AddressSettings
from roost.ports.bus import Hint, Type
from roost.service import addresses, domains, mailboxes
from roost.session.imap.notify import MAX_DELAYED
from roost.session.imap.notify_names import MAX_PENDING
from roost.store import expunging, metadata, numbers
from roost.store.engine import WriteTx
from roost.store.filing import file_messages
from roost.store.metadata import MAX_REMOVED
from roost.store.revisions import Actor
from roost.testing.bus import ListBus
from roost.testing.filing import message_octets, new_filing
from roost.testing.imap import PASSWORD, USER, ImapClient, ImapHouse, new_house
from roost.testing.wire import HIGH_WATER

MESSAGE = b"From: a@b.test\r\nSubject: s\r\n\r\nHello\r\n"
ALL = "(MessageNew MessageExpunge FlagChange)"


async def two(
    command: str, messages: int = 0, mailbox: str = "INBOX"
) -> tuple[ImapHouse, ImapClient, ImapClient]:
    """A house, a client that selected a mailbox and said a command, and another client there."""
    house = await new_house()
    client, other = await house.client(), await house.client()
    for _ in range(messages):
        await other.append(MESSAGE, mailbox)
    await client.ok(f"SELECT {mailbox}")
    await other.ok(f"SELECT {mailbox}")
    await client.ok(command)
    return house, client, other


async def fill(house: ImapHouse, ref: MailboxRef, count: int) -> None:
    """File so many messages."""
    for start in range(0, count, 500):
        some = range(start, min(start + 500, count))
        filings = [new_filing(ref, message_octets(1), house.clock.now()) for _ in some]
        await house.store.write(lambda tx, filings=filings: file_messages(tx, filings))  # type: ignore[misc]


async def remove(house: ImapHouse, ref: MailboxRef, uids: Sequence[int]) -> None:
    """Let these messages go."""
    for start in range(0, len(uids), 500):
        some = uids[start : start + 500]
        await house.store.write(
            lambda tx, some=some: expunging.remove(tx, ref, some, now=house.clock.now())  # type: ignore[misc]
        )


async def heard(client: ImapClient) -> list[bytes]:
    """What was told by now without a command."""
    await client.wire.rest()
    lines = bytes(client.wire.output).split(b"\r\n")[:-1]
    client.wire.output.clear()
    return lines


@pytest.mark.parametrize("command", ["NOTIFY NONE", f"NOTIFY SET (personal {ALL})"])
async def test_who_does_not_name_the_selected_mailbox_has_a_snapshot_of_it(command: str) -> None:
    _, client, other = await two(command, messages=3)
    await other.append(MESSAGE)
    await other.ok(r"STORE 1 +FLAGS (\Flagged \Deleted)")
    await other.ok("EXPUNGE")
    assert await client.ok("NOOP") == []
    assert await heard(client) == []
    assert await client.ok("SEARCH ALL") == [b"* SEARCH 1 2 3"]
    assert (await client.ok("UID FETCH 1 RFC822.SIZE"))[0].startswith(b"* 1 FETCH (UID 1 ")
    assert await client.ok("STORE 2 +FLAGS (\\Deleted)") == [
        b"* 2 FETCH (FLAGS (\\Recent \\Deleted))"
    ]
    assert await client.ok("EXPUNGE") == [b"* 2 EXPUNGE"]
    told = await client.ok(f"NOTIFY SET (selected {ALL})")
    assert told == [b"* 3 EXISTS", b"* 2 RECENT", b"* 1 EXPUNGE"]
    assert await client.ok("NOOP") == []


async def test_flags_that_were_not_asked_for_are_told_when_they_are() -> None:
    _, client, other = await two("NOTIFY SET (selected (MessageNew MessageExpunge))", messages=3)
    await client.ok("ENABLE CONDSTORE")
    before = (await client.ok("STATUS INBOX (HIGHESTMODSEQ)"))[0]
    await other.ok(r"STORE 1:2 +FLAGS (\Flagged)")
    assert await heard(client) == []
    assert await client.ok("NOOP") == []
    own = await client.ok(r"STORE 3 +FLAGS (\Seen)")
    assert own[1].startswith(b"* OK [HIGHESTMODSEQ ")
    assert own[1].split()[3].strip(b"]") in before
    assert own[0].startswith(b"* 3 FETCH (UID 3 FLAGS (\\Recent \\Seen) MODSEQ (")
    # What it was not told of lies above what it may take for told: RFC 7162 section 3.2.
    assert (await client.ok("STATUS INBOX (HIGHESTMODSEQ)"))[0] == before
    told = await client.ok(f"NOTIFY SET (selected {ALL})")
    assert [line[:15] for line in told[:-1]] == [b"* %d FETCH (UID " % n for n in (1, 2, 3)]
    assert told[-1].startswith(b"* OK [HIGHESTMODSEQ ")
    assert (await client.ok("STATUS INBOX (HIGHESTMODSEQ)"))[0] > before


async def test_removals_follow_the_answer_of_a_command_that_names_numbers() -> None:
    _, client, other = await two(f"NOTIFY SET (selected {ALL})", messages=2)
    client.wire.feed(b"x FETCH 1:2 (UID)\r\n")
    await other.ok(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    await other.ok("EXPUNGE")
    lines = [line for line in await heard(client) if b"FLAGS" not in line]
    assert lines.index(b"* 1 EXPUNGE") > lines.index(b"x OK FETCH done")


async def test_new_messages_are_fetched_but_not_ones_own() -> None:
    command = "NOTIFY SET (selected (MessageNew (UID FLAGS PREVIEW) MessageExpunge))"
    _, client, other = await two(command, messages=1)
    assert await client.append(MESSAGE) == [b"* 2 EXISTS", b"* 2 RECENT"]
    assert await client.ok("COPY 1 INBOX") == [b"* 3 EXISTS", b"* 3 RECENT"]
    await other.append(MESSAGE)
    await other.append(MESSAGE)
    lines = await heard(client)
    assert b'* 4 FETCH (UID 4 FLAGS (\\Recent) PREVIEW "Hello")' in lines
    assert b'* 5 FETCH (UID 5 FLAGS (\\Recent) PREVIEW "Hello")' in lines
    assert sum(b" FETCH " in line for line in lines) == 2


async def test_a_new_message_is_in_a_search_that_wants_items_of_it() -> None:
    _, client, other = await two("NOOP", messages=1)
    update = 'RETURN (UPDATE (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])) SUBJECT "s"'
    await client.ok(f"SEARCH {update}")
    await other.append(MESSAGE)
    await other.append(MESSAGE.replace(b"Subject: s", b"Subject: t"))
    lines = await client.ok("NOOP")
    found = [line for line in lines if b"FETCH" in line]
    assert found == [b"* 2 FETCH (UID 2 BODY[HEADER.FIELDS (SUBJECT)] {14}"]
    assert lines[0] == b"* 3 EXISTS"
    assert lines[-1] == b'* ESEARCH (TAG "t4") ADDTO (0 2)'
    assert not any(b"FETCH" in line for line in await client.append(MESSAGE))
    await other.ok(r"STORE 3 +FLAGS.SILENT (\Flagged)")
    assert not any(b"BODY" in line for line in await client.ok("NOOP"))


async def test_notify_and_search_want_one_fetch_behind_the_result() -> None:
    _, client, other = await two("NOTIFY SET (selected (MessageNew (FLAGS) MessageExpunge))")
    await client.ok("SEARCH RETURN (UPDATE (UID FLAGS)) ALL")
    await other.append(MESSAGE)
    lines = await heard(client)
    assert [line for line in lines if b"RECENT" not in line[:12]] == [
        b"* 1 EXISTS",
        b'* ESEARCH (TAG "t4") ADDTO (0 1)',
        b"* 1 FETCH (UID 1 FLAGS (\\Recent))",
    ]


@pytest.mark.parametrize(
    ("enable", "gone", "new"),
    [
        ("QRESYNC", b"* VANISHED 1", b"* 2 FETCH (UID 3)"),
        ("UIDONLY", b"* VANISHED 1", b"* 3 UIDFETCH (UID 3)"),
    ],
)
async def test_who_speaks_of_uids_is_told_of_uids(enable: str, gone: bytes, new: bytes) -> None:
    house, client, other = await two("NOOP", messages=2)
    await client.ok(f"ENABLE {enable}")
    await client.ok("NOTIFY SET (selected (MessageNew (UID) MessageExpunge))")
    await other.ok(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    await other.ok("EXPUNGE")
    assert gone in await heard(client)
    await other.append(MESSAGE)
    assert new in await heard(client)
    assert house.log.events == []


async def test_items_that_mark_as_seen_do_so() -> None:
    _, client, other = await two(f"NOTIFY SET (selected {ALL.replace('New', 'New (BODY[TEXT])')})")
    await other.append(MESSAGE)
    lines = await heard(client)
    assert b"* 1 FETCH (BODY[TEXT] {7}" in lines
    assert b"* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))" in lines or (
        b"* 1 FETCH (UID 1 FLAGS (\\Recent \\Seen))" in lines
    )


async def test_removals_wait_for_a_command_up_to_a_bound() -> None:
    house, client, _ = await two("NOTIFY SET (selected-delayed (MessageNew MessageExpunge))")
    ref = await house.ref()
    await fill(house, ref, MAX_DELAYED + 2)
    await heard(client)
    await remove(house, ref, range(1, MAX_DELAYED + 1))
    assert await heard(client) == []
    await remove(house, ref, [MAX_DELAYED + 1])
    assert await heard(client) == [
        b"* OK [NOTIFICATIONOVERFLOW] too much happened, ask anew",
    ]
    assert await client.ok("NOOP") == []
    told = await client.ok(f"NOTIFY SET (selected {ALL})")
    assert len([line for line in told if line.endswith(b"EXPUNGE")]) == MAX_DELAYED + 1


@pytest.mark.parametrize("count", [MAX_PENDING - 2, MAX_PENDING - 1])
async def test_too_many_names_are_too_much(count: int) -> None:
    house, client, other = await two("NOTIFY SET (personal (MailboxName))")

    async def work(tx: WriteTx) -> None:
        first = await numbers.reserve_modseqs(tx, house.account, count)
        await tx.execute_many(
            "INSERT INTO mailbox_naming (account_id, modseq, new_name) VALUES ($1, $2, $3)",
            [(house.account, first + n, f"n{n}") for n in range(count)],
        )

    await house.store.write(work)
    await other.ok("CREATE Last")
    lines = await client.ok("NOOP")
    if count == MAX_PENDING - 1:
        assert lines == [b"* OK [NOTIFICATIONOVERFLOW] too much happened, ask anew"]
        await other.ok("CREATE More")
        assert await client.ok("NOOP") == []
    else:
        assert len(lines) == count + 1
        assert lines[-1] == rb'* LIST (\HasNoChildren \Subscribed) "/" Last'


@pytest.mark.parametrize("count", [MAX_REMOVED - 1, MAX_REMOVED])
async def test_too_many_notes_removed_are_too_much(count: int) -> None:
    house, client, _ = await two("NOTIFY SET (personal (MailboxMetadataChange))")
    inbox = await house.ref()
    client.wire.feed(b"x APPEND Drafts {5}\r\n")  # until it ends nothing is told
    assert await client.wire.line() == b"+ go ahead"
    for start in range(0, count, 500):
        names = [f"/private/n{number}" for number in range(start, min(start + 500, count))]
        await house.store.write(
            lambda tx, names=names: metadata.put(tx, inbox, dict.fromkeys(names))  # type: ignore[misc]
        )
    client.wire.feed(b"Hello\r\n")
    line = (await heard(client))[0]
    if count == MAX_REMOVED:
        assert line == b"* OK [NOTIFICATIONOVERFLOW] too much happened, ask anew"
    else:
        assert line.startswith(b"* METADATA INBOX ")
        assert line.count(b"/private/") == count


async def test_hints_that_are_lost_doubled_or_wrong_change_nothing() -> None:
    house, client, other = await two(f"NOTIFY SET (selected {ALL}) (personal {ALL})")
    bus = house.store.bus
    assert isinstance(bus, ListBus)
    await other.append(MESSAGE, "Drafts")
    assert len(await heard(client)) == 1
    for hint in bus.hints[-3:] * 2:
        bus.publish(hint)
    bus.publish(Hint(house.account, frozenset(Type), frozenset({MailboxId(99)}), 10**9))
    bus.publish(Hint(house.account, frozenset({Type.EMAIL}), frozenset(), 0))
    assert await heard(client) == []
    bus.loses = True
    await other.append(MESSAGE, "Drafts")
    await other.append(MESSAGE)
    bus.loses = False
    assert await heard(client) == []
    await other.ok("CREATE Any")
    lines = await heard(client)
    assert b"* 1 EXISTS" in lines
    assert sum(line.startswith(b"* STATUS Drafts (") for line in lines) == 1


async def test_what_others_do_beside_ones_own_is_told() -> None:
    _, client, other = await two("NOTIFY SET (personal (MessageNew MessageExpunge))")
    client.wire.feed(b"x APPEND Drafts {5}\r\n")
    assert await client.wire.line() == b"+ go ahead"
    await other.append(MESSAGE, "Drafts")
    client.wire.feed(b"Hello\r\n")
    lines = await heard(client)
    assert lines[0] == b"* STATUS Drafts (UIDNEXT 3 MESSAGES 2)"
    assert lines[1].startswith(b"x OK ")
    assert await client.append(MESSAGE, "Drafts") == []


async def test_a_mailbox_that_was_left_with_something_untold_is_told() -> None:
    _, client, other = await two(f"NOTIFY SET (personal {ALL})", messages=2)
    await other.append(MESSAGE)
    assert await heard(client) == []
    lines = await client.ok("UNSELECT")
    assert [line.split(b"UIDNEXT")[1] for line in lines] == [b" 4 MESSAGES 3 UNSEEN 3)"]
    await client.ok("SELECT INBOX")
    await client.ok(r"STORE 1 +FLAGS (\Deleted)")
    assert await client.ok("CLOSE") == []


async def test_it_ends_with_the_login() -> None:
    house, client, other = await two(f"NOTIFY SET (selected {ALL}) (personal {ALL})")
    await client.ok("UNAUTHENTICATE")
    await other.append(MESSAGE, "Drafts")
    await client.ok(f'LOGIN {USER} "{PASSWORD}"')
    await other.append(MESSAGE, "Drafts")
    assert await heard(client) == []
    assert await client.ok("NOOP") == []
    assert house.log.events == []


async def test_a_command_that_fails_leaves_what_was_asked_for_before() -> None:
    _, client, other = await two(f"NOTIFY SET (selected {ALL})")
    await client.ask("NOTIFY SET (personal (Frob))")
    await client.ask("NOTIFY SET (personal (FlagChange))")
    await other.append(MESSAGE)
    assert b"* 1 EXISTS" in await heard(client)


@pytest.mark.parametrize("command", ["NOTIFY NONE", f"NOTIFY SET (selected-delayed {ALL})"])
async def test_a_deleted_mailbox_is_closed_even_so(command: str) -> None:
    _, client, other = await two("NOOP", messages=2, mailbox="Drafts")
    await client.ok(command)
    await other.ok("UNSELECT")
    await other.ok("DELETE Drafts")
    lines = await client.ok("NOOP")
    assert lines[-1].startswith(b"* OK [CLOSED]")
    assert lines[:-1] == [b"* 2 EXPUNGE", b"* 1 EXPUNGE"]


async def test_who_does_not_read_holds_up_nobody() -> None:
    house, client, other = await two(
        f"NOTIFY SET (selected {ALL.replace('New', 'New (BODYSTRUCTURE ENVELOPE)')})"
    )
    ref = await house.ref()
    await fill(house, ref, 2_000)
    await client.wire.settle()
    full = len(client.wire.output)
    assert HIGH_WATER < full < 3 * HIGH_WATER
    await fill(house, ref, 1_000)
    await client.wire.settle()
    assert len(client.wire.output) == full
    assert b"* 3000 EXISTS" in await other.ok("NOOP")
    numbers_told: list[int] = []
    while len(numbers_told) < 3_000:
        line = await client.wire.line()
        if b" FETCH (BODYSTRUCTURE" in line:
            numbers_told.append(int(line.split(b" ")[1]))
    assert numbers_told == list(range(1, 3_001))


async def test_inboxes_are_where_mail_is_delivered() -> None:
    house = await new_house()
    actor = Actor("admin", "root")
    await domains.add(house.store, house.clock, actor, Domain.parse("mx.test"))
    await addresses.add(
        house.store,
        house.clock,
        actor,
        "me",
        Address.parse("lists@mx.test"),
        AddressSettings(mailbox="Lists"),
    )
    client, other = await house.client(), await house.client()
    await other.ok("CREATE Lists")
    lines = await client.ok("NOTIFY SET STATUS (inboxes (MessageNew MessageExpunge))")
    assert [line.split(b" ")[2] for line in lines] == [b"INBOX", b"Lists"]
    await other.append(MESSAGE, "Drafts")
    await other.append(MESSAGE, "Lists")
    assert await heard(client) == [b"* STATUS Lists (UIDNEXT 2 MESSAGES 1)"]
    found = await client.ok("ESEARCH IN (inboxes) ALL")
    assert [b"MAILBOX Lists" in line for line in found] == [True]


async def test_more_mailboxes_than_fit_on_a_page_are_told_each_once() -> None:
    house, client, other = await two("NOTIFY SET (personal (MessageNew MessageExpunge))")
    for number in range(120):
        await mailboxes.create(house.store, house.clock, house.account, house.account, f"m{number}")
    await heard(client)
    client.wire.feed(b"x APPEND Drafts {5}\r\n")
    assert await client.wire.line() == b"+ go ahead"
    for number in range(120):
        # MOVE gives both mailboxes the same highest modseq.
        await other.append(MESSAGE)
        await other.ok(f"UID MOVE {number + 1} m{number}")
    client.wire.feed(b"Hello\r\n")
    told = [line.split(b" ")[2] for line in await heard(client) if line.startswith(b"* STATUS m")]
    assert sorted(told) == sorted(b"m%d" % number for number in range(120))
