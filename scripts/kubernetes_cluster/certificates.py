"""Makes the certificates of a cluster and the files by which its parts reach the API server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scripts.containers import programs

API_ADDRESS: Final = "10.89.0.1"
_DAYS: Final = "30"
_API_NAMES: Final = (
    "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,"
    f"DNS:kubernetes.default.svc.cluster.local,IP:127.0.0.1,IP:{API_ADDRESS},IP:10.96.0.1"
)
_CLIENTS: Final = {
    "admin": "/O=system:masters/CN=admin",
    "controller": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
    "proxy": "/CN=system:kube-proxy",
}


def make(folder: Path, nodes: Sequence[str]) -> None:
    """Fill the folder: ca, apiserver, sa, and for each client and node NAME.crt, .key and .conf.

    A node's address is API_ADDRESS with its place, from 1 on, put behind. Raises SetupError.
    """
    folder.mkdir(parents=True, mode=0o700)
    _openssl(
        folder,
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", _DAYS, "-subj", "/CN=cluster"),
        *("-keyout", "ca.key", "-out", "ca.crt"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    _sign(folder, "apiserver", "/CN=kube-apiserver", _API_NAMES)
    for name, subject in _CLIENTS.items():
        _sign(folder, name, subject, f"DNS:{name}")
    for place, node in enumerate(nodes, 1):
        names = f"DNS:{node},IP:{API_ADDRESS}{place}"
        _sign(folder, node, f"/O=system:nodes/CN=system:node:{node}", names)
    _openssl(folder, "genrsa", "-out", "sa.key", "2048")
    _openssl(folder, "rsa", "-in", "sa.key", "-pubout", "-out", "sa.pub")
    for name in (*_CLIENTS, *nodes):
        (folder / f"{name}.conf").write_text(_configuration(folder, name), encoding="utf-8")


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


def _configuration(folder: Path, name: str) -> str:
    server = f'{{server: "https://{API_ADDRESS}:6443", certificate-authority: {folder}/ca.crt}}'
    user = f"{{client-certificate: {folder}/{name}.crt, client-key: {folder}/{name}.key}}"
    return f"""\
apiVersion: v1
kind: Config
clusters: [{{name: trial, cluster: {server}}}]
users: [{{name: {name}, user: {user}}}]
contexts: [{{name: trial, context: {{cluster: trial, user: {name}}}}}]
current-context: trial
"""
