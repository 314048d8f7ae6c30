"""A Dovecot of this machine beside roost in the same run, where it is installed."""

import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path

from bench.roost_server import PASSWORD

CONFIG = """\
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
mail_location = {format}:{folder}/mail/%n
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
mail_fsync = optimized
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%n
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
service stats {{
  chroot =
}}
"""


class Dovecot:
    """Runs until `stop`; None from `start` when there is no Dovecot or we are not root."""

    def __init__(self, folder: Path, port: int, lmtp_port: int) -> None:
        self.folder = folder
        self.port = port
        self.lmtp_port = lmtp_port

    @classmethod
    def start(cls, folder: Path, port: int, kind: str = "mdbox") -> "Dovecot | None":
        if shutil.which("dovecot") is None or os.getuid() != 0:
            return None
        user = pwd.getpwnam("dovecot")
        for name in ("run", "state", "mail", "home"):
            (folder / name).mkdir(parents=True, exist_ok=True)
            os.chown(folder / name, user.pw_uid, user.pw_gid)
        folder.chmod(0o755)
        text = CONFIG.format(
            folder=folder, user="dovecot", group="dovecot", format=kind, password=PASSWORD,
            port=port, lmtp_port=port + 1,
        )  # fmt: skip
        (folder / "dovecot.conf").write_text(text)
        subprocess.run(["dovecot", "-c", str(folder / "dovecot.conf")], check=True)
        time.sleep(1)
        return cls(folder, port, port + 1)

    def stop(self) -> None:
        subprocess.run(["doveadm", "-c", str(self.folder / "dovecot.conf"), "stop"], check=False)
