"""Octets of a named, misnamed or unnamed charset as text. RFC 2046 section 4.1.2, RFC 2978."""

import re
import unicodedata
from codecs import BOM_UTF8
from collections.abc import Mapping
from encodings.aliases import aliases
from types import MappingProxyType

from charset_normalizer import from_bytes

LEGACY_CODEC = "cp1252"  # for octets that nobody names and no guess explains

# What Python calls a codec but no mail may choose: they are no charsets, or they turn plain
# text into something a filter would not see (EBCDIC).
_NO_CHARSETS = frozenset(
    {
        *("base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec"),
        *("zlib_codec", "mbcs", "ascii"),
        *("cp037", "cp273", "cp424", "cp500", "cp1026", "cp1140"),
    }
)

# Codecs Python has under no other name, so that its alias table does not list them.
_UNALIASED = (
    *("cp720", "cp737", "cp856", "cp874", "cp1006", "koi8_t", "koi8_u"),
    *("mac_croatian", "mac_romanian", "mac_farsi"),
)

# Names seen in mail that Python does not know.
_ALSO: dict[str, str] = {
    "utf8mb4": "utf_8",
    "utf8mb3": "utf_8",
    "unicode11utf8": "utf_8",
    "unicode20utf8": "utf_8",
    "unicode11utf7": "utf_7",
    "unicode20utf7": "utf_7",
    "iso10646ucs2": "utf_16_be",
    "ucs2": "utf_16_be",
    "windows874": "cp874",
    "windows31j": "cp932",
    "cswindows31j": "cp932",
    "windows932": "cp932",
    "windows936": "gb18030",
    "windows949": "cp949",
    "windows950": "cp950",
    "cngb": "gb18030",
    "gb231280": "gb18030",
    "iso88598i": "iso8859_8",
    "iso88598e": "iso8859_8",
    "iso88596i": "iso8859_6",
    "iso88596e": "iso8859_6",
    "logical": "iso8859_8",
    "visual": "iso8859_8",
    "macukrainian": "mac_cyrillic",
    "mac": "mac_roman",
    "koi8ru": "koi8_u",
    "koi8": "koi8_r",
    "dos862": "cp862",
    "dos720": "cp720",
    "tis62025331": "cp874",
}

# Senders label the vendor's larger set with the standard's name; the larger one reads both.
_LARGER: dict[str, str] = {
    "latin_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso2022_jp": "iso2022_jp_ext",
    "utf_8": "utf_8_sig",
}

# The charsets that unlabelled mail is written in, for the guess; not cp1255 and cp874: KOI8-R,
# which is the more common, would pass for Hebrew or Thai.
_GUESSES = [
    *("cp1252", "cp1251", "koi8_r", "gb18030", "big5", "cp932", "euc_jp", "cp949", "cp1250"),
    *("cp1253", "cp1254", "cp1256"),
]

_GUESS_OCTETS = 2048
_EIGHT_BIT = re.compile(rb"[\x80-\xff]")
_NOT_ALNUM = re.compile(r"[^a-z0-9]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_CONTROL = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def _squash(name: str) -> str:
    """A charset's name without what senders vary: case, hyphens, underscores, spaces."""
    return _NOT_ALNUM.sub("", name.lower())


def _codec_table() -> Mapping[str, str]:
    # Built once from Python's own aliases: codecs.lookup() would also find codecs that are no
    # charsets, and remembers every unknown name for ever.
    names = {alias: codec for alias, codec in aliases.items() if codec not in _NO_CHARSETS}
    names |= {codec: codec for codec in (*names.values(), *_UNALIASED)}
    table = {_squash(name): codec for name, codec in names.items()} | _ALSO
    return MappingProxyType({name: _LARGER.get(codec, codec) for name, codec in table.items()})


_CODECS = _codec_table()


def find_codec(charset: str) -> str | None:
    """The Python codec that reads a charset, however mail spells its name.

    None for unknown charsets, for us-ascii (what is labelled so and has 8-bit octets is not) and
    for names that mean nothing (`unknown-8bit`, `x-user-defined`, `default`).
    """
    # Nearly all vary only case and hyphens; what the table has is squashed already.
    if codec := _CODECS.get(charset[:64].lower().replace("-", "")):
        return codec
    name = _squash(charset[:64])
    return _CODECS.get(name) or _CODECS.get(name.removeprefix("x").removeprefix("cs"))


def guess_codec(octets: bytes, guessed: str | None = None) -> str:
    """The Python codec for text nobody named a charset for: UTF-8 if valid, else a guess.

    guessed: what was guessed of other text of the same sender, to be taken instead of a guess.
    Only a piece of 2 KiB is looked at for the guess; cp1252 if it tells nothing.
    """
    try:
        octets.decode()
    except UnicodeDecodeError:
        return guessed or _guess_legacy(octets)
    return "utf_8"


def decode_charset(octets: bytes, charset: str | None, *, guess: bool = True) -> str:
    """Text from octets of `charset`, a name as found in mail or None if there was none.

    guess: as for `decode_unnamed`, which reads what has no name or one that is unknown.
    Never raises: what cannot be read becomes U+FFFD. Lines end as they did.
    """
    codec = find_codec(charset) if charset else None
    return decode_by(codec, octets) if codec else decode_unnamed(octets, guess=guess)


def decode_unnamed(octets: bytes, *, guess: bool = True) -> str:
    """Text that nobody named a charset for: UTF-8 if it is valid, else by a guess.

    guess: whether to guess (a tenth of a millisecond and more) rather than take octets that are
    no UTF-8 for windows-1252. Never raises.
    """
    if octets.isascii():
        return octets.decode("ascii")
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return decode_by(_guess_legacy(octets) if guess else LEGACY_CODEC, octets)


def decode_by(codec: str, octets: bytes) -> str:
    """Text from octets by one of the codecs that `find_codec` and `guess_codec` name."""
    if codec == "utf_16" and octets[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        codec = "utf_16_be"  # RFC 2781 section 4.3
    if codec == "utf_8_sig" and not octets.startswith(BOM_UTF8):
        codec = "utf_8"  # which is in C
    try:
        text = octets.decode(codec, "replace")
    except UnicodeError:  # some stateful codecs raise in spite of "replace"
        text = octets.decode(LEGACY_CODEC, "replace")
    # UTF-7 may spell half a surrogate pair, which no later step could encode.
    return _SURROGATE.sub("\ufffd", text) if codec == "utf_7" else text


def printable(text: str) -> str:
    """`text` on one line in NFC, without control characters: fit for a list or a JSON string.

    Line ends and tabs become one space, other control characters go.
    """
    if not text.isprintable():
        text = _CONTROL.sub("", _LINE_CONTROL.sub(" ", text))
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _guess_legacy(octets: bytes) -> str:
    first = _EIGHT_BIT.search(octets)
    start = first.start() if first else 0
    piece = octets[start : start + _GUESS_OCTETS]
    if len(piece) == _GUESS_OCTETS:
        # A character cut in two would rule out its charset.
        piece = piece[: max(piece.rfind(b"\n"), piece.rfind(b" ")) + 1] or piece
    best = from_bytes(
        piece, steps=2, chunk_size=256, cp_isolation=_GUESSES, preemptive_behaviour=False
    ).best()
    return best.encoding if best and best.encoding in _GUESSES else LEGACY_CODEC
