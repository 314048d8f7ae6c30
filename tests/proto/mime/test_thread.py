"""Base subjects and message ids."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.mime.thread import base_subject, message_ids


@pytest.mark.parametrize(
    ("subject", "base", "reply"),
    [
        ("Hello", "Hello", False),
        ("Re: Hello", "Hello", True),
        ("RE: re: Fwd: fw: Hello", "Hello", True),
        ("Re [2]: Hello", "Hello", True),
        ("[list] Re: [other] Hello", "Hello", True),
        ("[list] Hello", "Hello", False),
        ("[list]", "[list]", False),
        ("[a] [b]", "[b]", False),
        ("Hello (fwd)", "Hello", True),
        ("Hello (FWD) (fwd)  ", "Hello", True),
        ("[Fwd: Hello]", "Hello", True),
        ("[fwd: [fwd: Re: Hello (fwd)]]", "Hello", True),
        ("[Fwd: Hello] more", "more", False),
        ("  spaced \t\r\n out  ", "spaced out", False),
        ("Re:", "", True),
        ("Re", "Re", False),
        ("Rearrange: x", "Rearrange: x", False),
        ("AW: Hallo", "AW: Hallo", False),
        ("Re: Re: (fwd)", "", True),
        ("", "", False),
    ],
)
def test_base_subject(subject: str, base: str, reply: bool) -> None:
    assert base_subject(subject) == (base, reply)


@given(st.lists(st.sampled_from(["Re:", "[", "]", "fwd", ":", "(fwd)", " ", "a", "[fwd:", "ü"])))
@settings(deadline=None, max_examples=300)
def test_a_base_subject_is_its_own_base(pieces: list[str]) -> None:
    base, _ = base_subject("".join(pieces))
    assert base_subject(base) == (base, False)


@pytest.mark.parametrize(
    ("raw", "ids"),
    [
        (b" <a@b>\r\n", ("a@b",)),
        (b"<a@b> <c@d>\r\n <e@f>", ("a@b", "c@d", "e@f")),
        (b"<a@b><c@d>", ("a@b", "c@d")),
        (b"<a@b> (was: <c@d>) <e@f>", ("a@b", "e@f")),
        (b'"Bob <b@x>" of 1 Jan <a@b>', ("a@b",)),
        (b"Your message of Mon <a@b>", ("a@b",)),
        (b'<"01KF8JCEOCBS0045PS"@xxx.yyy.com>', ("01KF8JCEOCBS0045PS@xxx.yyy.com",)),
        (b"< a (c) @ b >", ("a@b",)),
        (b"<a(1)@b>", ("a(1)@b",)),
        (b"<long\r\n .id@b>", ("long.id@b",)),
        (b"a@b c@d", ("a@b", "c@d")),
        (b"<no-at>", ("no-at",)),
        (b"<>", ()),
        (b"<open@b", ("open@b",)),
        ("<ü@b>".encode(), ("ü@b",)),
        (b"<" + b"a" * 2000 + b"@b>", ()),
        (b"", ()),
    ],
)
def test_message_ids(raw: bytes, ids: tuple[str, ...]) -> None:
    assert message_ids(raw) == ids


def test_an_id_reads_the_same_wherever_it_stands() -> None:
    cyrillic = "<привет.как.дела@пример>".encode("cp1251")
    (alone,) = message_ids(cyrillic)
    among_others = message_ids(b"<one@x>" + cyrillic + "<größe@x>".encode())
    assert among_others == ("one@x", alone, "größe@x")


@given(
    st.lists(
        st.sampled_from(
            [
                *(b"<", b">", b"<a@b>", b"> <", b" ", b"\t", b"a", b"@", b'"', b"(", b")"),
                *(b"\\", b"\0", b"\xff", b"<" + b"x" * 997, b"\r\n "),
            ]
        )
    ).map(b"".join)
)
@settings(deadline=None, max_examples=200)
def test_ids_are_the_same_behind_a_word(raw: bytes) -> None:
    """A word makes an unusual field of any; none counts where there are angle brackets."""
    assert message_ids(b"word " + raw.strip()) == message_ids(raw)


def test_of_too_many_ids_the_first_and_the_last_stay() -> None:
    raw = b" ".join(b"<%d@x>" % number for number in range(10))
    assert message_ids(raw, max_ids=4) == ("0@x", "7@x", "8@x", "9@x")
    assert message_ids(raw, max_ids=1) == ("0@x",)
    assert message_ids(raw, max_ids=0) == ()


@given(st.lists(st.sampled_from([b"<", b">", b"@", b"a", b'"', b"(", b")", b"\\", b" ", b"\xff"])))
@settings(deadline=None, max_examples=200)
def test_ids_never_have_space_or_brackets_outside_quotes(pieces: list[bytes]) -> None:
    for text in message_ids(b"".join(pieces)):
        text.encode()
        assert text
        assert " " not in text


@pytest.mark.parametrize(
    "shape", [b"<", b">", b"(", b'"', b"<(", b"<a@b>", b"a@", b'<"', b"\\", b'\\"']
)
def test_a_megabyte_of_rubbish(shape: bytes) -> None:
    octets = shape * (1_000_000 // len(shape))
    assert len(message_ids(octets)) <= 200
    assert len(message_ids(b"<" + octets + b">")) <= 200
