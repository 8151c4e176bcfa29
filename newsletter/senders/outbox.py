"""Delivers into a folder: each mail becomes an `.eml` file, with the same digest as `.html` beside it to look at.

The `.eml` is written last and is the evidence that the mail was accepted. Nothing leaves the machine. File names
are `<digest_on>_<subscriber_id>`, and `service_<key>` for a service mail; all of it is readable by its owner only,
since mails hold addresses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.policy import SMTP
from pathlib import Path

from newsletter.errors import SendDeferred, SendRejected
from newsletter.files import atomic
from newsletter.model import Accepted, Evidence, Message
from newsletter.senders import do_nothing
from newsletter.senders.wire import to_bytes

_DELIVERY_ID = re.compile(r"(?P<subscriber_id>[A-Za-z0-9_-]{1,100})/(?P<digest_on>\d{4}-\d\d-\d\d)")
_SERVICE_ID = re.compile(r"service/(?P<key>[A-Za-z0-9.-]{1,100})")
_RETRY_AFTER_S = 15 * 60.0  # an operator has to free the disk or mend the folder


class OutboxSender:
    """A Sender (see senders/__init__.py). Sending a mail that is already there changes nothing and is accepted."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._clock = clock
        self._leftovers: list[Path] | None = None  # not looked for yet
        # Made early, so that a missing folder later means a missing disk. What is in its way is said by each send.
        with suppress(OSError):
            atomic.make_folder(folder)

    @property
    def name(self) -> str:
        """With its folder: another outbox that has no such file proves nothing."""
        return f"outbox:{self._folder.resolve()}"

    def send(self, message: Message, *, on_hand_over: Callable[[], None] = do_nothing) -> Accepted:
        eml = self._eml(message.delivery_id)
        if eml is None:
            raise SendRejected(
                message.delivery_id, f"{message.delivery_id!a} cannot be a file name; correct the subscriber's id"
            )
        try:
            if not eml.exists():
                on_hand_over()
                self._write(message, eml)
        except OSError as error:
            raise SendDeferred(
                message.delivery_id,
                f"the mail of {message.delivery_id} could not be written to {self._folder} "
                f"({error.strerror or error}); check the disk's free space and the folder's owner",
                retry_after_s=_RETRY_AFTER_S,
            ) from error
        return Accepted(receipt=str(eml), at=self._clock())

    def find(self, delivery_id: str) -> Evidence:
        """Cannot tell when the folder itself is not there: it may be on a disk that is not mounted."""
        eml = self._eml(delivery_id)
        if eml is None:
            return Evidence(accepted=False)
        try:
            names = {path.name for path in self._folder.iterdir()}
        except OSError:
            return Evidence(accepted=None)
        return Evidence(accepted=True, receipt=str(eml)) if eml.name in names else Evidence(accepted=False)

    def close(self) -> None:
        """Nothing is kept open."""

    def _write(self, message: Message, eml: Path) -> None:
        atomic.make_folder(self._folder)
        self._remove_leftovers(eml.stem)
        html = message.mime.get_body(("html",))
        if html is not None:
            page = html.get_content().encode("utf-8")
            atomic.write_whole(eml.with_suffix(".html"), page, temp_folder=self._folder)
        atomic.write_whole(eml, to_bytes(message.mime, SMTP), temp_folder=self._folder)

    def _remove_leftovers(self, stem: str) -> None:
        """Removes what an earlier try at this mail left that was killed: before this sender was there, or never.

        The folder is looked through once, as it has the mails of months.
        """
        if self._leftovers is None:
            self._leftovers = atomic.find_leftovers(self._folder)
        for path in self._leftovers:
            if path.name.startswith(f".{stem}."):
                path.unlink(missing_ok=True)

    def _eml(self, delivery_id: str) -> Path | None:
        if service := _SERVICE_ID.fullmatch(delivery_id):
            return self._folder / f"service_{service['key']}.eml"
        match = _DELIVERY_ID.fullmatch(delivery_id)
        if match is None:
            return None
        return self._folder / f"{match['digest_on']}_{match['subscriber_id']}.eml"
