"""Which address belongs to which account."""

import pytest

from roost.base.address import Address
from roost.base.domain import Domain
from roost.base.errors import ServiceError
from roost.config.domains import DomainSettings
from roost.service import accounts, addresses, directory, domains
from roost.service.config_errors import AccountUnknown, AddressUnknown, DomainUnknown
from roost.store.engine import Store
from roost.store.revisions import Actor
from roost.testing.clock import StoppedClock
from roost.testing.store import new_store

ADMIN = Actor("admin", "root")
CLOCK = StoppedClock()
LOCALS = ("b", '" "', '"  "', "A.b", "ü")


async def filled() -> Store:
    """Two domains, the first with every local part of LOCALS, the second with one."""
    store = await new_store()
    for name in ("b.test", "a.test"):
        await domains.add(store, CLOCK, ADMIN, Domain.parse(name))
    await accounts.add(store, CLOCK, ADMIN, "anna", address=Address.parse("x@a.test"))
    for local in LOCALS:
        await addresses.add(store, CLOCK, ADMIN, "anna", Address.parse(f"{local}@b.test"))
    return store


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 7])
async def test_pages_of_any_size_make_the_whole_list(limit: int) -> None:
    store, seen, after = await filled(), list[str](), ""
    while page := await directory.page(store, after, limit):
        assert len(page) <= limit
        assert {entry.account for entry in page} == {"anna"}
        seen += [entry.spelled for entry in page]
        after = page[-1].key
    assert sorted(seen) == sorted([*(f"{local}@b.test" for local in LOCALS), "x@a.test"])
    assert seen[-1] == "x@a.test"


@pytest.mark.parametrize("after", ["x", "-1 a", "9" * 40 + " a", "² a", "1", "\0"])
async def test_a_page_after_nonsense_is_a_page(after: str) -> None:
    assert len(await directory.page(await filled(), after, 500)) in (0, 1, 6)


@pytest.mark.parametrize("text", ["anna", "Anna", "a.B@b.test", "x+tag@A.test", '"  "@b.test'])
async def test_an_account_is_found_by_name_and_by_address(text: str) -> None:
    assert (await directory.account_of(await filled(), text)).name == "anna"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("bob", AccountUnknown),
        ("", AccountUnknown),
        ("@", AccountUnknown),
        ("nobody@a.test", AddressUnknown),
        ("x@c.test", DomainUnknown),
    ],
)
async def test_who_is_not_there_is_not_found(text: str, error: type[ServiceError]) -> None:
    with pytest.raises(error):
        await directory.account_of(await filled(), text)


async def test_an_entry_is_what_mail_would_reach() -> None:
    store = await filled()
    entry = await directory.entry_of(store, Address.parse("a.b+shop@B.test"))
    assert (entry.spelled, entry.domain) == ("A.b@b.test", "b.test")
    await domains.set_settings(
        store,
        CLOCK,
        ADMIN,
        Domain.parse("b.test"),
        DomainSettings(localpart_separators=()),
        made_from=None,
    )
    with pytest.raises(AddressUnknown):
        await directory.entry_of(store, Address.parse("a.b+shop@b.test"))
