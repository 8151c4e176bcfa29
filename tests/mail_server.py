"""A real mail server (aiosmtpd) on loopback that does what a test tells it to, and keeps what it took.

`MailHost` runs the event loop; each `serve` listens on a port of its own and gives the `Postmaster` of that port.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from threading import Condition, Thread
from typing import Any, TypeVar

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "postmaster", "correct horse"


class Do(Enum):
    """What a server can do instead of answering."""

    DROP = "cut the line"
    HANG = "never answer"
    KEEP_AND_DROP = "take the mail, then cut the line"
    KEEP_AND_HANG = "take the mail, then never answer"


@dataclass(frozen=True)
class Arrived:
    envelope_from: str
    to: tuple[str, ...]
    raw: bytes  # with the dots as they were before stuffing
    connection: int  # from 1
    options: tuple[str, ...]


class Postmaster:
    """`on` scripts the next answers of a stage: CONNECT, EHLO, AUTH, MAIL, RCPT, DATA or END."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[Arrived] = []
        self.connections: list[Scripted] = []
        self.quits = 0
        self.offered = 0  # MAIL commands
        self._acts: dict[str, list[str | Do]] = defaultdict(list)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._arrival = Condition()

    def wait_for(self, mails: int, timeout_s: float = 60.0) -> None:
        """Waits until so many mails have arrived."""
        with self._arrival:
            assert self._arrival.wait_for(lambda: len(self.mails) >= mails, timeout_s), f"{len(self.mails)} of {mails}"

    def on(self, stage: str, *acts: str | Do) -> None:
        self._acts[stage] += acts

    def forget_script(self) -> None:
        self._acts.clear()

    def refuse(self, address: str, reply: str) -> None:
        self._acts[f"RCPT {address}"] = [reply] * 100

    def close_idle(self, goodbye: str = "") -> None:
        """What servers do with a connection that is silent for long."""

        async def close() -> None:
            for connection in self.connections:
                if connection.transport is not None and not connection.transport.is_closing():
                    if goodbye:
                        connection.transport.write(goodbye.encode() + b"\r\n")
                    connection.transport.close()

        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(close(), self._loop).result(10)

    def next_act(self, stage: str) -> str | Do | None:
        return self._acts[stage].pop(0) if self._acts[stage] else None

    async def answer(self, server: SMTP, stage: str) -> str | None:
        act = self.next_act(stage)
        return await self.do(server, act) if isinstance(act, Do) else act

    async def do(self, server: SMTP, act: Do) -> str:
        if act in (Do.DROP, Do.KEEP_AND_DROP):
            server.transport.abort()
        await asyncio.Future()  # until the line is cut, by whichever side
        raise AssertionError("nobody ends this")

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.offered += 1
        if reply := await self.answer(server, "MAIL"):
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := await self.answer(server, f"RCPT {address}") or await self.answer(server, "RCPT"):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: Scripted, session: Session, envelope: Envelope) -> str:
        act = self.next_act("END")
        if act in (None, Do.KEEP_AND_DROP, Do.KEEP_AND_HANG) or str(act).startswith("250"):
            assert isinstance(envelope.content, bytes)
            assert isinstance(envelope.mail_from, str)
            number = self.connections.index(server.first) + 1
            options = tuple(envelope.mail_options)
            mail = Arrived(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content, number, options)
            with self._arrival:
                self.mails.append(mail)
                self._arrival.notify_all()
        if isinstance(act, Do):
            return await self.do(server, act)
        return act or f"250 2.0.0 Ok: queued as Q{len(self.mails)}"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.quits += 1
        return "221 2.0.0 Bye"


class Scripted(SMTP):
    """aiosmtpd's server, which can also be told how to greet and how to answer EHLO, AUTH and DATA."""

    def __init__(self, postmaster: Postmaster, **options: Any) -> None:
        self.postmaster = postmaster
        super().__init__(postmaster, hostname="mail.example.org", ident="ESMTP", **options)
        self.first = self
        self._has_greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self not in self.postmaster.connections:
            self.postmaster.connections.append(self)
        super().connection_made(transport)

    async def push(self, status: str | bytes) -> None:
        if not self._has_greeted:
            self._has_greeted = True
            status = await self.postmaster.answer(self, "CONNECT") or status
        await super().push(status)

    async def smtp_EHLO(self, hostname: str) -> None:
        if reply := await self.postmaster.answer(self, "EHLO"):
            await self.push(reply)
        else:
            await super().smtp_EHLO(hostname)

    async def smtp_AUTH(self, arg: str) -> None:
        if reply := await self.postmaster.answer(self, "AUTH"):
            await self.push(reply)
        else:
            await super().smtp_AUTH(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if reply := await self.postmaster.answer(self, "DATA"):
            await self.push(reply)
        else:
            await super().smtp_DATA(arg)


def knows(server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any) -> AuthResult:
    assert isinstance(login, LoginPassword)
    is_right = (login.login, login.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)


Somebody = TypeVar("Somebody", bound=Postmaster)


class MailHost:
    """An event loop in a thread, for as many servers as tests want."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @contextmanager
    def serve(
        self, *, tls: ssl.SSLContext | None = None, implicit: bool = False, **options: Any
    ) -> Iterator[Postmaster]:
        """`tls` offers STARTTLS, or with `implicit` begins with TLS; other options are aiosmtpd's."""
        with self.serve_by(Postmaster(), tls=tls, implicit=implicit, **options) as postmaster:
            yield postmaster

    @contextmanager
    def serve_by(
        self, postmaster: Somebody, *, tls: ssl.SSLContext | None = None, implicit: bool = False, **options: Any
    ) -> Iterator[Somebody]:
        """The same with a postmaster of one's own."""
        postmaster._loop = self._loop

        def protocol() -> SMTP:
            return Scripted(
                postmaster, loop=self._loop, tls_context=None if implicit else tls, enable_SMTPUTF8=False, **options
            )

        async def listen() -> asyncio.Server:
            return await self._loop.create_server(protocol, "127.0.0.1", 0, ssl=tls if implicit else None)

        server = self._run(listen())
        postmaster.port = server.sockets[0].getsockname()[1]
        try:
            yield postmaster
        finally:
            self._run(self._close(server, postmaster))

    async def _close(self, server: asyncio.Server, postmaster: Postmaster) -> None:
        server.close()
        for connection in postmaster.connections:
            if connection.transport is not None:
                connection.transport.abort()
        await server.wait_closed()
        tasks = [c._handler_coroutine for c in postmaster.connections if c._handler_coroutine is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)
