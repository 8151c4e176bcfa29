"""A real Cyrus IMAP on a free port of the loopback, with folders below `INBOX.` as it has them by default.

Its package cannot be installed beside Dovecot's, so `.ci/run` unpacks it into a folder of its own. It wants root.
"""

import imaplib
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.http_server import free_port

ROOT = Path(os.environ.get("CYRUS_ROOT", "/opt/cyrus-imapd"))
BIN = ROOT / "usr/lib/cyrus/bin"
USER, PASSWORD = "news", "pw"
MISSING = "no Cyrus here; '.ci/run' unpacks one into /opt/cyrus-imapd as root"
_HOST, _ADMIN = "imap.example.org", "cyrus"
_ENVIRONMENT = {**os.environ, "LD_LIBRARY_PATH": f"{ROOT}/usr/lib/x86_64-linux-gnu:{ROOT}/lib/x86_64-linux-gnu"}


def is_there() -> bool:
    if os.getuid() != 0 or not (BIN / "imapd").exists() or not shutil.which("ldd"):
        return False
    needed = subprocess.run(
        ["ldd", BIN / "imapd", BIN / "master"], env=_ENVIRONMENT, capture_output=True, text=True, check=False
    )
    return "not found" not in needed.stdout


@contextmanager
def cyrus() -> Iterator[int]:
    """The port for plain text; the mailbox is USER's, and empty."""
    with TemporaryDirectory(prefix="cyrus-") as name:
        folder = Path(name)
        port = free_port()
        _prepare(folder, port)
        command = [BIN / "master", "-C", folder / "imapd.conf", "-M", folder / "cyrus.conf", "-p", folder / "pid", "-D"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log, env=_ENVIRONMENT)
        try:
            _make_mailbox(port, folder)
            yield port
        finally:
            server.terminate()
            server.wait(10)


def _prepare(folder: Path, port: int) -> None:
    for inner in ("conf", "spool", "sock"):
        (folder / inner).mkdir()
    (folder / "cyrus.conf").write_text(
        f"""START {{
  recover cmd="{BIN}/ctl_cyrusdb -C {folder}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{BIN}/imapd -C {folder}/imapd.conf" listen="127.0.0.1:{port}" prefork=0 maxchild=20
}}
EVENTS {{ }}
"""
    )
    (folder / "imapd.conf").write_text(
        f"""configdirectory: {folder}/conf
defaultpartition: default
partition-default: {folder}/spool
cyrus_user: nobody
admins: {_ADMIN}
altnamespace: no
unixhierarchysep: no
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {folder}/users
sasl_mech_list: PLAIN LOGIN
hashimapspool: true
lmtpsocket: {folder}/sock/lmtp
idlesocket: {folder}/sock/idle
notifysocket: {folder}/sock/notify
servername: {_HOST}
tls_server_cert: disabled
"""
    )
    for user in (_ADMIN, USER):
        command = [ROOT / "usr/sbin/saslpasswd2", "-p", "-c", "-f", folder / "users", "-u", _HOST, user]
        subprocess.run(command, input=PASSWORD, text=True, env=_ENVIRONMENT, check=True)
    nobody = pwd.getpwnam("nobody")
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _make_mailbox(port: int, folder: Path) -> None:
    for _ in range(150):
        try:
            with imaplib.IMAP4("127.0.0.1", port, timeout=5) as admin:
                admin.login(_ADMIN, PASSWORD)
                assert admin.create(f"user.{USER}")[0] == "OK"
                return
        except (OSError, imaplib.IMAP4.abort):
            time.sleep(0.1)  # a server of its own process says no other way that it is there
    raise RuntimeError("cyrus did not start:\n" + (folder / "log").read_text(encoding="utf-8", errors="replace"))
