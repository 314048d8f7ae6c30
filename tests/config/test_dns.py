"""How resolvers are written in roost.toml."""

from ipaddress import ip_address

import pytest

from roost.config.dns import NameServer, may_be_believed, read_server


@pytest.mark.parametrize(
    ("text", "ip", "port"),
    [
        ("192.0.2.1", "192.0.2.1", 53),
        ("127.0.0.1:5353", "127.0.0.1", 5353),
        ("::1", "::1", 53),
        ("[2001:db8::1]", "2001:db8::1", 53),
        ("[2001:db8::1]:853", "2001:db8::1", 853),
    ],
)
def test_a_resolver_is_an_address_with_or_without_a_port(text: str, ip: str, port: int) -> None:
    server = read_server(text)
    assert server == NameServer(ip_address(ip), port)
    assert read_server(str(server)) == server


@pytest.mark.parametrize(
    "text",
    ["", "a.test", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", "[::1", "[::1]5353", "[::1]:", "1.2.3.4.5", "127.0.0.1:53:53", "127.0.0.1 53", "127.0.0.1:٥٣"],
)  # fmt: skip
def test_what_is_none_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no resolver, such as 192\.0\.2\.1"):
        read_server(text)


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("127.0.0.1", True),
        ("[::1]:5353", True),
        ("127.0.0.53", False),
        ("127.0.1.1", False),
        ("192.0.2.1", False),
        ("::ffff:127.0.0.1", False),
    ],
)
def test_only_this_machine_can_be_believed(text: str, may: bool) -> None:
    assert may_be_believed(read_server(text)) is may
