"""Messages that programs in between like to alter. Each must come out as it went in."""

_HEAD = b"From: Anna <anna@sender.test>\r\nTo: ben@there.test\r\nSubject: %b\r\n"

ODD_MESSAGES: dict[str, bytes] = {
    "eight bits": _HEAD % b"eight bits"
    + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    + "Grüße, ".encode()
    + bytes(range(128, 256))
    + b"\r\n",
    "from lines": _HEAD % b"from lines"
    + b"\r\nFrom here on\r\n>From there\r\n\r\nFrom an empty line on\r\n.\r\n..\r\n",
    "folded fields": b"X-Long: first\r\n second\r\n\tthird\r\n"
    + _HEAD % b"folded fields"
    + b"\r\n.\r\n",
    "no end": _HEAD % b"no end" + b"\r\nthe last line has no end",
    "empty body": _HEAD % b"empty body" + b"\r\n",
    "long line": _HEAD % b"long line" + b"\r\n" + b"0123456789" * 900 + b"\r\n",
    "large": _HEAD % b"large" + b"\r\n" + b"A line like many others, ends here.\r\n" * 6000,
    "two parts": _HEAD % b"two parts"
    + b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_b"\r\n\r\nbefore\r\n'
    + b"--=_b\r\nContent-Type: text/plain\r\n\r\nfirst  \t\r\n"
    + b"--=_b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
    + b"Content-Disposition: attachment; filename=a.bin\r\n\r\nAAECAwQ=\r\n--=_b--\r\nbehind\r\n",
}
