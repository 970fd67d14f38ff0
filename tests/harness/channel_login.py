"""A login on loopback that msal accepts: https with a certificate authority of its own, path `/adfs`."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = timedelta(days=2)


class FakeLogin:
    """Gives tokens to one app, counts how often, and knows its own tokens again."""

    def __init__(self, folder: Path, *, app_id: str, secret: str) -> None:
        self.ca_bundle = folder / "login-ca.pem"
        self._certificate = folder / "login.pem"
        self._app_id = app_id
        self._secret = secret
        self._runner: web.AppRunner | None = None
        self.url = ""
        self.logins = 0
        self.lasts_s = 3600
        self.refuse_status: int | None = None
        self.valid: set[str] = set()
        self.scopes: dict[str, str] = {}
        """By token: what it was asked for."""

    async def start(self) -> None:
        """Listen on a free port."""
        _write_certificates(self.ca_bundle, self._certificate)
        app = web.Application()
        app.on_response_prepare.append(close_after)
        app.router.add_get("/adfs/.well-known/openid-configuration", self._metadata)
        app.router.add_post("/adfs/oauth2/token", self._token)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self.tls())
        await site.start()
        self.url = f"https://127.0.0.1:{self._runner.addresses[0][1]}/adfs"

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    def tls(self) -> ssl.SSLContext:
        """Return what serves https on loopback under this login's authority; once it was started."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate)
        return context

    def revoke_all(self) -> None:
        """Let no token given so far be valid any more."""
        self.valid.clear()

    async def _metadata(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/oauth2/authorize",
                "token_endpoint": f"{self.url}/oauth2/token",
            }
        )

    async def _token(self, request: web.Request) -> web.Response:
        self.logins += 1
        form = await request.post()
        if self.refuse_status is not None:
            return web.json_response({"error": "temporarily_unavailable"}, status=self.refuse_status)
        if (form.get("client_id"), form.get("client_secret")) != (self._app_id, self._secret):
            return web.json_response({"error": "invalid_client"}, status=401)
        token = f"bot-{uuid4().hex}"
        self.valid.add(token)
        self.scopes[token] = str(form.get("scope"))
        return web.json_response({"token_type": "Bearer", "expires_in": self.lasts_s, "access_token": token})


def _write_certificates(ca_bundle: Path, certificate: Path) -> None:
    now = datetime.now(UTC)  # noqa: TID251  certificates are of real time
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local channel")])
    key_usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    authority = (
        x509.CertificateBuilder()
        .subject_name(ca_name)
        .issuer_name(ca_name)
        .public_key(ca_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _LIFE)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]))
        .issuer_name(ca_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _LIFE)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]),
            critical=False,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    ca_bundle.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    certificate.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + leaf.public_bytes(serialization.Encoding.PEM)
    )


async def close_after(_: web.Request, response: web.StreamResponse) -> None:
    """Let go of each connection: a client that keeps it open would hold up the end of the TLS session."""
    response.force_close()
    response.headers["Connection"] = "close"
