"""A mail server that takes every mail and keeps none. Started by bench_growth.py, which asks it how many there were.

python benchmarks/smtp_sink.py     prints its port, then for each line on standard input the count so far
"""

import asyncio
import sys
from collections import Counter

from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    """Counts the mails of each recipient."""

    def __init__(self) -> None:
        self.mails: Counter[str] = Counter()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.mails.update(envelope.rcpt_tos)
        return "250 taken"

    def tell(self) -> None:
        """Prints how many mails came, and how many readers got more than one."""
        if not sys.stdin.readline():
            asyncio.get_running_loop().stop()
        print(self.mails.total(), sum(count > 1 for count in self.mails.values()), flush=True)


async def listen(sink: Sink) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, hostname="localhost", loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop.add_reader(sys.stdin, sink.tell)


def main() -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(listen(Sink()))
    loop.run_forever()


if __name__ == "__main__":
    main()
