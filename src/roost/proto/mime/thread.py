"""What ties messages into threads: base subjects and message ids. RFC 5256 section 2."""

import re

from roost.proto.mime.charset import decode_unnamed, printable
from roost.proto.mime.comment import comment_end, strip_comments, unescape
from roost.proto.mime.header import unfold

MAX_SUBJECT_CHARACTERS = 2048
MAX_ID_OCTETS = 998

# The names are those of RFC 5256 section 5; white space is already single spaces.
_BLOB = r"\[[^\[\]]*+\] *+"
_SUBJ_TRAILER = re.compile(r"(?:\(fwd\)| )\Z", re.IGNORECASE)
_SUBJ_LEADER = re.compile(rf" |(?:{_BLOB})*+(?:re|fwd?+) *+(?:{_BLOB})?+:", re.IGNORECASE)
_SUBJ_BLOB = re.compile(_BLOB)
_SUBJ_FWD_HDR = "[fwd:"
_SUBJ_FWD_TRL = "]"
_SPACES = re.compile(r"\s+")

# By far the most fields: ids that are spelled as they are kept, parted by white space.
_PLAIN_ID = rb"<[!#-'*-;=?-~]{1,%d}+>" % MAX_ID_OCTETS
_PLAIN_IDS = re.compile(rb"%b(?:[ \t]++%b)*+" % (_PLAIN_ID, _PLAIN_ID))
_ID_MARK = re.compile(rb'"[^"]*+"|\(|<([^<>]*+)>')
_COMMENT_START = re.compile(rb"(?:^|[\s@.])\(")
_PARTING = re.compile(rb"[\s<>,;]+")
_QUOTED = re.compile(rb'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_WHITE = b" \t\r\n\v\f\x00"


def base_subject(text: str) -> tuple[str, bool]:
    """A subject without what replies, forwards and lists add; and whether it is one of the first.

    text: the decoded subject; its first 2,048 characters count. RFC 5256 section 2.1, whose
    steps the comments name.
    """
    subject = _SPACES.sub(" ", text[:MAX_SUBJECT_CHARACTERS])  # (1)
    changed = False
    while True:
        subject, trailed = _strip_trailers(subject)  # (2)
        subject, led = _strip_leaders(subject)  # (3) to (5)
        changed = changed or trailed or led
        if not _is_forward(subject):
            return subject, changed
        subject = subject[len(_SUBJ_FWD_HDR) : -len(_SUBJ_FWD_TRL)]  # (6)
        changed = True


def message_ids(raw: bytes, max_ids: int = 200) -> tuple[str, ...]:
    """The ids of a Message-ID, In-Reply-To or References field in order, without angle brackets.

    raw: the value, folded or not. White space, comments and needless quotes inside ids go, so
    that two spellings of one id are equal (RFC 5256 section 3, REFERENCES). Of more
    than `max_ids` the first and the last ones stay: they name the root and the nearest parents.
    Ids without angle brackets are taken if there are no others. Never raises.
    """
    value = unfold(raw)
    if _PLAIN_IDS.fullmatch(value):
        ids = [text[1:-1] for text in value.decode("ascii").split()]
    else:
        found = _bracketed(value) if b"<" in value else []
        ids = [text for octets in found or _bare(value) if (text := _spell_id(octets))]
    if len(ids) <= max_ids:
        return tuple(ids)
    return (ids[0], *ids[len(ids) - max_ids + 1 :]) if max_ids > 0 else ()


def _strip_trailers(subject: str) -> tuple[str, bool]:
    forwarded = False
    while found := _SUBJ_TRAILER.search(subject, max(len(subject) - len("(fwd)"), 0)):
        forwarded = forwarded or found[0] != " "
        subject = subject[: found.start()]
    return subject, forwarded


def _strip_leaders(subject: str) -> tuple[str, bool]:
    at, replied = 0, False
    while True:
        if found := _SUBJ_LEADER.match(subject, at):
            replied = replied or found[0] != " "
            at = found.end()
        elif (found := _SUBJ_BLOB.match(subject, at)) and found.end() < len(subject):
            at = found.end()
        else:
            return subject[at:], replied


def _is_forward(subject: str) -> bool:
    return subject[: len(_SUBJ_FWD_HDR)].lower() == _SUBJ_FWD_HDR and subject.endswith(
        _SUBJ_FWD_TRL
    )


def _bracketed(value: bytes) -> list[bytes]:
    """What stands in angle brackets outside comments and quoted phrases."""
    ids: list[bytes] = []
    position = 0
    while mark := _ID_MARK.search(value, position):
        position = mark.end()
        if mark[0] == b"(":
            position = comment_end(value, mark.start())
        elif mark[1] is not None:
            ids.append(mark[1])
    return ids


def _bare(value: bytes) -> list[bytes]:
    """Words with an @ inside, of senders who leave the angle brackets out."""
    return [word for word in _PARTING.split(value) if b"@" in word[1:-1]]


def _spell_id(octets: bytes) -> str:
    """One id in its shortest spelling; empty for one that is too long to be real."""
    if len(octets) > MAX_ID_OCTETS:
        return ""
    if _COMMENT_START.search(octets):
        octets = strip_comments(octets)
    if b'"' in octets:
        octets = _QUOTED.sub(lambda found: unescape(found[1]), octets)
    # No guess: an id has to read the same wherever it stands.
    return printable(decode_unnamed(octets.translate(None, _WHITE), guess=False))
