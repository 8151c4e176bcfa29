"""One mailed "pause" or "unsubscribe" with few and with many readers: it should cost the same, as it is one reader's.

    python -m benchmarks.bench_reply [--readers 10 1000]

Each mail is another reader's. "first" is the first mail of a process, which has to read subscribers.yaml and so grows
with it; the others come later to the same process, as in `newsletter serve` and `newsletter inbox`.
"""

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks.cost_counter import measure, print_costs
from newsletter import app
from newsletter.addresses import subscriber_id
from newsletter.mail.inbound.writer import Envelope
from newsletter.settings import Settings
from newsletter.signing import Purpose, Signer

TODAY = app.utc_now()  # a tag is good for some time from its date on
KEY = "0123456789" * 4
READER = """  - email: reader{number}@example.org
    categories: [cs.LG, cs.AI]
    topics:
      - {{name: Attention, relevant: "State space models, and what they can compute.", irrelevant: Faster kernels.}}
      - {{name: Mixtures, relevant: Another wish of this reader in a sentence of its own.}}
    keywords: {{like: [mixture of experts]}}
    pinned_authors: [Albert Gu]
"""


def mail(number: int, command: str) -> bytes:
    tag = Signer([KEY]).tag(Purpose.REPLY, subscriber_id(f"reader{number}@example.org"), TODAY.date())
    return (
        f"From: reader{number}@example.org\r\nTo: news+{tag}@example.org\r\nSubject: Re: digest\r\n"
        f"Message-ID: <{number}@example.org>\r\nDate: {TODAY:%a, %d %b %Y %H:%M:%S} +0000\r\n"
        f"Content-Type: text/plain\r\n\r\n{command}\r\n"
    ).encode()


def open_mailbox(folder: Path, readers: int) -> Callable[[str], None]:
    """What writes a command in the name of the next reader of a newsletter with so many."""
    folder.mkdir()
    path = folder / "subscribers.yaml"
    path.write_text("subscribers:\n" + "".join(READER.format(number=number) for number in range(readers)))
    places = {"state": folder / "state", "outbox": folder / "outbox", "subscribers": path}
    handle = app.build_mail_handler(Settings(_env_file=None, sender="news@example.org", secret_keys=KEY, **places))
    numbers = count()

    def write(command: str) -> None:
        outcome = handle(mail(next(numbers), command), Envelope())
        assert f": {command}" in outcome, outcome

    return write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, nargs="+", default=[10, 1000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        mailboxes = [open_mailbox(Path(folder) / str(readers), readers) for readers in options.readers]
        print(f"{options.readers} readers; time of the processor, files opened, ratio to the first")
        print_costs("first", [measure(partial(write, "pause"), rounds=1) for write in mailboxes])
        for command in ("pause", "unsubscribe"):
            print_costs(command, [measure(partial(write, command), rounds=4) for write in mailboxes])


if __name__ == "__main__":
    main()
