"""PREVIEW: what a client gets of any message is short text, and never NIL. RFC 8970."""

import pytest

from roost.testing.imap import new_house

HEAD = b"MIME-Version: 1.0\r\nContent-Type: text/%b; charset=utf-8\r\n\r\n%b\r\n"


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (b"Subject: x\r\n\r\nHello,\r\n\r\n  Bob\r\n", b'"Hello, Bob"'),
        (b"Subject: x\r\n\r\n", b'""'),
        (HEAD % (b"html", b"<p>One</p><p>two"), b'"One two"'),
        (HEAD % (b"plain", b"a" * 300), b'"' + b"a" * 200 + b'"'),
        (HEAD % (b"plain", "ä".encode() * 300), b"{400}"),
        (b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n", b'""'),
        (b"Subject: x\r\n\r\nsoh \x01 and bell \x07\r\n", b'"soh and bell"'),
    ],
    ids=["words", "empty", "html", "long", "long and not ascii", "an image", "controls"],
)
@pytest.mark.parametrize("lazy", ["", " (LAZY)"])
async def test_the_first_words(message: bytes, told: bytes, lazy: str) -> None:
    client = await (await new_house()).client()
    head = b"APPEND INBOX ~{%d+}\r\n" % len(message)
    await client.ok(head + message)
    await client.ok("SELECT INBOX")
    lines = await client.ok(f"FETCH 1 (PREVIEW{lazy})")
    assert lines[0].removeprefix(b"* 1 FETCH (PREVIEW ").removesuffix(b")") == told
