"""IMAP URLs of messages. RFC 5092, RFC 4467 section 3."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.imap.core.fetch import SectionSpec, SectionText
from roost.proto.imap.ext.imap_url import ImapUrl, UrlAuth, parse_url

RUMP = "imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred"
TOKEN = "91354a473744909de610943775f92038"
HEADER = SectionSpec((), SectionText.HEADER)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("/Drafts;UIDVALIDITY=385759045/;UID=20/;section=HEADER",
         ImapUrl("Drafts", 20, 385759045, HEADER)),
        ("/Drafts;UIDVALIDITY=385759045/;UID=20/;section=1.MIME",
         ImapUrl("Drafts", 20, 385759045, SectionSpec((1,), SectionText.MIME))),
        ("/Drafts/;UID=30", ImapUrl("Drafts", 30)),
        ("/;UID=30", ImapUrl(None, 30)),
        (";UID=30/;SECTION=1", ImapUrl(None, 30, section=SectionSpec((1,)))),
        ("/inbox/;UID=20/;PARTIAL=0.1024", ImapUrl("INBOX", 20, count=1024)),
        ("/a%2Fb/%E5%8F%B0/;UID=20/;PARTIAL=5", ImapUrl("a/b/台", 20, first_octet=5)),
        ("IMAP://minbari.Example.org:1143/gray/;UID=20",
         ImapUrl("gray", 20, host="minbari.example.org", port=1143)),
        ("imap://a%40b;AUTH=*@h/x/;UID=1", ImapUrl("x", 1, user="a@b", host="h")),
        (RUMP, ImapUrl("INBOX", 20, section=SectionSpec((1, 2)), user="joe", host="example.com",
                       auth=UrlAuth(RUMP, "submit+fred"))),
        (RUMP + ":internal:" + TOKEN.upper(),
         ImapUrl("INBOX", 20, section=SectionSpec((1, 2)), user="joe", host="example.com",
                 auth=UrlAuth(RUMP, "submit+fred", None, "INTERNAL", TOKEN))),
        ("/x/;UID=1;EXPIRE=2030-01-02T03:04:05+01:00;URLAUTH=anonymous",
         ImapUrl("x", 1, auth=UrlAuth("/x/;UID=1;EXPIRE=2030-01-02T03:04:05+01:00;URLAUTH=anonymous", "anonymous",
                                      datetime(2030, 1, 2, 2, 4, 5, tzinfo=UTC)))),
    ],
)  # fmt: skip
def test_reads(url: str, found: ImapUrl) -> None:
    assert parse_url(url) == found


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://example.com/",
        "imap://example.com/INBOX",
        "imap://example.com/;UID=5",
        "imap://example.com;UID=5",
        "/a/;UID=0",
        "/a/;UID=4294967296",
        "/a;UIDVALIDITY=0/;UID=1",
        "/a/;UID=1/;SECTION=FOO",
        "/a/;UID=1/;SECTION=MIME",
        "/a/;UID=1/;SECTION=1]x",
        "/a/;UID=1/;PARTIAL=0.0",
        "/a%/;UID=1",
        "/a%FF/;UID=1",
        "/ü/;UID=1",
        "/a?SUBJECT%20x/;UID=1",
        "imap://h:0/a/;UID=1",
        "imap://h:65536/a/;UID=1",
        "/a/;UID=1;URLAUTH=nobody",
        "/a/;UID=1;URLAUTH=submit+",
        "/a/;UID=1;URLAUTH=authuser:INTERNAL:abcd",
        "/a/;UID=1;EXPIRE=2030-01-02T03:04:05;URLAUTH=authuser",
        "/a/;UID=1;EXPIRE=2030-13-02T03:04:05Z;URLAUTH=authuser",
        "/a/;UID=1;EXPIRE=0001-01-01T00:00:00+23:00;URLAUTH=authuser",
        "/a/;UID=1;EXPIRE=2030-01-02T03:04:05Z",
        "/" + "a" * 5000 + "/;UID=1",
    ],
)
def test_anything_else_is_no_such_url(url: str) -> None:
    assert parse_url(url) is None


pieces = st.sampled_from(
    ["imap://", "joe@", "h", ":1", "/", "INBOX", ";UIDVALIDITY=", "1", "/;UID=", "/;SECTION=", "/;PARTIAL=", ".",
     "HEADER.FIELDS (a)", ";EXPIRE=", "2030-01-02T03:04:05Z", "9999-12-31T23:59:59-23:00", ";URLAUTH=", "anonymous",
     ":INTERNAL:", TOKEN, "%", "%41", "%ff", "?", "\0", "ü"]
)  # fmt: skip


@given(st.lists(pieces, max_size=14).map("".join) | st.text(max_size=40))
@settings(deadline=None, max_examples=300)
def test_any_text_is_read_or_none(url: str) -> None:
    found = parse_url(url)
    assert found is None or 0 < found.uid < 2**32
    if found is not None and found.auth is not None:
        assert url.startswith(found.auth.rump)
