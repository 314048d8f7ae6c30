"""A Postfix of this machine that delivers to Dovecot over LMTP, where both are installed."""

import os
import shutil
import subprocess
import time
from pathlib import Path

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.bench.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
virtual_mailbox_domains = bench.test
virtual_mailbox_maps = static:ok
virtual_transport = lmtp:inet:127.0.0.1:{lmtp_port}
lmtp_destination_concurrency_limit = 20
smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
default_process_limit = 100
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
local_recipient_maps =
alias_maps =
"""

MASTER = """\
{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """Runs until `stop`; None from `start` when there is no Postfix or we are not root."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    @classmethod
    def start(cls, folder: Path, port: int, lmtp_port: int) -> "Postfix | None":
        if shutil.which("postfix") is None or os.getuid() != 0:
            return None
        for name in ("etc", "queue", "data"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        shutil.chown(folder / "data", "postfix")
        folder.chmod(0o755)
        (folder / "etc" / "main.cf").write_text(MAIN.format(folder=folder, lmtp_port=lmtp_port))
        (folder / "etc" / "master.cf").write_text(MASTER.format(port=port))
        command = ["postfix", "-c", str(folder / "etc"), "start"]
        subprocess.run(command, check=True, capture_output=True)
        time.sleep(1)
        return cls(folder, port)

    def waiting(self) -> int:
        """How many messages are in the queue, not delivered yet."""
        names = ("maildrop", "incoming", "active", "deferred")
        return sum(
            path.is_file() for name in names for path in (self.folder / "queue" / name).rglob("*")
        )

    def stop(self) -> None:
        subprocess.run(
            ["postfix", "-c", str(self.folder / "etc"), "stop"], check=False, capture_output=True
        )
