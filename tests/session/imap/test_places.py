"""Where names lead: an account stands below "Other Users" by its address, whatever is in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roost.base.address import Address
from roost.base.domain import Domain
from roost.service import accounts, addresses, domains
from roost.service.others import NOBODY
from roost.session.imap.places import PREFIX, Place, place_of, prefix_of, reach_others
from roost.store.mailbox_names import parse_name
from roost.store.revisions import Actor
from roost.testing.imap import ImapHouse, new_house

ADMIN = Actor("admin", "root")


async def house(*users: str) -> ImapHouse:
    house = await new_house()
    await house.settle(*users)
    return house


async def place(house: ImapHouse, name: str) -> Place:
    return await place_of(house.store, house.account, name)


@given(st.text(min_size=1, max_size=40).filter(str.isprintable))
def test_an_address_is_one_level_without_wildcards(local: str) -> None:
    prefix = prefix_of(Address(local, Domain.parse("mx.test")))
    assert prefix.count("/") == 2
    assert not set(prefix) & set("*%")


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_addresses_never_have_one_name(one: str, other: str) -> None:
    names = {prefix_of(Address(local, Domain.parse("mx.test"))) for local in (one, other)}
    assert len(names) == len({one, other})


@pytest.mark.parametrize(
    ("name", "inner"),
    [
        ("Other Users/her@mx.test/INBOX", "INBOX"),
        ("Other Users/HER@MX.test/inbox/x", "INBOX/x"),
        ("Other Users/her+tag@mx.test/a/b", "a/b"),
        ("Other Users/office@mx.test/a", "a"),
    ],
    ids=["as it is told", "in any case", "with a tag", "by another address"],
)
async def test_any_address_leads_to_the_account_which_is_told_by_its_first(
    name: str, inner: str
) -> None:
    one = await house("her@mx.test")
    await addresses.add(one.store, one.clock, ADMIN, "user1", Address.parse("office@mx.test"))
    her = one.users["her@mx.test"].account
    assert await place(one, name) == Place(her, inner, "Other Users/her@mx.test/")


@pytest.mark.parametrize(
    "name",
    [
        "Other Users",
        "Other Users/",
        "Other Users/her@mx.test",
        "Other Users/nobody@mx.test/INBOX",
        "Other Users/her@other.test/INBOX",
        "Other Users/her/INBOX",
        "Other Users/@mx.test/INBOX",
        "Other Users/her@/INBOX",
        "Other Users/her=@mx.test/INBOX",
        "Other Users/he=72r@mx.test/INBOX",
        "Other Users//INBOX",
        "Other Users/me@mx.test/INBOX",
    ],
)
async def test_what_is_nobodys_leads_to_nobody(name: str) -> None:
    one = await house("her@mx.test")
    found = await place(one, name)
    assert found.owner == NOBODY or found.name == ""


@pytest.mark.parametrize("name", ["Other users/x", "Other", "INBOX/Other Users", "Other UsersX/a"])
async def test_other_names_are_ones_own(name: str) -> None:
    one = await house()
    assert await place(one, name) == Place(one.account, name)
    assert parse_name(name) == name


@pytest.mark.parametrize("domain", ["b\u00fccher.test", "xn--bcher-kva.test"])
async def test_a_domain_is_found_in_both_spellings(domain: str) -> None:
    one = await house()
    books = Domain.parse("b\u00fccher.test")
    await domains.add(one.store, one.clock, ADMIN, books)
    await accounts.add(one.store, one.clock, ADMIN, "shop", address=Address("Caf\u00e9", books))
    found = await place(one, f"Other Users/cafe\u0301@{domain}/INBOX".replace("e\u0301", "\u00e9"))
    assert found.prefix == "Other Users/Caf\u00e9@b\u00fccher.test/"


@pytest.mark.parametrize(
    ("pattern", "reaches"),
    [
        ("*", True),
        ("%", True),
        ("Other Users/*", True),
        ("Oth%", True),
        ("Other Users/me@mx.test/INBOX", True),
        ("INBOX", False),
        ("Work/*", False),
        ("", True),
    ],
)
def test_which_patterns_need_a_look_at_others(pattern: str, reaches: bool) -> None:
    assert reach_others(["Nothing", pattern]) is reaches
    assert PREFIX == "Other Users/"
