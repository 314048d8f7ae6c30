"""make bench: whole-server figures, medians over rounds, others beside it in the same run.

make bench                      everything, about 15 minutes
make bench ARGS="deliver imap"  some sections: deliver, idle, imap, memory, start, logins
"""

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
from collections.abc import Callable
from pathlib import Path

from bench.dovecot import Dovecot
from bench.imap_client import ImapClient
from bench.logins import logins
from bench.postfix import Postfix
from bench.roost_server import PASSWORD, RoostServer, free_ports
from bench.smtp_load import message_of

ROUNDS = 3
COUNTS = (10_000, 100_000)
IDLE_MESSAGES = 500


def main() -> None:
    sections: dict[str, Callable[[Path], None]] = {
        "deliver": deliver,
        "idle": idle,
        "imap": imap,
        "memory": memory,
        "start": start,
        "logins": logins,
    }
    wanted = sys.argv[1:] or list(sections)
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


ROWS: tuple[tuple[str, bytes], ...] = (
    ("SELECT", b"SELECT INBOX"),
    ("FETCH FLAGS", b"FETCH 1:* (UID FLAGS)"),
    ("FETCH ENVELOPE", b"FETCH 1:* (UID ENVELOPE)"),
    ("FETCH BODYSTRUCTURE", b"FETCH 1:* (UID BODYSTRUCTURE)"),
    ("FETCH size and date", b"FETCH 1:* (UID RFC822.SIZE INTERNALDATE)"),
    ("FETCH header fields", b"FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)])"),
    ("FETCH bodies", b"FETCH 1:* (UID BODY.PEEK[])"),
    ("SEARCH UNSEEN", b"SEARCH UNSEEN"),
    ("SEARCH SUBJECT", b'SEARCH SUBJECT "message 77"'),
    ("SEARCH BODY", b'SEARCH BODY "lazy dog and goes"'),
    ("STORE +FLAGS", b"STORE 1:* +FLAGS.SILENT (\\Flagged)"),
    ("COPY", b"COPY 1:* Archive"),
)


def imap(folder: Path) -> None:
    """Reading, beside Dovecot in the same run where it is installed."""
    for count in COUNTS:
        print(f"\n## IMAP with {count:,} messages of 1.5 KB, seconds\n")
        results: dict[str, dict[str, float]] = {}
        roost = RoostServer(folder / f"roost{count}")
        roost.start()
        roost.add_accounts(1)
        results["roost"] = imap_rows(roost.imap, "user0@bench.test", PASSWORD, count)
        stall = roost.largest_stall_ms()
        roost.stop()
        dovecot = Dovecot.start(folder / f"dovecot{count}", free_ports(1)[0])
        if dovecot is not None:
            results["Dovecot"] = imap_rows(dovecot.port, "user0", PASSWORD, count)
            dovecot.stop()
        print(f"| row | {' | '.join(results)} | ratio |")
        print("|---" * (len(results) + 2) + "|")
        for row in [row for row in results["roost"] if all(row in one for one in results.values())]:
            cells = [f"{times[row]:.3f}" for times in results.values()]
            pair = [times[row] for times in results.values()]
            ratio = f"{pair[0] / pair[1]:.2f}" if len(pair) == 2 else ""
            print(f"| {row} | {' | '.join(cells)} | {ratio} |", flush=True)
        print(f"\nroost's largest loop stall: {stall:.1f} ms")


def imap_rows(port: int, user: str, password: str, count: int) -> dict[str, float]:
    """Seconds of each row; fills the mailbox first."""
    client = ImapClient(port, user, password)
    client.command(b"CREATE Archive") if user == "user0" else None
    times: dict[str, float] = {}
    template = message_of(1500)[:-3].replace(b"a message of the bench", b"message %d of the bench")
    single = [template % (n, n) for n in range(200)]
    times["APPEND 200, one by one"] = client.append("INBOX", single, pipelined=False)
    left = count - 200
    began = time.perf_counter()
    for first in range(0, left, 500):
        batch = [template % (n, n) for n in range(first, min(first + 500, left))]
        client.append("INBOX", batch, pipelined=True)
    times[f"APPEND {left}, pipelined"] = time.perf_counter() - began
    if b" MULTIAPPEND" in client.command(b"CAPABILITY"):
        times["APPEND 200 in one (MULTIAPPEND)"] = client.multiappend("INBOX", single)
    client.command(b"SELECT INBOX")
    for name, command in ROWS:
        rounds = [
            client.timed(command)[0]
            for _ in range(ROUNDS if name[:4] in ("FETC", "SEAR", "SELE") else 1)
        ]
        times[name] = statistics.median(rounds)
    client.command(b"STORE 1:* +FLAGS.SILENT (\\Deleted)")
    times["EXPUNGE"] = client.timed(b"EXPUNGE")[0]
    client.close()
    return times


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
