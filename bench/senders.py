"""How long the checks of one message take, without DNS: DKIM verified and signed, bodies hashed.

`python -m bench.senders` prints the median of each in microseconds.
"""

import statistics
import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from bench.mime import HEADER, SENTENCE
from roost.proto.dkim.canonical import BodyHash, BodyHashes, Canonical
from roost.proto.dkim.sign import Signer
from roost.testing.dkim import sign_message, signer_zone, verify_message
from roost.testing.resolver import ZoneResolver

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PIECE_OCTETS = 65_536


def message(octets: int) -> bytes:
    head = b"".join(
        line
        for line in HEADER.splitlines(keepends=True)
        if not line.startswith((b"DKIM", b"\th=", b"\tb="))
    )
    return head + b"\r\n" + SENTENCE * ((octets - len(head)) // len(SENTENCE))


def hash_body(body: bytes, form: Canonical) -> None:
    hashes = BodyHashes([BodyHash("sha256", form)])
    for start in range(0, len(body), PIECE_OCTETS):
        hashes.feed(memoryview(body)[start : start + PIECE_OCTETS])
    hashes.end()


def verify_once(signed: bytes, zone: ZoneResolver) -> None:
    (found,) = verify_message(signed, zone, NOW)
    assert found.result.value == "pass", found


def median_of(name: str, run: Callable[[], object], times: int) -> None:
    runs = timeit.repeat(run, number=times, repeat=9)
    print(f"{name:<40} {statistics.median(runs) / times * 1_000_000:10.0f}")


def main() -> None:
    signer = Signer("sender.example", "one", generate_private_key(65_537, 2_048))
    plain, zone = message(4_096), signer_zone(signer)
    signed = sign_message(plain, signer, now=NOW)
    median_of("verify 4 KB, rsa 2048", partial(verify_once, signed, zone), 200)
    median_of("sign 4 KB, rsa 2048", partial(sign_message, plain, signer, now=NOW), 50)
    for form in Canonical:
        body = SENTENCE * (10_000_000 // len(SENTENCE))
        median_of(f"hash a body of 10 MB, {form.value}", partial(hash_body, body, form), 1)


if __name__ == "__main__":
    main()
