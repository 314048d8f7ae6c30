"""URLs that let others read a message: made, checked, taken back. RFC 4467.

The token of the mechanism INTERNAL is the number of an algorithm and the HMAC-SHA256 of the rump
URL, both in hexadecimal (section 2.4.1). `acting` is the account that asks.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import NamedTuple

from roost.base.ids import AccountId, MailboxId, MailboxRef, ModSeq
from roost.ports.random import Random
from roost.service import mailboxes
from roost.service.mailbox_errors import MailboxUnknown
from roost.service.rights import NotPermitted, Right
from roost.store import url_keys
from roost.store.engine import ReadTx, Store, WriteTx

KEY_OCTETS = 32
_ALGORITHM = "01"  # of the token; a new one gets another number, and both may be checked
_NOBODY = AccountId(0)
_NOWHERE = MailboxId(0)
_PLAUSIBLE_KEY = bytes(KEY_OCTETS)
_Place = tuple[AccountId, str]


class Rump(NamedTuple):
    """What a URL without its token says. text: the URL as it is written, up to its access.

    owner: whose mailbox it is. uid_validity: None where it does not matter.
    """

    text: str
    owner: AccountId
    mailbox: str
    uid_validity: int | None = None

    @property
    def place(self) -> _Place:
        return self.owner, self.mailbox


async def generate(
    store: Store, random: Random, acting: AccountId, rumps: Sequence[Rump]
) -> list[str]:
    """The token of each URL, made with the key that `acting` has for its mailbox.

    A mailbox without a key gets one. Raises MailboxUnknown, also for one that was made anew since;
    NotPermitted. RFC 4467 section 7, GENURLAUTH.
    """
    fresh = {rump.place: random.octets(KEY_OCTETS) for rump in rumps}

    async def known(tx: ReadTx) -> dict[_Place, bytes | None]:
        return {
            rump.place: await url_keys.find(tx, acting, await _require(tx, acting, rump))
            for rump in rumps
        }

    async def work(tx: WriteTx) -> dict[_Place, bytes | None]:
        return {
            rump.place: await url_keys.give(
                tx, acting, await _require(tx, acting, rump), fresh[rump.place]
            )
            for rump in rumps
        }

    keys = await store.read(known)
    if None in keys.values():
        keys = await store.write(work)
    return [_token(keys[rump.place] or b"", rump.text) for rump in rumps]


async def verified(
    store: Store, maker: AccountId | None, rump: Rump, token: str
) -> MailboxRef | None:
    """The mailbox of a URL with this token, None where the URL is worth nothing.

    maker: the account of the user that the URL names, who made the token, None where there is no
    such account; what it may not read, nobody may by the URL. What is not there costs as much as a
    wrong token. RFC 4467 section 6.
    """

    async def work(tx: ReadTx) -> tuple[MailboxRef | None, bytes | None]:
        ref = await _find(tx, maker or _NOBODY, rump)
        key = await url_keys.find(tx, maker or _NOBODY, ref or MailboxRef(_NOBODY, _NOWHERE))
        return ref, key

    ref, key = await store.read(work)
    right = hmac.compare_digest(
        _token(key or _PLAUSIBLE_KEY, rump.text).encode(), token.encode("ascii", "replace")
    )
    return ref if right and key is not None else None


async def reset_key(
    store: Store, random: Random, acting: AccountId, owner: AccountId, name: str
) -> ModSeq:
    """Give `acting` a new key for a mailbox; all URLs made with the one before are worth nothing.

    The modseq of the change. Raises MailboxUnknown, NotPermitted. RFC 4467 section 7, RESETKEY.
    """
    rump, key = Rump("", owner, name), random.octets(KEY_OCTETS)

    async def work(tx: WriteTx) -> ModSeq:
        return await url_keys.reset(tx, acting, await _require(tx, acting, rump), key)

    return await store.write(work)


async def remove_keys(store: Store, acting: AccountId) -> None:
    """Take all keys of `acting` away; all URLs it has made are worth nothing."""
    await store.write(lambda tx: url_keys.remove_all(tx, acting))


async def _require(tx: ReadTx, acting: AccountId, rump: Rump) -> MailboxRef:
    name = mailboxes.known_name(rump.mailbox)
    found = await mailboxes.require(tx, acting, rump.owner, name, Right.READ)
    if rump.uid_validity not in (None, found.uid_validity):
        raise MailboxUnknown
    return found.ref


async def _find(tx: ReadTx, maker: AccountId, rump: Rump) -> MailboxRef | None:
    try:
        return await _require(tx, maker, rump)
    except (MailboxUnknown, NotPermitted):
        return None


def _token(key: bytes, rump: str) -> str:
    return _ALGORITHM + hmac.digest(key, rump.encode(), hashlib.sha256).hex()
