"""Public keys that sign in by a TLS client certificate."""

from typing import Annotated

import msgspec

from roost.base.address import Address
from roost.config.accounts import ShortText
from roost.service import directory, tls_public_keys
from roost.service.tls_certificate import pem_of
from roost.service.tls_public_keys import KeySettings
from roost.store.tls_public_keys import TlsPublicKey
from roost.web.api.admin.domains import Removed
from roost.web.context import AdminContext
from roost.web.number import RevisionNumber
from roost.web.router import Route

Pem = Annotated[str, msgspec.Meta(max_length=50_000)]
PAGE = 100


class TlsKeyShown(msgspec.Struct, frozen=True):
    """A key. address: whom it signs in as. certificate: the one it came in, in PEM."""

    fingerprint: str
    account: str
    address: str
    name: str
    type: str
    no_imap_preauth: bool
    created: str
    certificate: str
    revision: int


class TlsKeyList(msgspec.Struct, frozen=True):
    """Keys by fingerprint; after: what to ask for to go on, empty at the end."""

    keys: list[TlsKeyShown]
    after: str = ""


class AddTlsKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate whose key may sign in. name: empty for the certificate's own.

    no_imap_preauth: whether IMAP waits for a login all the same.
    """

    address: ShortText
    certificate: Pem
    name: ShortText = ""
    no_imap_preauth: bool = False
    reason: ShortText = ""


class SaveTlsKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that is said of a key. made_from: the revision it was made from, null for any."""

    address: ShortText
    name: ShortText
    no_imap_preauth: bool
    made_from: RevisionNumber | None
    reason: ShortText = ""


async def add_tls_key(ctx: AdminContext, *, asked: AddTlsKey) -> TlsKeyShown:
    """Let the key of a certificate sign in to the account that has an address, as that address.

    Errors: address_invalid, domain_invalid, domain_unknown, address_unknown,
    tls_public_key_invalid, tls_public_key_exists.
    """
    server, address = ctx.server, Address.parse(asked.address)
    account = (await directory.entry_of(server.store, address)).account
    added = await tls_public_keys.add(
        server.store,
        server.clock,
        ctx.actor,
        account,
        asked.certificate,
        KeySettings(address, asked.name, asked.no_imap_preauth),
        reason=asked.reason,
    )
    return _shown(added)


async def list_tls_keys(ctx: AdminContext, *, account: str = "", after: str = "") -> TlsKeyList:
    """List the keys, at most 100 at once.

    account: a name or an address, empty for all. after: where the answer before this one ended.
    Errors: account_unknown, domain_unknown, address_unknown.
    """
    store = ctx.server.store
    owner = (await directory.account_of(store, account)).id if account else None
    found = await tls_public_keys.page(store, owner, after, PAGE)
    last = found[-1].fingerprint if len(found) == PAGE else ""
    return TlsKeyList([_shown(one) for one in found], last)


async def get_tls_key(ctx: AdminContext, *, fingerprint: str) -> TlsKeyShown:
    """Show the key with a fingerprint. Errors: tls_public_key_unknown."""
    return _shown(await tls_public_keys.get(ctx.server.store, fingerprint))


async def save_tls_key(ctx: AdminContext, *, fingerprint: str, asked: SaveTlsKey) -> TlsKeyShown:
    """Replace what is said of a key; its new address has to be of the same account.

    Errors: tls_public_key_unknown, tls_public_key_invalid, address_invalid, domain_invalid,
    domain_unknown, address_unknown, address_foreign, stale_revision.
    """
    saved = await tls_public_keys.set_settings(
        ctx.server.store,
        ctx.server.clock,
        ctx.actor,
        fingerprint,
        KeySettings(Address.parse(asked.address), asked.name, asked.no_imap_preauth),
        made_from=asked.made_from,
        reason=asked.reason,
    )
    return _shown(saved)


async def remove_tls_key(ctx: AdminContext, *, fingerprint: str) -> Removed:
    """Let a key sign in no more; whoever did so with it is signed out.

    Errors: tls_public_key_unknown.
    """
    await tls_public_keys.remove(ctx.server.store, ctx.server.clock, ctx.actor, fingerprint)
    return Removed()


def _shown(key: TlsPublicKey) -> TlsKeyShown:
    return TlsKeyShown(
        key.fingerprint,
        key.account_name,
        str(key.address),
        key.name,
        key.type,
        key.no_imap_preauth,
        key.created.isoformat(timespec="seconds"),
        pem_of(key.certificate),
        key.revision,
    )


ROUTES = (
    Route("GET", "/api/admin/tls-public-keys", list_tls_keys),
    Route("POST", "/api/admin/tls-public-keys", add_tls_key),
    Route("GET", "/api/admin/tls-public-keys/{fingerprint}", get_tls_key),
    Route("PUT", "/api/admin/tls-public-keys/{fingerprint}", save_tls_key),
    Route("DELETE", "/api/admin/tls-public-keys/{fingerprint}", remove_tls_key),
)
