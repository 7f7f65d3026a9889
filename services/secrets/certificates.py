"""Keys and certificates: names and files in, PEM out; openssl does it.

The private authority lasts for ten years, so that whoever trusts it need not be told again; the
server's certificate for 800 days, and it is renewed in its last month.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from services.secrets.store import RefusalError

LAST_SECONDS = 30 * 24 * 3600
_AUTHORITY_DAYS, _SERVER_DAYS = "3650", "800"


def openssl(*words: str | Path, given: bytes = b"") -> bytes:
    """Return what openssl prints. Raises RefusalError with its own last line."""
    done = subprocess.run(["openssl", *words], input=given, capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise RefusalError(f"openssl {words[0]}: {said[-1] if said else 'failed'}")
    return done.stdout


def private_key() -> bytes:
    """Return a new private key."""
    return openssl("genpkey", "-quiet", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")


def authority(key: Path) -> bytes:
    """Return the certificate of the private authority."""
    extensions = ("basicConstraints=critical,CA:TRUE,pathlen:0",
                  "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
    subject = ("-days", _AUTHORITY_DAYS, "-subj", "/CN=Tapeline private CA")
    return openssl("req", "-x509", "-new", "-key", key, *subject, *_added(extensions))


def server(key: Path, authority_certificate: Path, authority_key: Path, names: str) -> bytes:
    """Return a certificate of the server for the names, which stand as openssl writes them."""
    extensions = (f"subjectAltName={names}", "basicConstraints=critical,CA:FALSE",
                  "extendedKeyUsage=serverAuth")  # fmt: skip
    try:
        request = openssl("req", "-new", "-key", key, "-subj", "/CN=postgres", *_added(extensions))
    except RefusalError as error:
        raise RefusalError(
            "POSTGRES_TLS_NAMES must be names such as DNS:db.example.org,IP:203.0.113.7; "
            f"of {names} it says: {error}"
        ) from error
    signer = ("-CA", authority_certificate, "-CAkey", authority_key)
    copied = ("-copy_extensions", "copy")
    return openssl("x509", "-req", "-days", _SERVER_DAYS, *signer, *copied, given=request)


def lasts(certificate: Path, seconds: int) -> bool:
    """Return whether the certificate is still valid after so many seconds."""
    check = ["openssl", "x509", "-in", str(certificate), "-noout", "-checkend", str(seconds)]
    return subprocess.run(check, capture_output=True, check=False).returncode == 0


def require_servable(folder: Path) -> None:
    """Raise RefusalError for a given certificate that cannot be served."""
    certificate, key = folder / "server.crt", folder / "server.key"
    for file in (certificate, key):
        try:
            file.read_bytes()
        except OSError:
            said = f"given {file.name} must be there, and readable by user 10001"
            raise RefusalError(said) from None
    certified = openssl("x509", "-in", certificate, "-noout", "-pubkey")
    # Nobody is there to type the passphrase of an encrypted key, neither here nor at the server.
    if certified != openssl("pkey", "-in", key, "-passin", "pass:", "-pubout"):
        raise RefusalError("the given server.key is not the key of the given server.crt")
    if not lasts(certificate, 0):
        raise RefusalError("the given server.crt is no longer valid")


def login(password: str) -> bytes:
    """Return the line that lets `tapeline` in by HTTP Basic with the password."""
    hashed = openssl("passwd", "-6", "-stdin", given=password.encode())
    return b"tapeline:" + hashed


def _added(extensions: Sequence[str]) -> list[str]:
    return [word for one in extensions for word in ("-addext", one)]
