"""URLAUTH: RFC 4467; URLAUTH=BINARY: RFC 5524."""

import pytest

from roost.proto.imap.core import CORE
from roost.proto.imap.error import BadSyntax, OverLimit
from roost.proto.imap.ext import urlauth
from roost.proto.imap.ext.urlauth import (
    URLAUTH,
    URLAUTH_BINARY,
    GenUrlAuth,
    ResetKey,
    UrlFetch,
    UrlItem,
    UrlToFetch,
)
from roost.proto.imap.extension import Grammar

PLAIN = Grammar((*CORE, URLAUTH))
GRAMMAR = Grammar((*CORE, URLAUTH, URLAUTH_BINARY))
RUMP = "imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred"
FULL = RUMP + ":internal:91354a473744909de610943775f92038"


def parse(text: str, grammar: Grammar = GRAMMAR) -> object:
    return grammar.parse((b"a " + text.encode(),)).args


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("RESETKEY", ResetKey()),
        ("RESETKEY INBOX", ResetKey("INBOX")),
        ("RESETKEY inbox XSAMPLE internal", ResetKey("INBOX", ("XSAMPLE", "INTERNAL"))),
        (f'GENURLAUTH "{RUMP}" INTERNAL', GenUrlAuth(((RUMP, "INTERNAL"),))),
        (f"GENURLAUTH {RUMP} internal {RUMP} X-A.1", GenUrlAuth(((RUMP, "INTERNAL"), (RUMP, "X-A.1")))),
        (f'URLFETCH "{FULL}" {RUMP}', UrlFetch((UrlToFetch(FULL), UrlToFetch(RUMP)))),
        (f'URLFETCH ("{FULL}" BINARY bodypartstructure) a',
         UrlFetch((UrlToFetch(FULL, (UrlItem.BINARY, UrlItem.BODYPARTSTRUCTURE)), UrlToFetch("a")))),
        ("URLFETCH (a)", UrlFetch((UrlToFetch("a"),))),
    ],
)  # fmt: skip
def test_reads(text: str, args: object) -> None:
    assert parse(text) == args


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("RESETKEY ", 11),
        ("RESETKEY a b_c", 13),
        ("GENURLAUTH", 12),
        ("GENURLAUTH a", 14),
        ("GENURLAUTH a INTERNAL b", 25),
        ("URLFETCH", 10),
        ("URLFETCH a ", 13),
        ("URLFETCH (a FOO)", 14),
        ("URLFETCH (a BODY BODY)", 19),
        ("URLFETCH (a BODY BINARY)", 19),
        ("URLFETCH (a BODY", 18),
    ],
)
def test_refuses_at_the_offset(text: str, offset: int) -> None:
    with pytest.raises(BadSyntax) as error:
        parse(text)
    assert error.value.offset == offset


def test_parameters_want_their_capability() -> None:
    with pytest.raises(BadSyntax):
        parse("URLFETCH (a BODY)", PLAIN)


@pytest.mark.parametrize(
    "text",
    [
        "RESETKEY a" + " X" * 21,
        "GENURLAUTH" + " a X" * 101,
        "URLFETCH" + " a" * 101,
        "URLFETCH " + "a" * 4097,
    ],
    ids=["mechanisms", "to make", "to fetch", "long"],
)
def test_has_bounds(text: str) -> None:
    with pytest.raises(OverLimit):
        parse(text)


@pytest.mark.parametrize(
    ("spelled", "wire"),
    [
        (urlauth.gen_url_auth(["a", "b c"]), b'* GENURLAUTH a "b c"\r\n'),
        (urlauth.url_fetch_head("a b"), b'* URLFETCH "a b"'),
        (urlauth.url_structure_item(b'("IMAGE" "PNG" NIL NIL NIL "BINARY" 2)'),
         b'BODYPARTSTRUCTURE ("IMAGE" "PNG" NIL NIL NIL "BINARY" 2)'),
        (urlauth.authorised(RUMP, "01ab").encode(), RUMP.encode() + b":internal:01ab"),
        (urlauth.URLMECH_INTERNAL, b"URLMECH INTERNAL"),
    ],
)  # fmt: skip
def test_spells(spelled: bytes, wire: bytes) -> None:
    assert spelled == wire
