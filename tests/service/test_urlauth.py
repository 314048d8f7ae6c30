"""Tokens of URLs: made with a key that stays, checked without telling what is there. RFC 4467."""

import pytest

from roost.base.ids import AccountId
from roost.service import accounts, urlauth
from roost.service.mailbox_errors import MailboxUnknown
from roost.service.urlauth import Rump
from roost.store.engine import Store, StoreFull
from roost.store.revisions import Actor
from roost.store.sqlite import SqliteStore
from roost.testing.clock import StoppedClock
from roost.testing.random import SeededRandom
from roost.testing.store import new_store

ME, HER = AccountId(1), AccountId(2)
RUMP = Rump("imap://me@mx.test/INBOX/;uid=1;urlauth=anonymous", ME, "INBOX")


class FullStore:
    """Reads as another store does, and has no room to write."""

    def __init__(self, store: SqliteStore) -> None:
        self.read = store.read

    async def write(self, _work: object) -> None:
        raise StoreFull


@pytest.fixture
async def store() -> SqliteStore:
    store = await new_store()
    for name in ("me", "her"):
        await accounts.add(store, StoppedClock(), Actor("admin", "root"), name)
    return store


async def token_of(
    store: Store, rump: Rump = RUMP, acting: AccountId = ME, *, seed: int = 1
) -> str:
    (token,) = await urlauth.generate(
        store, SeededRandom(seed), acting, [rump._replace(owner=acting)]
    )
    return token


async def test_a_token_names_its_algorithm_and_has_256_bits(store: SqliteStore) -> None:
    token = await token_of(store)
    assert token.startswith("01")
    assert len(bytes.fromhex(token)) == 1 + 32


async def test_a_token_is_of_one_user_one_mailbox_and_one_url(store: SqliteStore) -> None:
    token = await token_of(store)
    found = await urlauth.verified(store, ME, RUMP, token)
    assert found is not None
    assert found.account == ME
    await token_of(store, acting=HER, seed=2)
    await token_of(store, RUMP._replace(mailbox="Drafts"), seed=3)
    for owner, rump, said in [
        (HER, RUMP, token),
        (None, RUMP, token),
        (AccountId(9), RUMP, token),
        (ME, RUMP._replace(mailbox="Drafts"), token),
        (ME, RUMP._replace(mailbox="Nowhere"), token),
        (ME, RUMP._replace(mailbox="a//b\0"), token),
        (ME, RUMP._replace(uid_validity=1), token),
        (ME, RUMP._replace(text=RUMP.text + "x"), token),
        (ME, RUMP, "02" + token[2:]),
        (ME, RUMP, token[:-2]),
        (ME, RUMP, ""),
        (ME, RUMP, "\u00e9"),
    ]:
        assert await urlauth.verified(store, owner, rump, said) is None


async def test_the_key_that_stands_for_none_opens_nothing(store: SqliteStore) -> None:
    """A token made with the plausible key, as anybody can make it who reads the program."""
    forged = urlauth._token(urlauth._PLAUSIBLE_KEY, RUMP.text)
    assert await urlauth.verified(store, ME, RUMP, forged) is None
    assert await urlauth.verified(store, None, RUMP, forged) is None


async def test_what_is_wrong_with_one_url_keeps_all_from_getting_a_key(store: SqliteStore) -> None:
    wrong = RUMP._replace(mailbox="Nowhere")
    with pytest.raises(MailboxUnknown):
        await urlauth.generate(store, SeededRandom(), ME, [RUMP, wrong])
    forged = urlauth._token(SeededRandom().octets(32), RUMP.text)
    assert await urlauth.verified(store, ME, RUMP, forged) is None


async def test_a_mailbox_that_has_a_key_needs_no_room(store: SqliteStore) -> None:
    token = await token_of(store)
    full: Store = FullStore(store)  # type: ignore[assignment]
    assert await token_of(full) == token
    with pytest.raises(StoreFull):
        await token_of(full, RUMP._replace(mailbox="Drafts"))


async def test_a_reset_makes_tokens_worth_nothing(store: SqliteStore) -> None:
    token = await token_of(store)
    await urlauth.reset_key(store, SeededRandom(7), ME, ME, "inbox")
    assert await urlauth.verified(store, ME, RUMP, token) is None
    other = await token_of(store)
    assert other != token
    await urlauth.remove_keys(store, ME)
    assert await urlauth.verified(store, ME, RUMP, other) is None
