"""A mail server that keeps what it is given; so much of SMTP as a client needs (RFC 5321, AUTH PLAIN)."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class SmtpServer:
    """password: what AUTH must bring; empty for none. refuses: answers no to every recipient."""

    def __init__(self, *, password: str = "", refuses: bool = False) -> None:
        self.password = password
        self.refuses = refuses
        self.port = 0
        self.messages: list[EmailMessage] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        writer.write(b"220 local\r\n")
        while line := (await reader.readline()).decode().strip():
            answer = await self._answer(line, reader, writer)
            writer.write(answer.encode() + b"\r\n")
            await writer.drain()
            if line.upper() == "QUIT":
                break
        writer.close()

    async def _answer(self, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        verb = line.upper().split(" ")[0]
        if verb == "EHLO":
            return "250-local\r\n250 AUTH PLAIN"
        if verb == "AUTH":
            given = base64.b64decode(line.split(" ")[2]).decode().split("\0")[-1]
            return "235 ok" if given == self.password else "535 no"
        if verb == "RCPT" and self.refuses:
            return "550 nobody here"
        if verb == "DATA":
            writer.write(b"354 go on\r\n")
            body = await reader.readuntil(b"\r\n.\r\n")
            self.messages.append(message_from_bytes(body[:-5].replace(b"\r\n..", b"\r\n."), policy=policy.default))
            return "250 kept"
        return "221 bye" if verb == "QUIT" else "250 ok"


@asynccontextmanager
async def running_smtp(server: SmtpServer, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[SmtpServer]:
    """The server on a free port of this machine; with `tls` it is encrypted from the first byte."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
