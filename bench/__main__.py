"""make bench: whole-server figures, medians over rounds, others beside it in the same run.

make bench                               everything, about 15 minutes
make bench ARGS="deliver imap"           some sections: deliver, idle, imap, memory, start, logins
make bench ARGS="imap --messages 10000"  how many messages in the mailbox, 10,000 and 100,000 at first
"""

import argparse
import json
import shutil
import smtplib
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.dovecot import Dovecot
from bench.imap_client import ImapClient
from bench.imap_fill import fill, wait_until_indexed
from bench.imap_rows import ImapRows
from bench.logins import logins
from bench.postfix import Postfix
from bench.roost_server import PASSWORD, RoostServer, free_ports
from bench.smtp_load import message_of

ROUNDS = 3
COUNTS = (10_000, 100_000)
IDLE_MESSAGES = 500
FILLED_BY_CLIENT = 200_000
ACCOUNT = 2  # the number of user0, after that of localserve


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*")
    parser.add_argument("--messages", type=int, action="append")
    asked = parser.parse_args()
    sections: dict[str, Callable[[Path], None]] = {
        "deliver": deliver,
        "idle": idle,
        "imap": partial(imap, counts=asked.messages or COUNTS),
        "memory": memory,
        "start": start,
        "logins": logins,
    }
    wanted = asked.sections or list(sections)
    folder = Path(tempfile.mkdtemp(prefix="roost-bench-"))
    folder.chmod(0o755)
    try:
        for name in wanted:
            sections[name](folder / name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def load(port: int, connections: int, messages: int, size: int, accounts: int) -> dict[str, float]:
    """One run of the generator in its own process."""
    command = [sys.executable, "-m", "bench.smtp_load"]
    numbers = [str(n) for n in (port, connections, messages, size, accounts)]
    done = subprocess.run(command + numbers, capture_output=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def deliver(folder: Path) -> None:
    """Delivered messages a second, each answered 250 after its commit."""
    server = RoostServer(folder)
    server.start()
    server.add_accounts(100)
    print("\n## Delivered messages\n")
    print(
        "| size | connections | accounts | messages/s median [range] | server CPU us/message | p99 ms | largest stall ms |"
    )
    print("|---|---|---|---|---|---|---|")
    for size, count in ((4096, 4000), (100_000, 600)):
        for connections in (1, 10, 50):
            for accounts in (1, 100):
                rounds, cpu = [], []
                for _ in range(ROUNDS):
                    before = server.cpu_seconds()
                    messages = count if connections > 1 else count // 4
                    rounds.append(load(server.smtp, connections, messages, size, accounts))
                    cpu.append((server.cpu_seconds() - before) / messages * 1e6)
                rates = sorted(one["per_second"] for one in rounds)
                print(
                    f"| {size} | {connections} | {accounts} | {statistics.median(rates):.0f}"
                    f" [{rates[0]:.0f}-{rates[-1]:.0f}] | {statistics.median(cpu):.0f}"
                    f" | {statistics.median(one['p99_ms'] for one in rounds):.1f}"
                    f" | {server.largest_stall_ms():.1f} |",
                    flush=True,
                )
    server.stop()
    beside(folder / "beside")


def beside(folder: Path) -> None:
    """Postfix handing to Dovecot over LMTP: messages a second until the last lies in a mailbox."""
    lmtp = free_ports(1)[0]
    dovecot = Dovecot.start(folder / "dovecot", lmtp)
    postfix = None
    if dovecot is not None:
        postfix = Postfix.start(folder / "postfix", free_ports(1)[0], dovecot.lmtp_port)
    if dovecot is None or postfix is None:
        print("\nPostfix and Dovecot are not installed, or this is not root.")
        return
    rates = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        load(postfix.port, 50, 1000, 4096, 100)
        while postfix.waiting():
            time.sleep(0.02)
        rates.append(1000 / (time.perf_counter() - began))
    postfix.stop()
    dovecot.stop()
    rates.sort()
    print(
        f"\nPostfix + Dovecot, 4096 octets, 50 connections, 100 accounts: {statistics.median(rates):.0f} [{rates[0]:.0f}-{rates[-1]:.0f}]"
    )


def imap(folder: Path, counts: Sequence[int]) -> None:
    """Reading and changing a whole mailbox, beside Dovecot where that is installed.

    More than FILLED_BY_CLIENT messages are put into the store itself, and measured alone.
    """
    for count in counts:
        print(f"\n## IMAP with {count:,} messages of 1.5 KB, seconds\n")
        alone = count > FILLED_BY_CLIENT
        results = {"roost": imap_of_roost(folder / f"roost{count}", count, filled=alone)}
        if not alone:
            dovecot = Dovecot.start(folder / f"dovecot{count}", free_ports(1)[0])
            if dovecot is not None:
                rows = ImapRows(dovecot.port, "user0", PASSWORD)
                rows.make_mailboxes()
                rows.fill(count)
                rows.measure()
                results["Dovecot"] = rows.seconds
                dovecot.stop()
        print_rows(results)


def imap_of_roost(folder: Path, count: int, *, filled: bool) -> dict[str, float]:
    """Seconds of each row, and the largest stall in it."""
    server = RoostServer(folder)
    server.start()
    server.add_accounts(1)
    if filled:
        server.stop()
        fill(server.folder, "user0", count)
        server.start()
    rows = ImapRows(server.imap, "user0@bench.test", PASSWORD, server.largest_stall_ms)
    rows.make_mailboxes()
    if not filled:
        rows.fill(count)
    wait_until_indexed(server.folder, ACCOUNT, count)
    rows.measure()
    rows.close()
    server.stop()
    stall = max(rows.stalls_ms, key=lambda name: rows.stalls_ms[name])
    print(f"roost's largest loop stall: {rows.stalls_ms[stall]:.1f} ms, in {stall}\n")
    return rows.seconds


def print_rows(results: dict[str, dict[str, float]]) -> None:
    print(f"| row | {' | '.join(results)} |{' ratio |' if len(results) == 2 else ''}")
    print("|---" * (len(results) + (len(results) == 2) + 1) + "|")
    for row in results["roost"]:
        cells = [f"{times[row]:.4f}" if row in times else "-" for times in results.values()]
        if len(results) == 2:
            roost, other = [times.get(row, 0.0) for times in results.values()]
            cells.append(f"{roost / other:.2f}" if other else "")
        print(f"| {row} | {' | '.join(cells)} |", flush=True)


def idle(folder: Path) -> None:
    """How long after the 250 of a delivery a client in IDLE has heard of it."""
    server = RoostServer(folder)
    server.start()
    server.add_accounts(1)
    waits = idle_waits(server, IDLE_MESSAGES)
    server.stop()
    print("\n## IDLE\n\n| row | median | p99 |\n|---|---|---|")
    print(
        f"| IDLE notice after the 250, ms | {statistics.median(waits):.2f}"
        f" | {waits[len(waits) * 99 // 100]:.2f} |",
        flush=True,
    )


def idle_waits(server: RoostServer, count: int) -> list[float]:
    """Milliseconds from the 250 to the EXISTS of each message, sorted; zero when EXISTS was first."""
    client = ImapClient(server.imap, "user0@bench.test", PASSWORD)
    client.command(b"SELECT INBOX")
    client.begin_idle()
    waits = []
    with smtplib.SMTP("127.0.0.1", server.smtp) as sender:
        for number in range(count):
            sender.sendmail("bench@sender.test", "user0@bench.test", message_of(4096)[:-3] % number)
            answered = time.perf_counter()
            client.wait_for(b" EXISTS\r\n")
            waits.append((time.perf_counter() - answered) * 1000)
    client.close()
    return sorted(waits)


def memory(folder: Path) -> None:
    """Memory with idle TLS connections."""
    server = RoostServer(folder)
    server.start()
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    base = server.memory_kib()
    print(
        "\n## Memory with idle TLS connections\n\n| connections | PSS MiB | KiB a connection |\n|---|---|---|"
    )
    print(f"| 0 | {base / 1024:.1f} | |")
    held: list[ssl.SSLSocket] = []
    for count in (200, 1000):
        while len(held) < count:
            plain = socket.create_connection(("127.0.0.1", server.imaps))
            secure = context.wrap_socket(plain)
            secure.recv(1000)
            held.append(secure)
        used = server.memory_kib()
        print(f"| {count} | {used / 1024:.1f} | {(used - base) / count:.1f} |", flush=True)
    print(f"\n1,000 idle TLS sessions: {(used - base) / 1024:.1f} MiB over the empty server")
    server.stop()


def start(folder: Path) -> None:
    """From the command to answering ports, on data that is there already."""
    server = RoostServer(folder)
    server.start()
    server.add_accounts(10)
    server.stop()
    seconds = []
    for _ in range(5):
        server.start()
        seconds.append(server.seconds_to_start)
        server.stop()
    print(
        f"\n## Start-up\n\n{statistics.median(seconds):.2f} s median [{min(seconds):.2f}-{max(seconds):.2f}]"
    )


if __name__ == "__main__":
    main()
