"""A mail server that takes every mail and keeps none. Started by bench_growth.py, which asks it how many there were.

python benchmarks/smtp_sink.py     prints its port, then three counts for each line on standard input, a domain or none:
                                   all mails, readers with more than one, readers of that domain with just one

It shares the machine with what is measured, so it does no more with a mail than to find its end: half a millisecond,
where aiosmtpd, which the tests use, reads each of the lines and takes four.
"""

import asyncio
import sys
from collections import Counter

HELLO = b"250-localhost\r\n250-8BITMIME\r\n250 SIZE 33554432\r\n"
END = b"\r\n.\r\n"  # RFC 5321 §4.1.1.4


class Counts:
    """Counts the mails of each recipient."""

    def __init__(self) -> None:
        self.mails: Counter[str] = Counter()
        self.total = self.twice = 0  # counted along: it is asked ten times a second

    def add(self, who: str) -> None:
        self.mails[who] += 1
        self.total += 1
        self.twice += self.mails[who] == 2

    def tell(self) -> None:
        """Answers one line of standard input."""
        if not (line := sys.stdin.readline()):
            asyncio.get_running_loop().stop()
        domain = line.strip()
        ones = (who for who, count in self.mails.items() if count == 1) if domain else ()
        print(self.total, self.twice, sum(who.endswith(f"@{domain}") for who in ones), flush=True)


class Connection(asyncio.Protocol):
    """One client, which waits for each answer: nothing comes behind a command or the end of a mail."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._recipient = ""
        self._line = bytearray()
        self._tail: bytes | None = None  # the last few bytes of the mail that comes in; None between two mails

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 localhost\r\n")

    def data_received(self, data: bytes) -> None:
        if self._tail is not None:
            self._tail = (self._tail + data[-len(END) :])[-len(END) :]
            if self._tail == END:
                self._tail = None
                self._counts.add(self._recipient)
                self._transport.write(b"250 taken\r\n")
            return
        self._line += data
        if self._line.endswith(b"\r\n"):
            self._obey(bytes(self._line).decode("ascii"))
            self._line.clear()

    def _obey(self, line: str) -> None:
        match line[:4].upper():
            case "EHLO":
                self._transport.write(HELLO)
            case "DATA":
                self._tail = b"\r\n"
                self._transport.write(b"354 go on\r\n")
            case "QUIT":
                self._transport.write(b"221 bye\r\n")
                self._transport.close()
            case command:
                if command == "RCPT":
                    self._recipient = line[line.index("<") + 1 : line.index(">")]
                self._transport.write(b"250 ok\r\n")


async def listen(counts: Counts) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(counts), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop.add_reader(sys.stdin, counts.tell)


def main() -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(listen(Counts()))
    loop.run_forever()


if __name__ == "__main__":
    main()
