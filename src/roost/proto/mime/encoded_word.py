"""Text of other charsets in header fields: encoded words. RFC 2047, RFC 2231 section 5."""

import re
from binascii import Error, a2b_base64, a2b_qp, b2a_base64
from collections.abc import Callable, Iterator

from roost.proto.mime.charset import (
    LEGACY_CODEC,
    decode_by,
    decode_unnamed,
    find_codec,
    guess_codec,
)

MAX_WORD_OCTETS = 75  # RFC 2047 section 2
MAX_LINE_OCTETS = 76  # the same section, of lines with encoded words
_WRAPPING = len("=?utf-8?q??=")

# Senders leave spaces and question marks in the text; "=?" begins the next word, and at most
# eight question marks keep the search linear.
_WORD = re.compile(
    rb"=\?([^?*\s]{0,64})(?:\*[^?\s]{0,64})?\?([bBqQ])\?([^?]*+(?:(?<!=)\?(?!=)[^?]*+){0,8})\?="
)
_JUNK = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
)
_NOT_PLAIN = re.compile(r"[^ -~]|=\?|^ | $|[^ ]{900}")
_Q_LITERAL = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


def decode_words(raw: bytes | str, *, guess: bool = True) -> str:
    """The text of a field with its encoded words decoded. RFC 2047 section 6.2.

    raw: unfolded; what stands outside encoded words is UTF-8 if valid, else guessed. guess:
    whether to guess at all, rather than take for windows-1252 what has no charset of a known name.
    Never raises. Space between two encoded words goes; neighbours of one charset are joined
    before decoding, because senders cut characters in two. The result may hold control
    characters: `charset.printable` takes them out.
    """
    octets = raw.encode("utf-8", "replace") if isinstance(raw, str) else raw
    if b"=?" not in octets:
        return octets.decode("ascii") if octets.isascii() else decode_unnamed(octets, guess=guess)
    return "".join(_decode_runs(octets, None if guess else LEGACY_CODEC))


def encode_words(text: str, *, used: int = 0) -> bytes:
    """The octets of `text` for an unstructured field or a phrase, folded at column 76.

    used: columns already on the first line, as of `Subject: `. ASCII text stays as it is; other
    text becomes UTF-8 encoded words in B or Q, whichever is shorter. No word is longer than
    75 octets or cuts a character. RFC 2047 sections 2 and 5.
    """
    if goes_plain(text):
        return fold_words(text.encode("ascii").split(b" "), used=used)
    octets = text.encode("utf-8", "replace")
    spelled_q = sum(1 if octet in _Q_LITERAL or octet == 0x20 else 3 for octet in octets)
    encode = _encode_q if spelled_q <= (len(octets) + 2) // 3 * 4 else _encode_b
    room = MAX_WORD_OCTETS - _WRAPPING
    first_room = min(room, MAX_LINE_OCTETS - used - _WRAPPING)
    return b"\r\n ".join(encode(text, first_room, room))


def goes_plain(text: str) -> bool:
    """Whether text needs no encoded words: printable ASCII in words that fit into lines.

    What looks like an encoded word needs them, and spaces at its ends too, to be kept.
    """
    return not _NOT_PLAIN.search(text)


def fold_words(words: list[bytes], *, used: int) -> bytes:
    """`words` joined with spaces, or with line ends and a space where column 76 is passed."""
    lines: list[bytearray] = [bytearray()]
    left = MAX_LINE_OCTETS - used
    for number, word in enumerate(words):
        if number and word and len(word) + 1 > left:
            lines.append(bytearray())
            left = MAX_LINE_OCTETS
        spaced = b" " + word if number else word
        lines[-1] += spaced
        left -= len(spaced)
    return b"\r\n".join(lines)


def cut_text(text: str, cost: Callable[[str], int], first_room: int, room: int) -> Iterator[str]:
    """`text` in pieces of whole characters that cost at most `room` together.

    first_room: room of the first piece, which is empty if not one character fits into it.
    """
    start, left = 0, first_room
    for position, character in enumerate(text):
        octets = cost(character)
        if octets > left:
            yield text[start:position]
            start, left = position, room
        left -= octets
    yield text[start:]


def _decode_runs(octets: bytes, guessed: str | None) -> Iterator[str]:
    """Texts in order. One guess serves all words of unknown charsets: it is dear.

    guessed: what to take instead of guesses.
    """
    for named, run in _runs(octets, guessed):
        if not run:
            continue
        codec = named or guess_codec(run, guessed)
        if not named and codec != "utf_8":
            guessed = codec
        yield decode_by(codec, run)


def _runs(octets: bytes, guessed: str | None) -> Iterator[tuple[str, bytes]]:
    """Octets in order with their codec, empty for that of words whose charset is unknown.

    A run of neighbouring words of one charset is one piece, to be decoded at once.
    """
    plain_codec = "utf_8" if octets.isascii() else guess_codec(_WORD.sub(b" ", octets), guessed)
    codec, run, end = "", b"", 0
    for word in _WORD.finditer(octets):
        gap = octets[end : word.start()]
        decoded = _transfer(word[2], word[3])
        named = find_codec(word[1].decode("ascii", "replace")) or ""
        adjacent = end > 0 and not gap.strip()
        if adjacent and named == codec:
            run += decoded
        else:
            yield codec, run
            if not adjacent:
                yield plain_codec, gap
            codec, run = named, decoded
        end = word.end()
    yield codec, run
    yield plain_codec, octets[end:]


def _transfer(encoding: bytes, text: bytes) -> bytes:
    """The octets that the text of one word stands for. RFC 2047 section 4."""
    if encoding in b"qQ":
        return a2b_qp(text.replace(b"\n", b" "), header=True)
    letters = text.translate(None, _JUNK)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    try:
        return a2b_base64(letters + b"=" * (-len(letters) % 4))
    except Error:  # not reached for letters of the alphabet and right padding
        return b""


def _encode_q(text: str, first_room: int, room: int) -> Iterator[bytes]:
    for piece in cut_text(text, lambda character: len(_spell_q(character)), first_room, room):
        yield b"=?utf-8?q?" + b"".join(map(_spell_q, piece)) + b"?=" if piece else b""


def _encode_b(text: str, first_room: int, room: int) -> Iterator[bytes]:
    def cost(character: str) -> int:
        return len(character.encode("utf-8", "replace"))

    for piece in cut_text(text, cost, first_room // 4 * 3, room // 4 * 3):
        octets = piece.encode("utf-8", "replace")
        yield b"=?utf-8?b?" + b2a_base64(octets, newline=False) + b"?=" if piece else b""


def _spell_q(character: str) -> bytes:
    """One character in Q, safe in a phrase as well. RFC 2047 section 5 (3)."""
    if character == " ":
        return b"_"
    octets = character.encode("utf-8", "replace")
    if octets[0] in _Q_LITERAL:
        return octets
    return b"".join(b"=%02X" % octet for octet in octets)
