"""The mailbox of replies and bounces, by IMAP: each new mail is moved to a folder of its own, then handed on.

Of several processes the one that claims a mail moves and reads it. IMAP itself has no claim to offer: Dovecot lets two
move the same mail, and its conditional STORE (RFC 7162) has two winners when they come together. A mail is marked as
read once it was dealt with, so that what a killed process left behind is found at the next start. One that cannot be
dealt with is tried twice, then set aside, and holds up none behind it. What a mail means is for others to say.
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from imap_tools import AND, BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError, MailboxMoveError

from newsletter.errors import ConfigError, NewsletterError, ReaderUnreadable, StoreError, UnreadableMail
from newsletter.mail.inbound.imap_folders import find_folder, find_or_make_folder, folders_in_words
from newsletter.mail.inbound.parts import MOST_BYTES

TIMEOUT_S = 30.0
MOST_AT_ONCE = 200  # mails of one round
MOST_STORE_ERRORS = 20  # in a row: then it is not one reader's file that is damaged
CLAIMED = "mails-claimed"  # under which the memory keeps who was first, and which mail failed once


class MailboxFailed(NewsletterError):
    """The mailbox could not be read now; the next round tries again."""


@dataclass(frozen=True, slots=True)
class ImapServer:
    host: str
    port: int
    tls: Literal["tls", "starttls", "none"]
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    done: str = "Done"  # the folder for what was read
    failed: str = "Failed"  # the folder for what could not be dealt with


@dataclass(frozen=True, slots=True)
class Failure:
    """A mail that could not be dealt with, for the log and the operator."""

    error: Exception
    folder: str = ""  # where it was set aside; empty: it is tried once more


class Mailbox:
    """`claim` says of a mail, named by a few letters, whether this is the first process ever to ask for it.

    `context`: whom to trust; the machine's own certificates by default.
    """

    def __init__(self, server: ImapServer, claim: Callable[[str], bool], context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._claim = claim
        self._context = context or ssl.create_default_context()
        self._is_first_round = True

    def read(
        self,
        handle: Callable[[bytes], None],
        should_stop: Callable[[], bool] = lambda: False,
        on_failure: Callable[[Failure], None] = lambda failure: None,
    ) -> int:
        """Hands on each new mail, and returns how many were dealt with.

        A mail for which `handle` raises, or at which the server breaks off, comes again once, in whatever process; the
        second time the mail is set aside. `on_failure` gets both. Those behind it are handed on at once. A StoreError
        and a ConfigError are not the mail's fault: it comes again until they are mended, and the first of them is
        raised at the end of the round.

        Raises MailboxFailed if the server cannot be used now, ConfigError if it never will.
        """
        finds_all, self._is_first_round = self._is_first_round, True  # until this round has come to its end
        batch = _Batch(handle, should_stop, on_failure)
        with self._opened() as box:
            self._require_able(box)
            done = self._find_done(box)
            self._enter_inbox(box)
            moved = self._move(box, done, finds_all=finds_all)
            box.folder.set(done)
            unread = box.uids(AND(seen=False))
            batch.waiting = unread if finds_all else [uid for uid in unread if uid in moved]
            self._hand_on(box, done, batch)
        while batch.is_cut_off:  # at one of the mails; those behind it are not to wait
            with self._opened() as box:
                box.folder.set(done)
                self._hand_on(box, done, batch)
        self._is_first_round = batch.is_stopped or bool(batch.held) or batch.comes_again
        if batch.held:
            raise batch.held[0]
        return batch.done

    def check(self) -> str:
        """Logs in, and says in words whether mails could be read and moved. Changes nothing.

        Raises as `read` does.
        """
        server = self._server
        with self._opened() as box:
            self._require_able(box)
            self._enter_inbox(box)
            waiting = len(box.uids(AND(seen=False)))
            states = {True: "is there", False: "will be made"}
            folders = [f"{name} {states[find_folder(box, name) is not None]}" for name in (server.done, server.failed)]
            mails = f"{waiting} new mail{'' if waiting == 1 else 's'} in {server.folder}"
            return f"{server.host} takes the login; {mails}, {', '.join(folders)}"

    def _hand_on(self, box: BaseMailBox, done: str, batch: _Batch) -> None:
        """Hands on what waits, and settles what failed, also before the connection was cut off."""
        self._settle(box, done, batch)
        self._hand_on_each(box, batch)
        if not batch.is_cut_off:
            self._settle(box, done, batch)

    def _hand_on_each(self, box: BaseMailBox, batch: _Batch) -> None:
        """Until one is the last, or the server breaks off."""
        batch.is_cut_off = False
        in_a_row = 0
        while batch.waiting and not batch.is_cut_off:
            batch.is_stopped = batch.should_stop() or in_a_row == MOST_STORE_ERRORS
            if batch.is_stopped:
                return
            uid = batch.waiting.pop(0)
            in_a_row += 1
            try:
                for each in _bytes_of(box, uid):
                    batch.handle(each)
            except ReaderUnreadable as error:  # concerns one reader's mails, however many they are
                batch.held.append(error)
            except (StoreError, ConfigError) as error:
                batch.held.append(error)
                continue
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this mail's and no other's; it is reported
                batch.failed[uid] = error
                batch.is_cut_off = isinstance(error, _CutOff)
            else:
                box.flag(uid, r"\Seen", True)
                batch.done += 1
            in_a_row = 0

    def _settle(self, box: BaseMailBox, done: str, batch: _Batch) -> None:
        """Lets a mail that failed come again, or sets it aside the second time."""
        while batch.failed:
            uid, error = next(iter(batch.failed.items()))
            validity = box.folder.status(done)["UIDVALIDITY"]
            is_first = self._claim(f"failed {validity} {uid}")
            batch.on_failure(Failure(error) if is_first else Failure(error, self._set_aside(box, done, uid)))
            batch.comes_again |= is_first
            del batch.failed[uid]

    def _set_aside(self, box: BaseMailBox, done: str, uid: str) -> str:
        """The folder in which it lies now: unread; or where it was, with a flag, if it cannot be moved."""
        failed = find_or_make_folder(box, self._server.failed)
        if failed is not None:
            with suppress(MailboxMoveError):
                box.move(uid, failed)
                return failed
        box.flag(uid, [r"\Seen", r"\Flagged"], True)
        return done

    @contextmanager
    def _opened(self) -> Iterator[BaseMailBox]:
        server = self._server
        try:
            box = self._connect()
            try:
                self._enter(box)
                yield box
            finally:
                _leave(box)
        except MailboxLoginError as error:
            raise ConfigError(
                f"{server.host} refuses the login; set NEWSLETTER_IMAP_USER and NEWSLETTER_IMAP_PASSWORD anew"
            ) from error
        except MailboxFolderSelectError as error:
            raise ConfigError(
                f"{server.host} has no folder {server.folder} that can be opened; set NEWSLETTER_IMAP_FOLDER to one"
            ) from error
        except ssl.SSLCertVerificationError as error:
            raise ConfigError(
                f"the certificate of {server.host} is not to be trusted ({error.verify_message}); "
                "set NEWSLETTER_IMAP_HOST to the name in it"
            ) from error
        except (ImapToolsError, OSError, imaplib.IMAP4.error) as error:
            raise MailboxFailed(f"{server.host} could not be read by IMAP: {_words(error)}") from error

    def _connect(self) -> BaseMailBox:
        host, port = self._server.host, self._server.port
        if self._server.tls == "tls":
            return MailBox(host, port, timeout=TIMEOUT_S, ssl_context=self._context)
        return MailBoxUnencrypted(host, port, timeout=TIMEOUT_S)

    def _enter(self, box: BaseMailBox) -> None:
        if self._server.tls == "starttls":
            box.client.starttls(self._context)
        user, password = self._server.user, self._server.password
        login = box.login if (user + password).isascii() else box.login_utf8  # IMAP's LOGIN is ASCII
        login(user, password, None)
        _, lines = box.client.capability()  # a server may offer more after the login
        box.client.capabilities = tuple(lines[-1].decode("ascii", "replace").upper().split())

    def _require_able(self, box: BaseMailBox) -> None:
        able = {str(name).upper() for name in box.client.capabilities}
        if missing := {"MOVE", "UIDPLUS"} - able:
            raise ConfigError(
                f"{self._server.host} cannot move a mail and tell where to (no IMAP {', '.join(sorted(missing))}); "
                "let another mailbox get the replies"
            )

    def _enter_inbox(self, box: BaseMailBox) -> None:
        inbox = find_folder(box, self._server.folder)
        if inbox is None:
            raise ConfigError(
                f"{self._server.host} has no folder {self._server.folder}; "
                f"set NEWSLETTER_IMAP_FOLDER to one that it has ({folders_in_words(box)})"
            )
        box.folder.set(inbox)

    def _find_done(self, box: BaseMailBox) -> str:
        """The full name of the folder that mail is moved to, which is made if it is not there."""
        done = find_or_make_folder(box, self._server.done)
        if done is None:
            raise ConfigError(
                f"{self._server.host} has no folder {self._server.done} and makes none; "
                f"set NEWSLETTER_IMAP_DONE to one that it has ({folders_in_words(box)})"
            )
        return done

    def _move(self, box: BaseMailBox, done: str, *, finds_all: bool) -> set[str]:
        """The places of the mails that this process has moved; with `finds_all` also what others have claimed."""
        mine = set()
        validity = box.folder.status()["UIDVALIDITY"]
        for uid in box.uids(AND(seen=False))[:MOST_AT_ONCE]:
            if not (self._claim(f"{validity} {uid}") or finds_all):
                continue
            box.client.response("COPYUID")  # forgets the one before
            with suppress(MailboxMoveError):  # somebody has moved it since, be it a person
                box.move(uid, done)
            _, copied = box.client.response("COPYUID")
            if copied and isinstance(copied[-1], bytes):  # "validity from to"
                mine.add(copied[-1].split()[-1].decode("ascii"))
        return mine


@dataclass(slots=True)
class _Batch:
    """The mails of a round, who takes them, and what became of them. `held`: what is not the mails' fault."""

    handle: Callable[[bytes], None]
    should_stop: Callable[[], bool]
    on_failure: Callable[[Failure], None]
    waiting: list[str] = field(default_factory=list)
    done: int = 0
    failed: dict[str, Exception] = field(default_factory=dict)
    held: list[StoreError | ConfigError] = field(default_factory=list)
    is_stopped: bool = False
    is_cut_off: bool = False  # the server ended the connection when it was asked for the mail that failed last
    comes_again: bool = False


class _CutOff(UnreadableMail):
    pass


def _words(error: Exception) -> str:
    """What the system or the server says, bounded; the libraries' own errors may hold what was sent."""
    reason = error.strerror if isinstance(error, OSError) else None
    return f"{reason} ({type(error).__name__})" if reason else type(error).__name__


def _leave(box: BaseMailBox) -> None:
    with suppress(ImapToolsError, OSError, imaplib.IMAP4.error):
        box.logout()
    with suppress(OSError):
        box.client.shutdown()


def _bytes_of(box: BaseMailBox, uid: str) -> list[bytes]:
    """As much of the mail as is looked at; nothing if somebody has taken it away since. Raises UnreadableMail."""
    try:
        status, parts = box.client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
    except (imaplib.IMAP4.abort, OSError) as error:
        raise _CutOff("the server breaks off when it is asked for it") from error
    except imaplib.IMAP4.error as error:
        raise UnreadableMail("the server does not hand it out") from error
    if status != "OK":
        raise UnreadableMail("the server does not hand it out")
    return [part[1] for part in parts if isinstance(part, tuple) and isinstance(part[1], bytes)]
