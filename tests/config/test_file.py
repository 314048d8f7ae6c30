"""roost.toml: read whole, and every problem said with its line and the mend."""

import pytest

from roost.config.describe import reference, sample
from roost.config.file import ConfigInvalid, read_config
from roost.config.setting import Duration, Size

GOOD = """\
hostname = "mx.example.org"
data = "/var/lib/roost"

[listeners.public]
smtp = 25
imaps = 993

[smtp]
max_message_size = "50m"
command_timeout = "2m"
"""


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as caught:
        read_config(text, "roost.toml")
    return str(caught.value).splitlines()


def test_reads_what_is_set_and_fills_in_the_rest() -> None:
    config = read_config(GOOD, "roost.toml")
    assert config.listeners["public"].services() == {"smtp": 25, "imaps": 993}
    assert config.smtp.max_message_size == Size("50m") == 50 * 1024 * 1024
    assert config.smtp.command_timeout == Duration("2m")
    assert config.imap.idle_timeout == Duration("30m")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD + "max_mesage_size = '1m'\n", "roost.toml:11: max_mesage_size is no setting of [smtp]: did you mean max_message_size?"),
        (GOOD + "max_recipients = 5\n", "roost.toml:11: smtp.max_recipients: it has to be a whole number of 100 or more"),
        (GOOD + "data_timeout = 5\n", 'roost.toml:11: smtp.data_timeout: a duration is written as text, such as "5m"'),
        (GOOD.replace('"50m"', '"2.5g"'), "roost.toml:9: smtp.max_message_size: a size is a whole number with k, m, g or t behind it, such as 100m"),
        (GOOD.replace("mx.example.org", "mx example"), "roost.toml:1: hostname: not a domain name: a label has 1 to 63 letters, digits or hyphens, none of these at an end"),
        (GOOD.replace("smtp = 25", "smtp = 25\nips = ['1.2.3']"), "roost.toml:6: listeners.public.ips: '1.2.3' is no IP address, such as 192.0.2.1 or ::"),
        (GOOD.replace("imaps = 993", "imaps = 25"), "roost.toml:6: port 25 on 0.0.0.0 is taken by listeners.public.smtp already"),
        (GOOD.replace("imaps = 993", "imaps = 99999"), "roost.toml:6: listeners.public.imaps: it has to be a whole number of 65535 or less"),
        (GOOD + "[listeners.empty]\n", "roost.toml:11: listener empty has no service: set a port, such as smtp = 25"),
        (GOOD + "[tls]\nkey = '/k.pem'\n", "roost.toml:11: certificate and key go together: set both or neither"),
        (GOOD + "[nonsense]\n", "roost.toml:11: nonsense is no setting of the file: known are hostname, data, user, admin_users, listeners, tls, smtp, imap, logins, dns, limits, log, metrics"),
        (GOOD + "[imap]\nmessage_limit = 999\n", "roost.toml:12: imap.message_limit: it has to be 0 or at least 1000"),
        (GOOD + "[imap]\nsave_limit = 1\n", "roost.toml:12: imap.save_limit: it has to be 0 or at least 1000"),
        (GOOD.replace("imaps = 993", "imaps = 0"), "roost.toml:6: listeners.public.imaps: it has to be a whole number of 1 or more"),
        (GOOD.replace("imaps = 993", "imaps = '993'"), "roost.toml:6: listeners.public.imaps: it has to be a whole number, not text in quotes"),
        (GOOD.replace('"mx.example.org"', "25"), "roost.toml:1: hostname: it has to be text in quotes, not a whole number"),
        (GOOD.replace("smtp = 25", "smtp = 25\nips = '::'"), "roost.toml:6: listeners.public.ips: it has to be a list in [ ], not text in quotes"),
        (GOOD.replace("smtp = 25", "smtp = 25\nips = [3]"), "roost.toml:6: listeners.public.ips: it has to be text in quotes, not a whole number"),
        (GOOD.replace('"50m"', "2.5"), 'roost.toml:9: smtp.max_message_size: a size is written as text, such as "100m"'),
        (GOOD + "[dns]\nservers = ['ns.a.test']\n", "roost.toml:12: dns.servers: 'ns.a.test' is no resolver, such as 192.0.2.1, ::1 or [::1]:5353"),
        (GOOD + "[dns]\nservers = ['::1', '127.0.0.1:0']\n", "roost.toml:12: dns.servers: '127.0.0.1:0' is no resolver, such as 192.0.2.1, ::1 or [::1]:5353"),
        (GOOD + "[dns]\nservers = ['192.0.2.1']\ntrust_ad = 'on'\n", "roost.toml:13: dns.trust_ad: only a resolver on 127.0.0.1 or ::1 can be believed, and servers has none: add one, or leave trust_ad out"),
        (GOOD + "[dns]\ntimeout = '2m'\n", "roost.toml:12: dns.timeout: it has to be from 1s to 60s"),
        (GOOD + "[dns]\nbogus_zone = 'a b'\n", "roost.toml:12: dns.bogus_zone: not a domain name: a label has 1 to 63 letters, digits or hyphens, none of these at an end"),
        (GOOD + "[log]\nlevel = 'loud'\n", "roost.toml:12: log.level: \"loud\" is none of debug, info, warning, error"),
        (GOOD + "[limits]\nexempt_loopback = 1\n", "roost.toml:12: limits.exempt_loopback: it has to be true or false, not a whole number"),
        ("listeners = 3\n" + GOOD.replace("[listeners.public]", "[other]"), "roost.toml:1: listeners: it has to be a table, not a whole number"),
        (GOOD.replace('"mx.example.org"', '""'), "roost.toml:1: hostname: not a domain name: it is empty"),
        ("imap = 3\n" + GOOD, "roost.toml:1: imap is a table: write [imap]"),
        (GOOD + "x = = 3\n", "roost.toml:11: not TOML: Invalid value"),
        ("hostname = 'a'\n", "roost.toml: data is missing: Folder that holds everything roost keeps. Made when missing."),
    ],
    ids=lambda value: value.split(": ", 1)[-1][:40] if value.startswith("roost.toml") else "",
)  # fmt: skip
def test_says_what_is_wrong_and_where(text: str, problem: str) -> None:
    assert problem in problems_of(text)


def test_says_every_problem_at_once_in_the_order_of_the_file() -> None:
    said = problems_of("data = 3\nfoo = 1\n[smtp]\nmax_recipients = 'x'\n")
    assert [line.split(" ")[0] for line in said] == [
        "roost.toml:", "roost.toml:1:", "roost.toml:2:", "roost.toml:4:",
    ]  # fmt: skip


def test_names_addresses_and_ports_are_said_with_the_rest() -> None:
    said = problems_of(
        "hostname = 'a b'\ndata = 3\n[listeners.a]\nips = ['x']\n[listeners.b]\nsmtp = 25\n"
        "imap = 25\n[tls]\nkey = 'k'\n"
    )
    assert [int(line.split(":")[1]) for line in said] == [1, 2, 4, 7, 7, 8]


def test_the_sample_reads_back() -> None:
    config = read_config(sample("mx.example.org", "/var/lib/roost"), "sample")
    assert config.listeners["public"].services()["submission"] == 587


def test_every_setting_is_in_the_reference_with_its_doc() -> None:
    page = reference()
    assert '| `max_message_size` | size | `"100m"` | Largest message taken. |' in page
    assert all(line.split("|")[4].strip() for line in page.splitlines() if line.startswith("| `"))
