"""Adding a set to the chain of a message. RFC 8617 section 5.1."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from roost.proto.arc.chain import AAR, AMS, MAX_SETS, SEAL, Chain, Status
from roost.proto.dkim.canonical import BodyHash, BodyHashes, Canonical, canonical_field
from roost.proto.dkim.header import Header
from roost.proto.dkim.prove import PrivateKey, algorithm_for, sign_octets
from roost.proto.dkim.sign import (
    OVERSIGNED_FIELDS,
    SIGNED_FIELDS,
    fold_base64,
    fold_tags,
    names_to_sign,
)
from roost.proto.mime.auth_results import AuthResults, fold_results

# RFC 8617 section 4.1.2 asks for signatures of DKIM as well.
SEALED_FIELDS = (*SIGNED_FIELDS, "dkim-signature")
# A seal covers the white space inside `b=` of a message signature. Some sealers hash it before
# they fold it, so a signature without any is the one on which all agree. RFC 5322 allows 998.
_WIDTH = 998
_RELAXED = Canonical.RELAXED


@dataclass(frozen=True, slots=True)
class Sealer:
    """A selector, and what it signs: as in `roost.proto.dkim.sign.Signer`."""

    domain: str
    selector: str
    key: PrivateKey
    fields: Sequence[str] = SEALED_FIELDS
    oversigned: Sequence[str] = OVERSIGNED_FIELDS

    @property
    def body(self) -> BodyHash:
        """The hash of the body that it signs."""
        return BodyHash("sha256", _RELAXED)


def seal(
    header: Header,
    chain: Chain,
    status: Status,
    bodies: BodyHashes,
    sealer: Sealer,
    results: AuthResults,
    now: datetime,
) -> bytes:
    """The three fields of a new set, folded, to be put in front of the message.

    header: with everything that was changed or added, signatures of DKIM too. status: what
    `verify_chain` made of the chain when the message came. results: what was found then. bodies:
    fed with the whole body as it leaves; made for at least `sealer.body`.

    Nothing if the chain must not go on: the last server said that it had failed, or it has 50
    sets. RFC 8617 sections 5.1 and 5.1.3.
    """
    instance = chain.highest + 1
    if chain.is_failed or instance > MAX_SETS:
        return b""
    found = _results(results, instance)
    message = _message_signature(header, bodies, sealer, instance, now)
    # A chain that does not hold is not vouched for: section 5.1.2.
    before = () if status is Status.FAIL else chain.sets
    covered = [header.canonical(field, _RELAXED) for one in before for field in one.fields]
    covered += [canonical_field(found, _RELAXED), canonical_field(message, _RELAXED)]
    made = int(now.timestamp())
    tags = [f"cv={status.value};", f"d={sealer.domain};", f"i={instance};"]
    tags += [f"s={sealer.selector};", f"t={made}"]
    return _signed("ARC-Seal", sealer, tags, covered) + message + found


def _results(results: AuthResults, instance: int) -> bytes:
    return f"ARC-Authentication-Results: i={instance}; {fold_results(results)}\r\n".encode()


def _message_signature(
    header: Header, bodies: BodyHashes, sealer: Sealer, instance: int, now: datetime
) -> bytes:
    names = [
        name
        for name in names_to_sign(header, sealer.fields, sealer.oversigned)
        if name.encode() not in (AAR, AMS, SEAL)
    ]
    tags = [
        f"bh={b64encode(bodies.digest(sealer.body)).decode()};",
        "c=relaxed/relaxed;",
        f"d={sealer.domain};",
        f"h={':'.join(names)};",
        f"i={instance};",
        f"s={sealer.selector};",
        f"t={int(now.timestamp())}",
    ]
    covered = header.signed([name.encode() for name in names], _RELAXED)
    return _signed("ARC-Message-Signature", sealer, tags, covered)


def _signed(name: str, sealer: Sealer, tags: Sequence[str], covered: Sequence[bytes]) -> bytes:
    """A field with these tags behind `a=` and `b=`: in the order of their names, as is usual."""
    before = f"{name}: a={algorithm_for(sealer.key).value};\r\n\tb="
    after = ";\r\n" + fold_tags("\t", tags) + "\r\n"
    own = canonical_field((before + after).encode(), _RELAXED)
    octets = sign_octets(sealer.key, b"\r\n".join([*covered, own]))
    return (before + fold_base64(octets, len("\tb="), _WIDTH) + after).encode()
