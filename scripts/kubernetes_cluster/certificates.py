"""Makes the certificates of an API server, and the file by which its administrator reaches it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from scripts.containers import programs

_DAYS: Final = "30"
_API_NAMES: Final = (
    "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,"
    "DNS:kubernetes.default.svc.cluster.local,IP:127.0.0.1,IP:10.89.0.1,IP:10.96.0.1"
)


def make(folder: Path) -> None:
    """Fill the folder: ca, apiserver and sa, and admin.conf for kubectl. Raises SetupError."""
    folder.mkdir(parents=True, mode=0o700)
    _openssl(
        folder,
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", _DAYS, "-subj", "/CN=trial"),
        *("-keyout", "ca.key", "-out", "ca.crt"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    _sign(folder, "apiserver", "/CN=kube-apiserver", _API_NAMES)
    _sign(folder, "admin", "/O=system:masters/CN=admin", "DNS:admin")
    _openssl(folder, "genrsa", "-out", "sa.key", "2048")
    _openssl(folder, "rsa", "-in", "sa.key", "-pubout", "-out", "sa.pub")
    (folder / "admin.conf").write_text(_configuration(folder), encoding="utf-8")


def _sign(folder: Path, name: str, subject: str, names: str) -> None:
    extensions = folder / f"{name}.ext"
    extensions.write_text(
        f"subjectAltName={names}\nextendedKeyUsage=serverAuth,clientAuth\n", encoding="utf-8"
    )
    request = f"{name}.csr"
    key = ("-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key")
    _openssl(folder, "req", *key, "-out", request, "-subj", subject)
    authority = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial")
    signing = ("x509", "-req", "-in", request, *authority, "-days", _DAYS)
    _openssl(folder, *signing, "-extfile", extensions.name, "-out", f"{name}.crt")


def _openssl(folder: Path, *arguments: str) -> None:
    programs.run([programs.require("openssl"), *arguments], {}, folder)


def _configuration(folder: Path) -> str:
    server = f'{{server: "https://127.0.0.1:6443", certificate-authority: {folder}/ca.crt}}'
    user = f"{{client-certificate: {folder}/admin.crt, client-key: {folder}/admin.key}}"
    return f"""\
apiVersion: v1
kind: Config
clusters: [{{name: trial, cluster: {server}}}]
users: [{{name: admin, user: {user}}}]
contexts: [{{name: trial, context: {{cluster: trial, user: admin}}}}]
current-context: trial
"""
