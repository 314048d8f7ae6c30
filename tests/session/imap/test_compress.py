"""COMPRESS: when the connection begins to deflate. RFC 4978 section 3."""

from roost.testing.imap import new_house


async def test_the_answer_leaves_before_anything_is_deflated() -> None:
    client = await (await new_house()).client()
    assert await client.ask("COMPRESS DEFLATE") == [b"OK DEFLATE from now on"]
    assert client.wire.compressed
    assert (await client.ask("COMPRESS DEFLATE"))[-1].startswith(b"NO [COMPRESSIONACTIVE]")


async def test_a_refused_one_leaves_the_connection_as_it_is() -> None:
    client = await (await new_house()).client()
    assert (await client.ask("COMPRESS LZMA"))[-1].startswith(b"BAD ")
    assert not client.wire.compressed


async def test_what_comes_before_the_answer_is_neither_plain_nor_deflated() -> None:
    client = await (await new_house()).client()
    client.wire.feed(b"x COMPRESS DEFLATE\r\ny NOOP\r\n")
    said = await client.wire.ended()
    assert said == (
        b"x OK DEFLATE from now on\r\n* BYE nothing may follow COMPRESS before its answer\r\n"
    )
    assert not client.wire.compressed


async def test_unauthenticate_cannot_end_it_and_never_says_no() -> None:
    client = await (await new_house()).client()
    await client.ok("COMPRESS DEFLATE")
    client.wire.feed(b"x UNAUTHENTICATE\r\n")
    assert await client.wire.ended() == b"* BYE COMPRESS cannot end: connect again\r\n"
    assert not client.wire.errors
