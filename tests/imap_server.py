"""A real Dovecot on a free port of the loopback, as an ordinary user, with one mailbox in a folder of its own."""

import getpass
import grp
import os
import pwd
import select
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme

from tests.http_server import free_port

USER, PASSWORD = "news", "a password"
BELOW_INBOX = "namespace inbox {{\n inbox = yes\n prefix = INBOX{0}\n separator = {0}\n}}\n"
NO_NAMESPACE = "imap_capability = IMAP4rev1 SASL-IR LITERAL+ MOVE UIDPLUS\n"
MISSING = "no Dovecot here; 'apt-get install dovecot-imapd' brings it"


def is_there() -> bool:
    return shutil.which("dovecot") is not None


@contextmanager
def dovecot(more: str = "") -> Iterator[tuple[int, int, trustme.CA]]:
    """The ports for plain text (with STARTTLS) and for TLS, and whom to trust. `more` is put behind its settings."""
    with TemporaryDirectory(prefix="dovecot-") as name:
        Path(name).chmod(0o755)  # its processes have users of their own
        with _running(Path(name), more) as running:
            yield running


@contextmanager
def _running(folder: Path, more: str) -> Iterator[tuple[int, int, trustme.CA]]:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(folder / "cert.pem")
    plain, tls = free_port(), free_port()
    config = folder / "dovecot.conf"
    config.write_text(_config(folder, plain, tls) + more, encoding="utf-8")
    (folder / "mail").mkdir()
    os.chown(folder / "mail", *_owner())
    (folder / "passwd").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(["dovecot", "-F", "-c", str(config)], stdout=log, stderr=log)
    try:
        _wait(plain, folder)
        yield plain, tls, authority
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def that_breaks_off_at(word: bytes, port: int) -> Iterator[int]:
    """The port of a server that hands everything on to that one, and hangs up when a mail with this word would come."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("localhost", port)) as server:
                while True:
                    ready, _, _ = select.select([self.request, server], [], [])
                    for one in ready:
                        data = one.recv(65_536)
                        if not data or (one is server and word in data):
                            return
                        (server if one is self.request else self.request).sendall(data)

    class Proxy(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Proxy(("localhost", 0), Handler) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy.server_address[1]
        finally:
            proxy.shutdown()
            thread.join()


def _config(folder: Path, plain: int, tls: int) -> str:
    user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    # it talks to nobody as root, whoever starts it
    internal, login = ("dovecot", "dovenull") if os.getuid() == 0 else (user, user)
    uid, gid = _owner()
    return f"""
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {group}
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/cert.pem
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/box
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = passwd-file
  args = {folder}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
"""


def _owner() -> tuple[int, int]:
    """Of the mail: Dovecot lets nobody be root."""
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _wait(port: int, folder: Path) -> None:
    for _ in range(100):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)  # a server of its own process says no other way that it is there
    said = [path.read_text(encoding="utf-8") for path in (folder / "log", folder / "dovecot.log") if path.exists()]
    raise RuntimeError("dovecot did not start:\n" + "\n".join(said))
