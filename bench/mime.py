"""How long one message takes: its structure, and all that is rendered of it at filing.

`python -m bench.mime` prints the median of each in microseconds.
"""

import statistics
import timeit
from base64 import encodebytes
from collections.abc import Callable
from functools import partial

from roost.proto.mime.bodystructure import bodystructure
from roost.proto.mime.pack import pack, rebase, unpack
from roost.proto.mime.render import render, render_with_prefix, scan_blob
from roost.proto.mime.structure import scan

HEADER = b"""Return-Path: <ann@sender.example>
Received: from mail.sender.example (mail.sender.example [192.0.2.1])
\tby mx.example.org with ESMTPS id 4711; Wed, 17 Jul 2024 02:23:25 -0700
Received: from laptop (unknown [192.0.2.9])
\tby mail.sender.example with ESMTPSA id 0815; Wed, 17 Jul 2024 02:23:24 -0700
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=sender.example; s=one;
\th=from:to:subject:date:message-id; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;
\tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR
From: "Ann Sender" <ann@sender.example>
To: Bob <bob@example.org>, carol@example.org
Cc: =?utf-8?q?J=C3=BCrgen?= <juergen@example.org>
Subject: Re: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from the seaside
Date: Wed, 17 Jul 2024 02:23:25 -0700
Message-ID: <one@sender.example>
In-Reply-To: <zero@example.org>
References: <minus-one@example.org> <zero@example.org>
User-Agent: a mail program/1.0
MIME-Version: 1.0
""".replace(b"\n", b"\r\n")
SENTENCE = b"The sea is calm to-night, the tide is full, the moon lies fair upon the straits.\r\n"
PREFIX = b"Delivered-To: bob@example.org\r\nReceived: by mx.example.org; Wed, 17 Jul 2024\r\n"


def plain(size: int) -> bytes:
    """A text message of about `size` octets."""
    header = HEADER + b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    return header + SENTENCE * ((size - len(header)) // len(SENTENCE))


def alternative(size: int) -> bytes:
    """Text and HTML in quoted-printable, as newsletters are."""
    html = b"<p style=3D'color: #333'>" + SENTENCE.replace(b"\r\n", b"</p>=\r\n")
    return b"".join(
        (
            HEADER,
            b'Content-Type: multipart/alternative; boundary="----=_Part_1_2.3"\r\n\r\n',
            b"------=_Part_1_2.3\r\nContent-Type: text/plain; charset=utf-8\r\n",
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n",
            SENTENCE * (size // 4 // len(SENTENCE)),
            b"\r\n------=_Part_1_2.3\r\nContent-Type: text/html; charset=utf-8\r\n",
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n",
            html * (size * 3 // 4 // len(html)),
            b"\r\n------=_Part_1_2.3--\r\n",
        )
    )


def attachment(size: int) -> bytes:
    """Text and one file in base64."""
    data = encodebytes(bytes(range(256)) * (size * 3 // 4 // 256)).replace(b"\n", b"\r\n")
    return b"".join(
        (
            HEADER,
            b'Content-Type: multipart/mixed; boundary="=_outer"\r\n\r\n--=_outer\r\n\r\n',
            SENTENCE * 10,
            b"\r\n--=_outer\r\nContent-Type: application/pdf; name=a.pdf\r\n",
            b"Content-Disposition: attachment; filename=a.pdf\r\n",
            b"Content-Transfer-Encoding: base64\r\n\r\n",
            data,
            b"\r\n--=_outer--\r\n",
        )
    )


def structure(octets: bytes) -> bytes:
    """BODYSTRUCTURE from the octets."""
    return bodystructure(scan(octets))


def median_us(work: Callable[[], object], calls: int) -> float:
    """The median time of one call, in microseconds, over nine rounds."""
    return statistics.median(timeit.repeat(work, number=calls, repeat=9)) / calls * 1e6


def main() -> None:
    """Print one line per message."""
    messages = (
        ("4 KB plain", plain(4_096), 300),
        ("28 KB alternative", alternative(28_000), 100),
        ("2 MB attachment", attachment(2_000_000), 10),
    )
    print(f"{'us':<18} {'scan':>8} {'structure':>9} {'render':>8} {'prefix':>8} {'unpack':>8}")
    for name, octets, calls in messages:
        blob, packed = scan_blob(octets), pack(rebase(scan(octets), 10))
        works: tuple[Callable[[], object], ...] = (
            partial(scan, octets),
            partial(structure, octets),
            partial(render, octets),
            partial(render_with_prefix, PREFIX, blob),
            partial(unpack, packed),
        )
        times = [median_us(work, calls) for work in works]
        print(f"{name:<18} " + " ".join(f"{time:8.1f}" for time in times))


if __name__ == "__main__":
    main()
