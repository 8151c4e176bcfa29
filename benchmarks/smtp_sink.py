"""A mail server that takes every mail and keeps none. Started by bench_growth.py, which asks it how many there were.

python benchmarks/smtp_sink.py     prints its port, then three counts for each line on standard input, a domain or none:
                                   all mails, readers with more than one, readers of that domain with just one
"""

import asyncio
import sys
from collections import Counter

from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    """Counts the mails of each recipient."""

    def __init__(self) -> None:
        self.mails: Counter[str] = Counter()
        self.total = self.twice = 0  # counted along: it is asked ten times a second

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        for who in envelope.rcpt_tos:
            self.mails[who] += 1
            self.total += 1
            self.twice += self.mails[who] == 2
        return "250 taken"

    def tell(self) -> None:
        """Answers one line of standard input."""
        if not (line := sys.stdin.readline()):
            asyncio.get_running_loop().stop()
        domain = line.strip()
        ones = (who for who, count in self.mails.items() if count == 1) if domain else ()
        print(self.total, self.twice, sum(who.endswith(f"@{domain}") for who in ones), flush=True)


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
