"""Greet a mail server that a customer has named: connect, encrypt, sign in, say goodbye. Sends nothing.

The addresses of its name are judged before anything connects, and the connection goes to the very address that was.
"""

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass

from privexbot_app.kit.errors import UpstreamFailedError
from privexbot_app.kit.http import HttpClient, OutboundPolicy, parse_url

MAIL_PORTS = frozenset({25, 465, 587, 2465, 2525, 2587})
WAIT_SECONDS = 15.0


class MailServerRefusedError(UpstreamFailedError):
    """The mail server cannot be reached, does not speak as it should, or does not know the user."""

    code = "mail_server_refused"


@dataclass(frozen=True)
class MailServer:
    """Where, and as whom. is_tls: encrypted from the first byte; else by STARTTLS."""

    host: str
    port: int
    is_tls: bool
    username: str
    password: str


async def greet(http: HttpClient, server: MailServer) -> None:
    """Raises MailServerRefusedError, UrlNotAllowedError, HostNotFoundError."""
    guard = http.guard(OutboundPolicy.PUBLIC_ONLY, public_ports=MAIL_PORTS)
    addresses = await guard.resolve(parse_url(f"https://{server.host}:{server.port}/"))
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await _sign_in(server, await _connect(addresses, server.port))
    except TimeoutError as error:
        raise MailServerRefusedError("The mail server does not answer.") from error
    except OSError as error:
        raise MailServerRefusedError("The mail server cannot be reached.", error=type(error).__name__) from error


async def _connect(addresses: list[str], port: int) -> socket.socket:
    for address in addresses[:-1]:
        with suppress(OSError):
            return await _connect_to(address, port)
    return await _connect_to(addresses[-1], port)


async def _connect_to(address: str, port: int) -> socket.socket:
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(connection, (address, port))
    except BaseException:
        connection.close()
        raise
    return connection


async def _sign_in(server: MailServer, connection: socket.socket) -> None:
    import aiosmtplib  # noqa: PLC0415 - most processes speak to no mail server

    client = aiosmtplib.SMTP(
        hostname=server.host,
        sock=connection,
        use_tls=server.is_tls,
        start_tls=not server.is_tls,
        timeout=WAIT_SECONDS,
    )
    try:
        async with client:
            if server.username:
                await client.login(server.username, server.password)
    except aiosmtplib.SMTPAuthenticationError as error:
        raise MailServerRefusedError("The mail server does not accept this user name and password.") from error
    except aiosmtplib.SMTPException as error:
        raise MailServerRefusedError(
            "The mail server did not greet us as it should.", error=type(error).__name__
        ) from error
    finally:
        connection.close()
