"""DEFLATE both ways within bounds. RFC 4978."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.listen.deflate import PIECE_OCTETS, BadDeflate, Deflater, Inflater


def expand(inflater: Inflater, octets: bytes) -> bytes:
    inflater.put(octets)
    return b"".join(iter(inflater.next, None))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=10))
def test_each_piece_arrives_at_once(pieces: list[bytes]) -> None:
    deflater, inflater = Deflater(), Inflater()
    for piece in pieces:
        assert expand(inflater, deflater.compress(piece)) == piece


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.binary(max_size=300).map(lambda octets: octets * 3),
            st.sampled_from([zlib.Z_PARTIAL_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH]),
        ),
        max_size=10,
    )
)
def test_a_piece_is_read_at_once_however_the_peer_flushed_it(
    pieces: list[tuple[bytes, int]],
) -> None:
    """RFC 4978 section 4 lets a peer flush as it likes; some clients flush partially."""
    stream, inflater = zlib.compressobj(wbits=-15), Inflater()
    for piece, flush in pieces:
        assert expand(inflater, stream.compress(piece) + stream.flush(flush)) == piece


def test_a_bomb_comes_in_bounded_pieces() -> None:
    inflater = Inflater()
    inflater.put(Deflater().compress(bytes(5_000_000)))
    sizes = [len(piece) for piece in iter(inflater.next, None)]
    assert sum(sizes) == 5_000_000
    assert max(sizes) <= PIECE_OCTETS


@pytest.mark.parametrize(
    "octets",
    [b"\xff\xff\xff\xff", zlib.compressobj(wbits=-15).flush()],
    ids=["garbage", "end of stream"],
)
def test_what_cannot_go_on_is_an_error(octets: bytes) -> None:
    inflater = Inflater()
    inflater.put(octets)
    with pytest.raises(BadDeflate):
        inflater.next()
