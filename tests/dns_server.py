"""A small recursive name server on loopback, by UDP and TCP, with a zone written as lines of `name TYPE data`."""

import socketserver
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

SMALL = 512  # octets; more goes by TCP (RFC 1035 §4.2.1)


@dataclass
class Zone:
    """`broken` names are answered with SERVFAIL, `silent` ones not at all."""

    text: str
    broken: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    records: dict[tuple[str, str], list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.records = {}
        for line in filter(None, map(str.strip, self.text.splitlines())):
            name, kind, data = line.split(None, 2)
            self.records.setdefault((name.lower(), kind), []).append(data)

    def answer(self, wire: bytes) -> dns.message.Message | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        if name in self.silent:
            return None
        response = dns.message.make_response(query, recursion_available=True)
        if name in self.broken:
            response.set_rcode(dns.rcode.SERVFAIL)
            return response
        while (target := self.records.get((name, "CNAME"))) and kind != "CNAME":
            self._add(response, name, "CNAME", target)
            name = target[0].rstrip(".").lower()
        if data := self.records.get((name, kind)):
            self._add(response, name, kind, data)
        elif not any(known == name for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response

    @staticmethod
    def _add(response: dns.message.Message, name: str, kind: str, data: list[str]) -> None:
        response.answer.append(dns.rrset.from_text_list(dns.name.from_text(name), 60, "IN", kind, data))


class _Udp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, socket = self.request
        response = self.server.zone.answer(wire)  # type: ignore[attr-defined]
        if response is None:
            return
        answer = response.to_wire(max_size=65_535)
        if len(answer) > SMALL:
            response.answer.clear()
            response.flags |= dns.flags.TC
            answer = response.to_wire()
        socket.sendto(answer, self.client_address)


class _Tcp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        (size,) = struct.unpack("!H", self.rfile.read(2))
        response = self.server.zone.answer(self.rfile.read(size))  # type: ignore[attr-defined]
        if response is not None:
            wire = response.to_wire(max_size=65_535)
            self.wfile.write(struct.pack("!H", len(wire)) + wire)


class _TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class _UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True


@contextmanager
def serve(zone: Zone) -> Iterator[str]:
    """Gives `127.0.0.1:PORT`."""
    with _TcpServer(("127.0.0.1", 0), _Tcp) as tcp, _UdpServer(tcp.server_address, _Udp) as udp:  # type: ignore[arg-type]
        for server in (tcp, udp):
            server.zone = zone  # type: ignore[attr-defined]
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield f"127.0.0.1:{tcp.server_address[1]}"
        finally:
            for server in (tcp, udp):
                server.shutdown()
