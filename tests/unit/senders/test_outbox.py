"""What a killed writer left in the outbox goes with the next try at the same mail, and with no other's."""

from email.message import EmailMessage
from pathlib import Path

from newsletter.model import Message
from newsletter.senders.outbox import OutboxSender
from tests import make

IDS = ["s_aaaa2222/2026-11-24", "s_aaaa22223/2026-11-24", "s_bbbb2222/2026-11-24"]


def mail(delivery_id: str) -> Message:
    mime = EmailMessage()
    mime.set_content("Papers.")
    return Message(delivery_id, "reader@example.org", mime)


def leftovers(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.suffix == ".tmp"}


def test_what_a_killed_try_left_goes_with_the_next_try_at_that_mail(tmp_path: Path) -> None:
    names = {each: f".2026-11-24_{each.partition('/')[0]}.eml.x1y2.tmp" for each in IDS}
    for name in [*names.values(), ".another_program.tmp"]:
        (tmp_path / name).write_bytes(b"half a ma")
    sender = OutboxSender(tmp_path, lambda: make.NOW)
    left = {*names.values(), ".another_program.tmp"}
    for delivery_id in IDS:
        sender.send(mail(delivery_id))
        left.discard(names[delivery_id])
        assert leftovers(tmp_path) == left
