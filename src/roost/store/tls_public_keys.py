"""Rows of public keys that sign in by a TLS client certificate."""

from dataclasses import dataclass
from datetime import datetime

from roost.base.address import Address
from roost.base.domain import Domain
from roost.base.ids import AccountId, DomainId
from roost.ports.bus import Type
from roost.store.addresses import AddressRow
from roost.store.engine import ReadTx, Row, WriteTx
from roost.store.times import micros, moment_of

# A key whose login address went to another account, or whose account is going, is not found.
_FROM = (
    " FROM tls_public_key k JOIN address a ON a.account_id = k.account_id"
    " AND a.domain_id = k.domain_id AND a.localpart = k.localpart"
    " JOIN domain d ON d.id = k.domain_id"
    " JOIN account c ON c.id = k.account_id AND c.deleted IS NULL"
)
_SELECT = (
    "SELECT k.account_id, c.name, k.fingerprint, k.created, k.type, k.name, k.no_imap_preauth,"
    f" k.certificate, a.spelled, d.name, k.revision{_FROM}"
)


@dataclass(frozen=True, slots=True)
class TlsPublicKey:
    """A key that signs in to an account.

    type: such as rsa-2048, ecdsa-p256, ed25519. no_imap_preauth: whether IMAP waits for a login
    all the same. certificate: DER, the one it came in. address: signs in, one of the account's.
    revision: the last one that changed the row.
    """

    account: AccountId
    account_name: str
    fingerprint: str
    created: datetime
    type: str
    name: str
    no_imap_preauth: bool
    certificate: bytes
    address: Address
    revision: int


async def add(
    tx: WriteTx,
    address: AddressRow,
    fingerprint: str,
    kind: str,
    certificate: bytes,
    now: datetime,
) -> None:
    """Add a key that nobody has, with a login address of its account; `set_facts` completes it."""
    await tx.execute(
        "INSERT INTO tls_public_key (account_id, fingerprint, created, type, name, no_imap_preauth,"
        " certificate, domain_id, localpart, revision)"
        " VALUES ($1, $2, $3, $4, '', 0, $5, $6, $7, 0)",
        address.account,
        fingerprint,
        micros(now),
        kind,
        certificate,
        address.domain,
        address.localpart,
    )


async def set_facts(
    tx: WriteTx,
    address: AddressRow,
    fingerprint: str,
    name: str,
    no_imap_preauth: bool,
    revision: int,
) -> None:
    """Give a key of the address's account this name, this flag and this login address."""
    await tx.execute(
        "UPDATE tls_public_key SET name = $1, no_imap_preauth = $2, domain_id = $3, localpart = $4,"
        " revision = $5 WHERE account_id = $6 AND fingerprint = $7",
        name,
        int(no_imap_preauth),
        address.domain,
        address.localpart,
        revision,
        address.account,
        fingerprint,
    )
    tx.changed(address.account, Type.SETTINGS)


async def remove(tx: WriteTx, account: AccountId, fingerprint: str) -> None:
    """Remove a key."""
    await tx.execute(
        "DELETE FROM tls_public_key WHERE account_id = $1 AND fingerprint = $2",
        account,
        fingerprint,
    )
    tx.changed(account, Type.SETTINGS)


async def find(tx: ReadTx, fingerprint: str) -> TlsPublicKey | None:
    """The key that signs in; None when nobody has it or its login address is not its account's."""
    row = await tx.row(f"{_SELECT} WHERE k.fingerprint = $1", fingerprint)
    return _key_of(row) if row else None


async def is_taken(tx: ReadTx, fingerprint: str) -> bool:
    """Whether some account has the key."""
    sql = "SELECT 1 FROM tls_public_key WHERE fingerprint = $1"
    return await tx.value(sql, fingerprint) is not None


async def page(tx: ReadTx, account: AccountId | None, after: str, limit: int) -> list[TlsPublicKey]:
    """Up to `limit` keys of an account (None: of all) by fingerprint, those after `after`."""
    if account is None:
        rows = await tx.rows(
            f"{_SELECT} WHERE k.fingerprint > $1 ORDER BY k.fingerprint LIMIT $2", after, limit
        )
    else:
        rows = await tx.rows(
            f"{_SELECT} WHERE k.account_id = $1 AND k.fingerprint > $2"
            " ORDER BY k.fingerprint LIMIT $3",
            account,
            after,
            limit,
        )
    return [_key_of(row) for row in rows]


async def count(tx: ReadTx, account: AccountId) -> int:
    """How many keys an account has."""
    number: int = await tx.value(
        "SELECT COUNT(*) FROM tls_public_key WHERE account_id = $1", account
    )
    return number


async def all_fingerprints(tx: ReadTx) -> list[tuple[str, AccountId]]:
    """Every fingerprint with its account; in a scan, since there may be thousands."""
    rows = await tx.rows("SELECT fingerprint, account_id FROM tls_public_key")
    return [(row[0], AccountId(row[1])) for row in rows]


async def fingerprints_of(tx: ReadTx, account: AccountId) -> list[str]:
    """The fingerprints of an account's keys; an account may have no more than fit in one read."""
    rows = await tx.rows("SELECT fingerprint FROM tls_public_key WHERE account_id = $1", account)
    return [row[0] for row in rows]


async def of_address(
    tx: ReadTx, domain: DomainId, localpart: str | None, limit: int
) -> list[tuple[str, str]]:
    """Up to `limit` keys that sign in with an address: name and fingerprint.

    localpart: canonical; None for every address of the domain.
    """
    rows = await tx.rows(
        "SELECT name, fingerprint FROM tls_public_key WHERE domain_id = $1"
        " AND localpart = COALESCE($2, localpart) ORDER BY localpart, fingerprint LIMIT $3",
        domain,
        localpart,
        limit,
    )
    return [(row[0], row[1]) for row in rows]


def _key_of(row: Row) -> TlsPublicKey:
    account, owner, fingerprint, created, kind, name, no_preauth, certificate = row[:8]
    return TlsPublicKey(
        account,
        owner,
        fingerprint,
        moment_of(created),
        kind,
        name,
        bool(no_preauth),
        certificate,
        Address(row[8], Domain.parse(row[9])),
        row[10],
    )
