"""An address in, every file of the kit out: the project, and what a first connection needs.

Pure: path → text, the same bytes for the same arguments.
"""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from powerbi.json_text import Json, json_text
from powerbi.model.dax_references import require_references
from powerbi.model.definitions import require_sound
from powerbi.model.power_query import Address
from powerbi.model.semantic_model import MODEL
from powerbi.model.storage import DIRECT_QUERY, Storage
from powerbi.model.tmdl import model_files
from powerbi.report import pages
from powerbi.report.definitions import require_known
from powerbi.report.pbir import report_files

NAME: Final = "Tapeline"
_PBIP_SCHEMA: Final = (
    "https://developer.microsoft.com/json-schemas/fabric/pbip/pbipProperties/1.0.0/schema.json"
)


_TEMPLATES: Final = Path(__file__).parent / "templates"
_PRIVATE: Final = """\
The server's certificate comes from a private authority, `ca.crt`. Windows must trust it first, on
   every machine with Power BI Desktop or a gateway. In PowerShell, opened as administrator:
   `powershell -ExecutionPolicy Bypass -File import-ca.ps1` (for the whole machine, which a gateway
   needs), or without such rights the same with `-CurrentUser` at its end (for yourself alone). It
   compares the fingerprint before it imports anything."""
_PUBLIC: Final = """\
The server's certificate is expected to come from an authority that Windows trusts already. If
   it does not, get its `ca.crt`, put it beside `import-ca.ps1`, and run that with `-Fingerprint`
   and the SHA-256 that the server's owner told you."""


_STORED: Final = {
    "directquery": """\
Nothing is copied into the file: every visual asks the database again (DirectQuery), every 30
seconds while the page is open.""",
    "import": """\
It holds a copy of the last $days days, as of its last *Refresh* (Import); the parameter ImportDays
says how many. Schedule the refresh of the published model.""",
    "hybrid": """\
Once it is published to a workspace on a Premium or Fabric capacity, bars, candles and session
statistics of the last $months months are imported month by month; the newest month, and all else,
is asked for (DirectQuery). Power BI Desktop loads only what lies between the parameters RangeStart
and RangeEnd. Prices are as traded: imported months would keep the scale from before a split.""",
}


class KitError(Exception):
    """The kit cannot be made of these arguments; one line says which of them is wrong."""


@dataclass(frozen=True)
class Request:
    """What the kit is made for. `ca` is the PEM of a private authority, empty for a public one."""

    address: Address
    user: str = "powerbi_reader"
    symbol: str = "AAPL"
    interval: str = "5min"
    ca: str = ""
    storage: Storage = DIRECT_QUERY


def kit_files(request: Request) -> dict[str, str]:
    """Return path → text of the whole kit. Raises KitError, or ModelError for a faulty model."""
    storage = request.storage
    report = pages.report(request.symbol, request.interval, storage.mode != "import")
    require_sound(MODEL)
    require_references(MODEL)
    require_known(report, MODEL)
    model = model_files(NAME, MODEL, request.address, storage)
    files = {
        f"{NAME}.pbip": _pbip_text(),
        f"{NAME}.pbids": pbids_text(request.address, storage),
        "README.md": _filled("README.md", request),
        "import-ca.ps1": _filled("import-ca.ps1", request),
        ".gitattributes": "* text=auto eol=crlf\n",
        ".gitignore": "**/.pbi/\n",
        **{f"{NAME}.SemanticModel/{path}": text for path, text in model.items()},
        **{f"{NAME}.Report/{path}": text for path, text in report_files(NAME, report).items()},
    }
    if request.ca:
        files["ca.crt"] = request.ca
    return dict(sorted(files.items()))


def pbids_text(address: Address, storage: Storage = DIRECT_QUERY) -> str:
    """Return the .pbids file: it opens Desktop on this source, and holds no account."""
    place: Json = {"server": address.server, "database": address.database}
    connection: Json = {
        "details": {"protocol": "postgresql", "address": place},
        "options": {},
        "mode": "Import" if storage.mode == "import" else "DirectQuery",
    }
    return json_text({"version": "0.1", "connections": [connection]})


def fingerprint(pem: str) -> str:
    """Return the SHA-256 of the certificate, as upper-case hex. Raises KitError."""
    if pem.count("-----BEGIN CERTIFICATE-----") != 1 or "PRIVATE KEY" in pem:
        raise KitError("the CA file must hold one certificate in PEM form, and no key")
    try:
        der = ssl.PEM_cert_to_DER_cert(pem.strip())
    except ValueError as error:
        raise KitError(f"the CA file is not a certificate in PEM form: {error}") from None
    return hashlib.sha256(der).hexdigest().upper()


def _pbip_text() -> str:
    return json_text(
        {
            "$schema": _PBIP_SCHEMA,
            "version": "1.0",
            "artifacts": [{"report": {"path": f"{NAME}.Report"}}],
            "settings": {"enableAutoRecovery": True},
        }
    )


class _Template(Template):
    """With a mark of its own, since `$` is PowerShell's."""

    delimiter = "%%"


def _stored(storage: Storage) -> str:
    amounts = {"days": storage.import_days, "months": storage.history_months}
    return Template(_STORED[storage.mode]).substitute(amounts)


def _filled(name: str, request: Request) -> str:
    values = {
        "name": NAME,
        "host": request.address.host,
        "server": request.address.server,
        "database": request.address.database,
        "user": request.user,
        "symbol": request.symbol,
        "interval": request.interval,
        "fingerprint": fingerprint(request.ca) if request.ca else "",
        "authority": _PRIVATE if request.ca else _PUBLIC,
        "storage": _stored(request.storage),
    }
    return _Template((_TEMPLATES / name).read_text("utf-8")).substitute(values)
