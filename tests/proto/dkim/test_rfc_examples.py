"""The examples that the RFCs print."""

import pytest

from roost.proto.dkim.canonical import BodyHash, BodyHashes, Canonical, canonical_field
from roost.proto.dkim.prove import Result
from roost.testing.dkim import verify_message
from roost.testing.resolver import ZoneResolver

# RFC 8463 appendix A.2 and A.3.
FOOTBALL = """\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
"""
FOOTBALL_ZONE = ZoneResolver(
    {
        ("brisbane._domainkey.football.example.com", "TXT"): [
            "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
        ],
        ("test._domainkey.football.example.com", "TXT"): [
            "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
            "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"
            "DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"
            "Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
        ],
    }
)

# RFC 6376 appendix A.2, and appendix C for the key. White space is what was signed: folds of six
# spaces and one space behind a full stop, which the printed page has otherwise.
BRISBANE = """\
DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;
      c=simple/simple; q=dns/txt; i=joe@football.example.com;
      h=Received : From : To : Subject : Date : Message-ID;
      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB
      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut
      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV
      4bmp/YzhwvcubU4=;
Received: from client1.football.example.com  [192.0.2.1]
      by submitserver.example.com with SUBMISSION;
      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game. Are you hungry yet?

Joe.
"""
BRISBANE_ZONE = ZoneResolver(
    {
        ("brisbane._domainkey.example.com", "TXT"): [
            "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQ"
            "KBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt"
            "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v"
            "/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhi"
            "tdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
        ]
    }
)


def octets_of(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def test_both_signatures_of_rfc_8463_pass() -> None:
    """RFC 8463 appendix A."""
    first, second = verify_message(octets_of(FOOTBALL), FOOTBALL_ZONE)
    assert (first.result, first.algorithm, first.key_bits) == (Result.PASS, "ed25519-sha256", 256)
    assert (second.result, second.algorithm, second.key_bits) == (Result.PASS, "rsa-sha256", 1024)


def test_one_octet_more_breaks_both() -> None:
    results = verify_message(octets_of(FOOTBALL.replace("game.", "game!")), FOOTBALL_ZONE)
    assert [one.result for one in results] == [Result.FAIL, Result.FAIL]


def test_the_signature_of_rfc_6376_passes() -> None:
    """RFC 6376 appendix A, with simple forms and several lines in `b=`."""
    (found,) = verify_message(octets_of(BRISBANE), BRISBANE_ZONE)
    assert found.result is Result.PASS, found
    assert found.identity == "joe@football.example.com"
    assert found.canonicalization == "simple/simple"


@pytest.mark.parametrize(
    ("form", "canonical"),
    [
        (Canonical.RELAXED, [b"a:X", b"b:Y Z"]),
        (Canonical.SIMPLE, [b"A: X", b"B : Y\t\r\n\tZ  "]),
    ],
    ids=["relaxed", "simple"],
)
def test_headers_of_section_3_4_5(form: Canonical, canonical: list[bytes]) -> None:
    """RFC 6376 section 3.4.5."""
    fields = [b"A: X\r\n", b"B : Y\t\r\n\tZ  \r\n"]
    assert [canonical_field(field, form) for field in fields] == canonical


@pytest.mark.parametrize(
    ("form", "octets"),
    [
        (Canonical.RELAXED, len(b" C\r\nD E\r\n")),
        (Canonical.SIMPLE, len(b" C \r\nD \t E\r\n")),
    ],
    ids=["relaxed", "simple"],
)
def test_bodies_of_section_3_4_5(form: Canonical, octets: int) -> None:
    """RFC 6376 section 3.4.5."""
    wanted = BodyHash("sha256", form)
    hashes = BodyHashes([wanted])
    hashes.feed(b" C \r\nD \t E\r\n\r\n\r\n")
    assert hashes.octets(wanted) == octets
