"""A key service that speaks enough of AWS KMS over TLS: Encrypt and Decrypt under keys that never leave it."""

import asyncio
import base64
import ipaddress
import json
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID


class FakeKms:
    """Answers TrentService.Encrypt and TrentService.Decrypt; counts them, and refuses when it is told to."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.refuses = False
        self._keys: dict[str, AESGCM] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        fields = dict(line.split(":", 1) for line in head.split("\r\n")[1:] if line)
        body = json.loads(await reader.readexactly(int(fields["content-length"])))
        action = fields["x-amz-target"].strip()
        self.calls.append(action)
        status, answer = self._answer(action, body)
        content = json.dumps(answer).encode()
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(content), content))
        await writer.drain()
        writer.close()

    def _answer(self, action: str, body: dict[str, str]) -> tuple[int, dict[str, str]]:
        if self.refuses:
            return 400, {"__type": "AccessDeniedException"}
        if action == "trentservice.encrypt":
            key = self._keys.setdefault(body["KeyId"], AESGCM(os.urandom(32)))
            nonce = os.urandom(12)
            name = body["KeyId"].encode()
            closed = name + b"\0" + nonce + key.encrypt(nonce, base64.b64decode(body["Plaintext"]), None)
            return 200, {"KeyId": body["KeyId"], "CiphertextBlob": base64.b64encode(closed).decode()}
        name, _, rest = base64.b64decode(body["CiphertextBlob"]).partition(b"\0")
        try:
            opened = self._keys[name.decode()].decrypt(rest[:12], rest[12:], None)
        except (KeyError, InvalidTag):
            return 400, {"__type": "InvalidCiphertextException"}
        return 200, {"KeyId": name.decode(), "Plaintext": base64.b64encode(opened).decode()}


@asynccontextmanager
async def fake_kms(folder: Path) -> AsyncIterator[tuple[FakeKms, str, Path]]:
    """The service, its host and port, and the file of the authority that vouches for it."""
    certificate, private = _certificate(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, private)
    kms = FakeKms()
    server = await asyncio.start_server(kms.serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield kms, f"127.0.0.1:{server.sockets[0].getsockname()[1]}", certificate


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kms.exemple.invalid")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    builder = builder.add_extension(address, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate, private = folder / "kms.pem", folder / "kms.key"
    certificate.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private
