"""Lists of rights as users change them. RFC 4314 section 3."""

import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.base.errors import ServiceError
from roost.base.ids import AccountId, MailboxId
from roost.service import accounts, acl, domains, rights
from roost.service.acl import Grantable, IdentifierUnknown, TooManyEntries
from roost.service.mailbox_errors import MailboxUnknown
from roost.service.rights import ALL_RIGHTS, NO_RIGHTS, OWNERS, NotPermitted, Rights
from roost.store import acl as rows
from roost.store.acl import WHOLE, Entry, Identifier
from roost.store.engine import Store, WriteTx
from roost.store.revisions import Actor
from roost.testing.clock import StoppedClock
from roost.testing.store import new_store

ADMIN = Actor("admin", "root")
ME, HER, HIM = AccountId(1), AccountId(2), AccountId(3)


async def house() -> Store:
    store, domain = await new_store(), Domain.parse("mx.test")
    await domains.add(store, StoppedClock(), ADMIN, domain)
    for name in ("me", "her", "him"):
        await accounts.add(store, StoppedClock(), ADMIN, name, address=Address(name, domain))
    return store


async def put(store: Store, who: str, letters: str, acting: AccountId = ME) -> None:
    wanted = rights.parse_rights(letters)
    await acl.put(store, acting, ME, "INBOX", who, lambda before: wanted)


async def listed(store: Store, acting: AccountId = ME) -> dict[str, str]:
    found = await acl.get(store, acting, ME, "inbox")
    return {one.identifier: rows.letters(one.rights) for one in found}


async def share_all(store: Store, letters: str) -> None:
    await store.write(lambda tx: rows.put(tx, ME, Entry(WHOLE, Identifier(HER), letters)))


async def test_the_owner_stands_first_with_all() -> None:
    store = await house()
    await put(store, "her@mx.test", "lr")
    assert list((await listed(store)).items()) == [
        ("me@mx.test", "lrswipkxtea"),
        ("her@mx.test", "lr"),
    ]


async def test_a_change_is_made_of_what_was_there() -> None:
    store = await house()
    seen: list[Rights] = []

    def note(before: Rights) -> Rights:
        seen.append(before)
        return rights.parse_rights("l")

    await share_all(store, "lr")
    await acl.put(store, ME, ME, "INBOX", "her@mx.test", note)
    await acl.put(store, ME, ME, "INBOX", "her@mx.test", note)
    await acl.put(store, ME, ME, "INBOX", "him@mx.test", note)
    await acl.put(store, ME, ME, "INBOX", "me@mx.test", note)
    assert [rows.letters(one) for one in seen] == ["lr", "l", "", "lrswipkxtea"]
    assert (await listed(store))["me@mx.test"] == "la", "an owner cannot shut itself out"


async def test_no_rights_is_no_entry() -> None:
    store = await house()
    await put(store, "her@mx.test", "lr")
    await put(store, "her@mx.test", "")
    assert await listed(store) == {"me@mx.test": "lrswipkxtea"}
    assert await store.read(lambda tx: rows.owners(tx, HER, 9)) == []


async def test_who_is_removed_from_a_mailbox_keeps_the_others_of_an_account() -> None:
    store = await house()
    await share_all(store, "lr")
    await acl.remove(store, ME, ME, "INBOX", "her@mx.test")
    assert "her@mx.test" not in await listed(store)
    with pytest.raises(MailboxUnknown):
        await acl.of_oneself(store, HER, ME, "INBOX")
    assert rows.letters(await acl.of_oneself(store, HER, ME, "Drafts")) == "lr"


@pytest.mark.parametrize("who", ["HER@MX.test", "her+tag@mx.test", "-her@mx.test", "-anyone"])
async def test_an_identifier_is_any_address_of_an_account(who: str) -> None:
    store = await house()
    await put(store, who, "lr")
    told = who.lower().replace("+tag", "")
    assert (await listed(store))[told] == "lr"
    await acl.remove(store, ME, ME, "INBOX", told)
    assert told not in await listed(store)


@pytest.mark.parametrize("who", ["nobody@mx.test", "her", "", "-", "--her@mx.test", "Anyone", "@"])
async def test_nobody_is_told_apart(who: str) -> None:
    store = await house()
    for attempt in (
        lambda: put(store, who, "lr"),
        lambda: acl.remove(store, ME, ME, "INBOX", who),
        lambda: acl.grantable(store, ME, ME, "INBOX", who),
    ):
        with pytest.raises(IdentifierUnknown):
            await attempt()


@pytest.mark.parametrize(
    ("letters", "error"),
    [("", MailboxUnknown), ("r", MailboxUnknown), ("lrswipkxte", NotPermitted)],
)
async def test_only_who_may_administer_sees_or_changes(
    letters: str, error: type[ServiceError]
) -> None:
    store = await house()
    await put(store, "her@mx.test", letters)
    for attempt in (
        lambda: put(store, "him@mx.test", "l", HER),
        lambda: listed(store, HER),
        lambda: acl.remove(store, HER, ME, "INBOX", "her@mx.test"),
        lambda: acl.grantable(store, HER, ME, "INBOX", "anyone"),
    ):
        with pytest.raises(error):
            await attempt()
    assert await store.read(lambda tx: rows.owners(tx, HIM, 9)) == []


async def test_who_administers_may_give_and_take() -> None:
    store = await house()
    await put(store, "her@mx.test", "la")
    await put(store, "him@mx.test", "lr", HER)
    await acl.remove(store, HER, ME, "INBOX", "her@mx.test")
    assert await listed(store) == {"me@mx.test": "lrswipkxtea", "him@mx.test": "lr"}


@pytest.mark.parametrize(
    ("who", "found"),
    [
        ("me@mx.test", Grantable(OWNERS, ALL_RIGHTS - OWNERS)),
        ("-me@mx.test", Grantable(NO_RIGHTS, ALL_RIGHTS - OWNERS)),
        ("her@mx.test", Grantable(NO_RIGHTS, ALL_RIGHTS)),
        ("anyone", Grantable(NO_RIGHTS, ALL_RIGHTS)),
    ],
)
async def test_what_can_be_granted(who: str, found: Grantable) -> None:
    assert await acl.grantable(await house(), ME, ME, "INBOX", who) == found


async def test_a_list_has_an_end() -> None:
    store = await house()

    async def fill(tx: WriteTx) -> None:
        for number in range(acl.MAX_ENTRIES):
            await rows.put(tx, ME, Entry(MailboxId(1), Identifier(AccountId(100 + number)), "l"))

    await store.write(fill)
    with pytest.raises(TooManyEntries):
        await put(store, "her@mx.test", "l")
    assert await store.read(lambda tx: rows.owners(tx, HER, 9)) == []


async def test_an_account_without_address_is_told_by_its_name() -> None:
    store = await house()
    bare = await accounts.add(store, StoppedClock(), ADMIN, "bare")
    found = await acl.get(store, bare.id, bare.id, "INBOX")
    assert [one.identifier for one in found] == ["bare"]
