import pytest

from roost.proto.mime.pack import pack, rebase, unpack
from roost.proto.mime.structure import scan

MESSAGE = b"".join(
    (
        b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
        b"--b\r\nContent-Disposition: attachment; filename*=utf-8''%e4.txt\r\n",
        b"Content-Language: de, en\r\nContent-ID: <a@b>\r\n\r\ntext\r\n",
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nbody\r\n--b--\r\n",
    )
)
PREFIX = b"Delivered-To: a@b\r\nReceived: by x;\r\n\tSun, 22 Nov 2026\r\n"


def test_a_tree_comes_back_as_it_went() -> None:
    part = scan(MESSAGE)
    assert unpack(pack(part)) == part


def test_a_part_takes_few_octets() -> None:
    octets = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\ntext\r\n" * 100
    assert len(pack(scan(octets))) < 70 * 101


@pytest.mark.parametrize(
    "octets", [b"", b"\x00", pack(scan(MESSAGE))[:-1], b"\x93\x01\x02\x03", b"\xff" * 50]
)
def test_other_octets_are_a_value_error(octets: bytes) -> None:
    with pytest.raises(ValueError, match="packed part tree"):
        unpack(octets)


def test_a_rebased_tree_is_that_of_prefix_and_blob() -> None:
    assert rebase(scan(MESSAGE), len(PREFIX)) == scan(PREFIX + MESSAGE)


def test_rebasing_leaves_the_tree_it_was_given_alone() -> None:
    part = scan(MESSAGE)
    rebase(part, 10)
    assert part == scan(MESSAGE)
