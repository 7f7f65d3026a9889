"""Every fault that the doctor knows: what it is, what Power BI shows for it, what to do.

Two kinds of Power BI's words: those of its dialogs, and those of the driver, which it quotes after
"An error happened while reading data from the provider". Some faults it does not show at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_UNTRUSTED: Final = "The remote certificate is invalid according to the validation procedure."
_UNENCRYPTED: Final = (
    "We were unable to connect to the data source using an encrypted connection. To access this "
    "data source using an unencrypted connection, click OK."
)
_CREDENTIALS: Final = "We couldn't authenticate with the credentials provided. Please try again."
_NO_KEY: Final = "The key didn't match any rows in the table."
SILENT: Final = "nothing: it connects all the same"


@dataclass(frozen=True)
class Fault:
    """A fault: its name in the output, Power BI's words, the remedy."""

    name: str
    power_bi_says: str
    remedy: str


class RefusedError(Exception):
    """An endpoint does not do what Power BI needs; `fault` is a key of FAULTS."""

    def __init__(self, fault: str, detail: str) -> None:
        super().__init__(f"{fault}: {detail}")
        self.fault = fault
        self.detail = detail


_ALL: Final = (
    Fault(
        "host unknown",
        "No such host is known",
        "check the spelling, and the DNS record of the host",
    ),
    Fault(
        "unreachable",
        "Exception while connecting (or: The operation has timed out)",
        "start the server, publish its port, and let this address in at every firewall between",
    ),
    Fault(
        "not PostgreSQL",
        "Received unknown response for SSLRequest (expecting S or N)",
        "name the port of PostgreSQL itself; a web proxy in front of it cannot pass it on",
    ),
    Fault(
        "TLS off",
        _UNENCRYPTED,
        "never choose OK; set ssl = on with ssl_cert_file and ssl_key_file, and reload the server",
    ),
    Fault(
        "TLS too new",
        "A call to SSPI failed, see inner exception. (The client and server cannot communicate, "
        "because they do not possess a common algorithm.)",
        "set ssl_min_protocol_version = 'TLSv1.2': Power BI's driver speaks no newer one",
    ),
    Fault(
        "TLS failed",
        "A call to SSPI failed, see inner exception.",
        "let the server offer TLS 1.2 with ECDHE and AES-GCM, with a certificate of RSA or ECDSA",
    ),
    Fault(
        "certificate expired",
        _UNTRUSTED,
        "renew the certificate, reload the server (select pg_reload_conf()), and see to it that "
        "renewal does both",
    ),
    Fault(
        "certificate not yet valid",
        _UNTRUSTED,
        "set the clocks of both machines right, or wait",
    ),
    Fault(
        "certificate name",
        _UNTRUSTED,
        "connect by a name that the certificate holds, or have it issued with this one as a "
        "subject alternative name",
    ),
    Fault(
        "certificate untrusted",
        _UNTRUSTED,
        "of a private authority: run import-ca.ps1 of the kit on every Windows machine, and give "
        "this doctor --ca; else let ssl_cert_file hold the whole chain",
    ),
    Fault(
        "plain text allowed",
        SILENT + ", and unencrypted once somebody has chosen OK",
        "in pg_hba.conf let only hostssl lines admit anybody, and end it with: host all all all "
        "reject; then reload",
    ),
    Fault(
        "startup parameter refused",
        "08P01: unsupported startup parameter: ssl_renegotiation_limit",
        "in PgBouncer set ignore_startup_parameters = ssl_renegotiation_limit,extra_float_digits, "
        "or connect to PostgreSQL itself",
    ),
    Fault(
        "not let in",
        _CREDENTIALS,
        "in pg_hba.conf add: hostssl DATABASE USER ADDRESS scram-sha-256, with the address that "
        "the message names; then reload",
    ),
    Fault(
        "wrong password",
        _CREDENTIALS,
        "type it anew; in Power BI: Data source settings, Edit permissions; if it was changed, "
        "publish the new one to the gateway as well",
    ),
    Fault(
        "weak authentication",
        SILENT,
        "set password_encryption = 'scram-sha-256', set the role's password anew, and say "
        "scram-sha-256 in pg_hba.conf",
    ),
    Fault(
        "channel binding demanded",
        "No supported SASL mechanism found (only SCRAM-SHA-256 is supported for now)",
        "let the server, or the proxy in front of it, offer SCRAM-SHA-256 without -PLUS",
    ),
    Fault(
        "database missing",
        "3D000: database does not exist",
        "name the right database (--database), or create it: python -m sql.migrate",
    ),
    Fault(
        "no connection left",
        "53300: too many connections",
        "close reports that nobody reads, or raise the role's CONNECTION LIMIT, the database's, or "
        "max_connections; Power BI opens up to ten for one report",
    ),
    Fault(
        "login failed",
        "the message of the server, as quoted above",
        "read the server's log at this moment",
    ),
    Fault(
        "role too powerful",
        SILENT,
        "alter role ... nosuperuser nocreatedb nocreaterole noreplication nobypassrls, and revoke "
        "its memberships; use powerbi_reader",
    ),
    Fault(
        "role can write",
        SILENT,
        "revoke what is named above; python -m sql.migrate sets the rights of powerbi_reader",
    ),
    Fault(
        "role reads beyond bi",
        SILENT + ", and lists these tables in the navigator",
        "revoke select on them from the role and from public",
    ),
    Fault(
        "write mode is default",
        SILENT,
        "alter role ... set default_transaction_read_only = on",
    ),
    Fault(
        "no statement timeout",
        SILENT + "; an abandoned query goes on to load the server",
        "alter role ... set statement_timeout = '60s'; Power BI cannot set it",
    ),
    Fault(
        "no idle timeout",
        SILENT,
        "alter role ... set idle_in_transaction_session_timeout = '60s'",
    ),
    Fault(
        "no connection limit",
        SILENT + "; many viewers can take every connection of the server",
        "alter role ... connection limit 20",
    ),
    Fault(
        "connection limit low",
        "53300: too many connections for role, now and then",
        "alter role ... connection limit 20: Power BI opens up to ten for one report",
    ),
    Fault(
        "view not to be read",
        _NO_KEY,
        "grant usage on schema bi and select on its views; python -m sql.migrate does",
    ),
    Fault(
        "view missing",
        _NO_KEY,
        "bring the database to the version of this kit: python -m sql.migrate",
    ),
    Fault(
        "column missing",
        "The column of the table wasn't found.",
        "bring the database to the version of this kit (python -m sql.migrate), or build a new kit",
    ),
    Fault(
        "view failed",
        "Couldn't load the data for this visual",
        "read the server's log at this moment",
    ),
    Fault(
        "view too slow",
        "Couldn't load the data for this visual (57014: canceling statement due to statement "
        "timeout), or a visual that keeps turning",
        "run the query with EXPLAIN ANALYZE; analyze the tables, give the server memory, or choose "
        "a wider interval",
    ),
)
FAULTS: Final = {fault.name: fault for fault in _ALL}
