"""Encrypted connections to a judged address: the certificate must be for the name, not for the address."""

import asyncio
import datetime
import ssl
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from privexbot_app.kit.http import FetchFailedError, HttpClient, OutboundPolicy


class OneServer(httpcore.AnyIOBackend):
    """Takes every connection to one local port."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        return await super().connect_tcp("127.0.0.1", self.port, timeout, local_address, socket_options)


def write_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for `name`, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = folder / "certificate.pem", folder / "key.pem"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_path, key_path


async def test_the_certificate_is_checked_against_the_name(tmp_path, monkeypatch):

    certificate, key = write_certificate(tmp_path, "shop.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    asked_for = []
    context.sni_callback = lambda _, name, __: asked_for.append(name)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()

    async def resolver(host: str) -> list[str]:
        return ["93.184.216.34"]

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    client = HttpClient(resolver=resolver, network=OneServer(server.sockets[0].getsockname()[1]))
    limits = {"policy": OutboundPolicy.PUBLIC_ONLY, "max_bytes": 100, "timeout_seconds": 20.0}
    assert (await client.fetch("https://shop.example/", **limits)).body == b"ok"
    assert asked_for == ["shop.example"]
    with pytest.raises(FetchFailedError):
        await client.fetch("https://other.example/", **limits)
    await client.close()
    server.close()
