"""Spelling of replies, RFC 5321 section 4.2."""

from hypothesis import given, settings
from hypothesis import strategies as st

from roost.proto.smtp.reply import Reply, spell_lines, wrap


def test_spells_one_line() -> None:
    assert Reply(250, "2.1.0", "sender ok").spell() == b"250 2.1.0 sender ok\r\n"
    assert Reply(220, "", "mx.test ESMTP").spell() == b"220 mx.test ESMTP\r\n"
    assert Reply(550, "5.1.1", "no").spell(" (c1)") == b"550 5.1.1 no (c1)\r\n"


def test_spells_several_lines() -> None:
    assert spell_lines(250, ["a", "b", "c"]) == b"250-a\r\n250-b\r\n250 c\r\n"


def test_a_long_text_is_cut_at_spaces_and_each_line_has_the_codes() -> None:
    lines = Reply(554, "5.7.1", "word " * 150 + "end").spell(" (c1)").split(b"\r\n")
    assert lines.pop() == b""
    assert all(line.startswith(b"554-5.7.1 word") for line in lines[:-1])
    assert lines[-1].startswith(b"554 5.7.1 word")
    assert lines[-1].endswith(b"word end (c1)")


@given(st.text(max_size=1200), st.sampled_from(["", "5.0.0"]))
@settings(deadline=None, max_examples=150)
def test_no_text_breaks_the_form(text: str, status: str) -> None:
    octets = Reply(500, status, text).spell(" (id)")
    lines = octets.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 510 and line.isascii() and line[3:4] in b"- " for line in lines)
    assert [line[3:4] for line in lines] == [b"-"] * (len(lines) - 1) + [b" "]
    assert not any(octet < 32 for line in lines for octet in line)


@given(st.text("ab ", max_size=200), st.integers(1, 50))
@settings(deadline=None)
def test_wrapping_loses_spaces_only(text: str, room: int) -> None:
    lines = wrap(text, room)
    assert all(len(line) <= room for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
