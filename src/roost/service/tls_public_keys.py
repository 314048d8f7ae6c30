"""Public keys that sign in by a TLS client certificate: add, look at, change, remove."""

import base64
from dataclasses import dataclass, replace
from typing import Any

from roost.base.address import Address
from roost.base.ids import AccountId
from roost.ports.clock import Clock
from roost.service import addresses
from roost.service.config_errors import AccountUnknown
from roost.service.configuration import (
    MAX_PAGE,
    Edit,
    Revised,
    commit,
    page_size,
    refuse_stale,
)
from roost.service.tls_certificate import MAX_NAME_LENGTH, read_der, read_pem
from roost.service.tls_key_errors import (
    AddressForeign,
    TlsKeyExists,
    TlsKeyInvalid,
    TlsKeyUnknown,
)
from roost.store import accounts as account_rows
from roost.store import tls_public_keys as rows
from roost.store.addresses import AddressRow
from roost.store.engine import ReadTx, Store, WriteTx
from roost.store.revisions import Actor, Change, change
from roost.store.tls_public_keys import TlsPublicKey

MAX_KEYS = 100  # of one account; all of them are read inline


@dataclass(frozen=True, slots=True)
class KeySettings:
    """What is said of a key.

    address: whom it signs in as, any address of its account. name: for people; "" for the
    certificate's own when it is added. no_imap_preauth: whether IMAP waits for a login even so.
    """

    address: Address
    name: str = ""
    no_imap_preauth: bool = False


async def add(
    store: Store,
    clock: Clock,
    actor: Actor,
    account: str,
    pem: str,
    settings: KeySettings,
    *,
    reason: str = "",
) -> TlsPublicKey:
    """Let the key of a certificate sign in to an account.

    pem: one certificate, of which nothing but the key counts. Raises AccountUnknown, DomainUnknown,
    AddressUnknown, AddressForeign, TlsKeyInvalid, TlsKeyExists.
    """
    edit, facts = Edit(actor, reason, clock.now()), read_pem(pem)
    named = replace(settings, name=settings.name.strip() or facts.name)

    async def work(tx: WriteTx) -> TlsPublicKey:
        after = await _facts(tx, account, named, facts.certificate)
        await commit(tx, edit, [(apply, change("tls_public_key", facts.fingerprint, None, after))])
        return await require(tx, facts.fingerprint)

    return await store.write(work)


async def get(store: Store, fingerprint: str) -> TlsPublicKey:
    """One key. Raises TlsKeyUnknown."""
    return await store.read(lambda tx: require(tx, fingerprint))


async def page(
    store: Store, account: AccountId | None = None, after: str = "", limit: int = MAX_PAGE
) -> list[TlsPublicKey]:
    """Up to `limit` keys of an account (None: of all) by fingerprint, those after `after`."""
    return await store.scan(lambda tx: rows.page(tx, account, after, page_size(limit)))


async def set_settings(
    store: Store,
    clock: Clock,
    actor: Actor,
    fingerprint: str,
    settings: KeySettings,
    *,
    made_from: int | None,
    reason: str = "",
) -> TlsPublicKey:
    """Replace what is said of a key.

    made_from: the revision of the row the caller saw; None to save over whatever is there.
    Raises TlsKeyUnknown, TlsKeyInvalid, DomainUnknown, AddressUnknown, AddressForeign,
    StaleRevision.
    """
    edit = Edit(actor, reason, clock.now())

    async def work(tx: WriteTx) -> TlsPublicKey:
        key = await require(tx, fingerprint)
        after = await _facts(tx, key.account_name, settings, key.certificate)
        step = change("tls_public_key", fingerprint, _facts_of(key), after)
        await refuse_stale(tx, made_from, key.revision, step)
        await commit(tx, edit, [(apply, step)])
        return await require(tx, fingerprint)

    return await store.write(work)


async def remove(
    store: Store, clock: Clock, actor: Actor, fingerprint: str, *, reason: str = ""
) -> None:
    """Let a key sign in no more; whoever did so with it is signed out. Raises TlsKeyUnknown."""
    edit = Edit(actor, reason, clock.now())

    async def work(tx: WriteTx) -> None:
        await commit(tx, edit, [(apply, removed(await require(tx, fingerprint)))])

    await store.write(work)


async def require(tx: ReadTx, fingerprint: str) -> TlsPublicKey:
    """The key. Raises TlsKeyUnknown."""
    key = await rows.find(tx, fingerprint)
    if key is None:
        raise TlsKeyUnknown(fingerprint)
    return key


async def apply(tx: WriteTx, step: Change, revised: Revised) -> None:
    """Make the row what `step.after` says. Raises what the functions above raise."""
    if step.after is None:
        key = await require(tx, step.key)
        await rows.remove(tx, key.account, key.fingerprint)
        return
    facts = step.after
    address = await _own_address(tx, facts["account"], Address.parse(facts["address"]))
    if step.before is None:
        await _add(tx, address, step, revised)
    await rows.set_facts(
        tx, address, step.key, facts["name"], facts["no_imap_preauth"], revised.revision
    )


async def current(tx: ReadTx, key: str) -> tuple[int, dict[str, Any]] | None:
    """The revision and the facts of the key with this fingerprint."""
    found = await rows.find(tx, key)
    return (found.revision, _facts_of(found)) if found else None


def removed(key: TlsPublicKey) -> Change:
    """The change that takes a key from its account."""
    return change("tls_public_key", key.fingerprint, _facts_of(key), None)


async def _add(tx: WriteTx, address: AddressRow, step: Change, revised: Revised) -> None:
    assert step.after is not None, "what is added is there afterwards"
    facts = read_der(base64.b64decode(step.after["certificate"]))
    if await rows.is_taken(tx, facts.fingerprint):
        raise TlsKeyExists
    if await rows.count(tx, address.account) >= MAX_KEYS:
        raise TlsKeyInvalid(f"the account has {MAX_KEYS} keys: remove those no longer in use")
    await rows.add(tx, address, facts.fingerprint, facts.type, facts.certificate, revised.now)


async def _own_address(tx: ReadTx, account: str, address: Address) -> AddressRow:
    owner = await account_rows.by_name(tx, account)
    if owner is None:
        raise AccountUnknown(account)
    row = await addresses.require(tx, address)
    if row.account != owner.id:
        raise AddressForeign(address, account)
    return row


def _parse_name(text: str) -> str:
    name = text.strip()
    if not name or not name.isprintable() or len(name) > MAX_NAME_LENGTH:
        raise TlsKeyInvalid(f"its name has 1 to {MAX_NAME_LENGTH} characters that can be printed")
    return name


async def _facts(
    tx: ReadTx, account: str, settings: KeySettings, certificate: bytes
) -> dict[str, Any]:
    """What a change says of a key. The address loses the case and the tag it was given with."""
    row = await _own_address(tx, account, settings.address)
    return {
        "account": account,
        "address": replace(settings.address, local=row.spelled).spell(smtputf8=True),
        "name": _parse_name(settings.name),
        "no_imap_preauth": settings.no_imap_preauth,
        "certificate": base64.b64encode(certificate).decode(),
    }


def _facts_of(key: TlsPublicKey) -> dict[str, Any]:
    return {
        "account": key.account_name,
        "address": key.address.spell(smtputf8=True),
        "name": key.name,
        "no_imap_preauth": key.no_imap_preauth,
        "certificate": base64.b64encode(key.certificate).decode(),
    }
