"""The Received-SPF field. RFC 7208 section 9.1."""

from roost.proto.spf.check import Identity, SpfResult
from roost.proto.spf.record import Result

_WORDS = {
    Result.PASS: "{ip} may send mail for {domain}",
    Result.FAIL: "{ip} may not send mail for {domain}",
    Result.SOFTFAIL: "{ip} is probably not to send mail for {domain}",
    Result.NEUTRAL: "{domain} does not say whether {ip} may send its mail",
    Result.NONE: "{domain} says nothing of who sends its mail",
    Result.TEMPERROR: "the policy of {domain} could not be looked up",
    Result.PERMERROR: "the policy of {domain} cannot be read",
}


def received_spf(
    found: SpfResult, identity: Identity, *, of_helo: bool = False, width: int = 78
) -> bytes:
    """The whole field, folded, with its CRLF. of_helo: the HELO name was checked, not MAIL FROM."""
    domain = identity.domain
    words = _WORDS[found.result].format(ip=identity.ip, domain=_comment(domain))
    pairs = [
        ("client-ip", str(identity.ip)),
        ("envelope-from", f"{identity.local}@{domain}"),
        ("helo", identity.helo),
        ("receiver", identity.receiver),
        ("identity", "helo" if of_helo else "mailfrom"),
    ]
    if found.directive:
        pairs.append(("mechanism", found.directive))
    if found.problem:
        pairs.append(("problem", found.problem))
    pieces = [f"Received-SPF: {found.result.value} ({words})"]
    pieces += [f"{key}={_value(value)};" for key, value in pairs]
    return _fold(pieces, width).encode()


def _comment(text: str) -> str:
    """Text that cannot end a comment or a field."""
    return "".join(char for char in text if char.isprintable() and char not in "()\\")


def _value(text: str) -> str:
    """A dot-atom as it is, anything else quoted. Nothing of a stranger's can end the field."""
    plain = "".join(char for char in text if char.isprintable())
    if plain.isascii() and plain and all(char.isalnum() or char in "-._" for char in plain):
        return plain
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _fold(pieces: list[str], width: int) -> str:
    lines, line = [], pieces[0]
    for piece in pieces[1:]:
        if len(line) + 1 + len(piece) > width:
            lines.append(line)
            line = "\t" + piece
        else:
            line += " " + piece
    return "\r\n".join([*lines, line]) + "\r\n"
