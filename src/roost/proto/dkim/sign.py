"""Signing a message for one or several selectors. RFC 6376 section 5."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from roost.base.errors import ProtocolError
from roost.proto.dkim.canonical import BodyHash, BodyHashes, Canonical, canonical_field
from roost.proto.dkim.header import Header
from roost.proto.dkim.prove import PrivateKey, algorithm_for, sign_octets

LINE_OCTETS = 76

# What a reader sees and what makes the body mean something. RFC 6376 section 5.4.1.
SIGNED_FIELDS = (
    "from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id",
    "in-reply-to", "references", "mime-version", "content-type", "content-transfer-encoding",
    "content-id", "content-description", "resent-from", "resent-sender", "resent-to",
    "resent-cc", "resent-date", "resent-message-id", "list-id", "list-help", "list-post",
    "list-owner", "list-archive", "list-subscribe", "list-unsubscribe", "list-unsubscribe-post",
    "autocrypt",
)  # fmt: skip
# Those nobody on the way has a reason to add: signed once more than they are there.
OVERSIGNED_FIELDS = (
    "from", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to",
    "references", "mime-version", "content-type", "content-transfer-encoding",
)  # fmt: skip


class SigningRefused(ProtocolError):
    """The message is one that must not be signed; the text says why."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A selector, and how it signs.

    domain, selector: in A-labels. fields: lower-case names of what is signed if it is there.
    oversigned: those of them signed once more than they are there, so that none can be added.
    lifetime: how long the signature is to count, None for ever. identity: of `i=`, left out
    where empty.
    """

    domain: str
    selector: str
    key: PrivateKey
    fields: Sequence[str] = SIGNED_FIELDS
    oversigned: Sequence[str] = OVERSIGNED_FIELDS
    header_form: Canonical = Canonical.RELAXED
    body_form: Canonical = Canonical.RELAXED
    lifetime: timedelta | None = None
    identity: str = ""

    @property
    def body(self) -> BodyHash:
        """The hash of the body that it signs."""
        return BodyHash("sha256", self.body_form)


def bodies_for(signers: Iterable[Signer]) -> set[BodyHash]:
    """The hashes of the body that `sign` will ask for."""
    return {signer.body for signer in signers}


def sign(header: Header, bodies: BodyHashes, signers: Iterable[Signer], now: datetime) -> bytes:
    """The DKIM-Signature fields of all signers, folded, each with its CRLF.

    They are to be put in front of the message. bodies: fed with the whole body; made for at
    least `bodies_for(signers)`. Raises SigningRefused unless there is exactly one From field
    (RFC 5322 section 3.6), because what others would show is open then.
    """
    if header.count(b"from") != 1:
        raise SigningRefused("a message to be signed has exactly one From field")
    return b"".join(_field(header, bodies, signer, now) for signer in signers)


def names_to_sign(header: Header, fields: Sequence[str], oversigned: Sequence[str]) -> list[str]:
    """What `h=` has to list: each field as often as it is there, or once more."""
    return [
        name
        for name in dict.fromkeys([*fields, *oversigned])
        for _ in range(header.count(name.encode()) + (name in oversigned))
    ]


def fold_base64(octets: bytes, used: int, width: int = LINE_OCTETS) -> str:
    """Base64 over lines of `width` octets that begin with a tab, the first with `used` octets."""
    text = b64encode(octets).decode()
    first = max(width - used, 0)
    rest = [text[at : at + width - 1] for at in range(first, len(text), width - 1)]
    return "\r\n\t".join([text[:first], *rest] if first else ["", *rest])


def fold_tags(start: str, tags: Iterable[str]) -> str:
    """Tags over lines of at most 76 octets, as far as names of fields allow.

    start: what the first line begins with, such as the name of the field.
    """
    line, lines = start, []
    for tag in tags:
        for number, piece in enumerate(_pieces(tag)):
            glue = "" if number or not line.strip() else " "
            if len(line) + len(glue) + len(piece) > LINE_OCTETS:
                lines.append(line)
                line, glue = "\t", ""
            line += glue + piece
    return "\r\n".join([*lines, line])


def _field(header: Header, bodies: BodyHashes, signer: Signer, now: datetime) -> bytes:
    names = names_to_sign(header, signer.fields, signer.oversigned)
    field = fold_tags("DKIM-Signature:", _tags(signer, names, bodies.digest(signer.body), now))
    signed = header.signed([name.encode() for name in names], signer.header_form)
    own = canonical_field(field.encode(), signer.header_form)
    octets = sign_octets(signer.key, b"\r\n".join([*signed, own]))
    used = len(field) - field.rfind("\n") - 1
    return (field + fold_base64(octets, used) + "\r\n").encode()


def _tags(signer: Signer, names: Sequence[str], digest: bytes, now: datetime) -> list[str]:
    made = int(now.timestamp())
    tags = [
        "v=1;",
        f"a={algorithm_for(signer.key).value};",
        f"c={signer.header_form.value}/{signer.body_form.value};",
        f"d={signer.domain};",
        f"s={signer.selector};",
        f"t={made};",
    ]
    if signer.lifetime is not None:
        tags.append(f"x={made + int(signer.lifetime.total_seconds())};")
    if signer.identity:
        tags.append(f"i={signer.identity};")
    return [*tags, f"h={':'.join(names)};", f"bh={b64encode(digest).decode()};", "b="]


def _pieces(tag: str) -> list[str]:
    """A tag in pieces between which white space means nothing."""
    if not tag.startswith("h="):
        return [tag]
    *names, last = tag.split(":")
    return [*(f"{name}:" for name in names), last]
