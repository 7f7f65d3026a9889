"""The options of the commands: the type of each, and what `fab --help` tells of it."""

from __future__ import annotations

from typing import Annotated

from infra.config.catalog import CATALOG
from scripts.operations import tunnel
from scripts.operations.credentials import rotation

Stack = Annotated[str, "the host of this Pulumi stack; without it, this machine's own containers"]
Reason = Annotated[str, "why, for the lock and the record"]
Yes = Annotated[bool, "do not ask"]

Ref = Annotated[str, "the commit (default HEAD)"]
Images = Annotated[str, "build (there), or send (this machine's)"]
Provision = Annotated[bool, "run Ansible first, as by default"]
GateSeconds = Annotated[int, "how long all services may take to be well"]
To = Annotated[str, "the release (default: the one before)"]
Check = Annotated[bool, "only tell what would change"]
Undo = Annotated[bool, "the way back: containers, firewall, settings go; data and packages stay"]
Extra = Annotated[str, "further words for ansible-playbook"]

OneService = Annotated[str, "which one"]
AnyService = Annotated[str, "one service (default: all)"]
Since = Annotated[str, "such as 30m, 2h, 2026-11-24T14:30:00Z"]
Grep = Annotated[str, "only lines that match this"]
Follow = Annotated[bool, "go on as lines come"]

Start = Annotated[str, "first instant, such as 2h or 2026-11-24T14:30:00Z"]
End = Annotated[str, "up to it (default now)"]
OnlySymbol = Annotated[str, "only this one"]
Partition = Annotated[str, "with --offsets"]
Offsets = Annotated[str, "from A up to B, as A:B"]
ImportFiles = Annotated[str, "files, folders and patterns, in one word: 'IBM.csv more/*.zip'"]
ImportOptions = Annotated[
    str, "of the import, such as --options='--symbol IBM'; scripts/import --help has them"
]
There = Annotated[bool, "the files lie on the host already, each named by its whole path"]
DryRun = Annotated[bool, "only tell how many bars would be new, changed, equal"]

Query = Annotated[str, "run this and end"]
Write = Annotated[bool, "may write (default: reads alone)"]
Time = Annotated[str, "as it was then, such as 2026-11-30T06:00:00Z (default: the newest)"]
Anew = Annotated[bool, "go on where the repository has the backups of another database"]
Passphrase = Annotated[
    str, "the file with the passphrase of the repository (default: the stack's own)"
]
WithData = Annotated[bool, "also bars, Kafka's log and passwords"]

Cidr = Annotated[str, "an IPv4 network, such as 203.0.113.0/24"]
ListedCidr = Annotated[str, "a network that is on the list"]
Rotated = Annotated[str, ", ".join(rotation.names())]
NewFile = Annotated[str, "the file with the new key, or a folder with server.crt and server.key"]
SecretName = Annotated[str, "such as dashboard_password, powerbi_reader_password, ca.crt"]
Viewers = Annotated[str, f"some of {', '.join(tunnel.VIEWERS)} (default: every page that runs)"]
TunnelPort = Annotated[int, "the port here, for one alone (default: the same)"]

AlertWhat = Annotated[str, "list, test, secret or rules"]
AlertSecret = Annotated[str, "which secret, such as slack_url; of rules a file beside them"]
AlertFile = Annotated[str, "the file that holds it"]
AlertName = Annotated[str, "its name, such as StreamLags"]
SilenceSpan = Annotated[str, "for how long, such as 30m, 2h or 7d (default 2h)"]
SilenceEnd = Annotated[str, "the id of a silence that shall end"]

OutFile = Annotated[str, "the file to write"]
OutFolder = Annotated[str, "the folder to write"]
Ca = Annotated[str, "certificate (PEM) of an authority (default: the target's own, if it has one)"]
FirstSymbol = Annotated[str, "chosen at the first opening (default AAPL)"]
FirstInterval = Annotated[str, "chosen at the first opening (default 5min)"]
KitMode = Annotated[str, "directquery, import or hybrid (default directquery)"]
Overwrite = Annotated[bool, "replace files that were edited since"]

NewName = Annotated[str, "the name of the new stack (default dev)"]
CloudName = Annotated[str, ", ".join(CATALOG)]
Region = Annotated[str, "the cloud's region (default: one in Europe)"]
Size = Annotated[str, "the cloud's name of the VM's size (default: about 8 GiB)"]
AdminCidrs = Annotated[str, "the public address, or the ranges, that may reach SSH"]
BackupTarget = Annotated[str, "where backups go: a path, or the words: on this machine only"]
PublicKey = Annotated[str, "the SSH key that operates the host: its file, or the public line"]
IdentityFile = Annotated[str, "the private key's file, where ssh does not find it by itself"]
HostAddress = Annotated[str, "existing: the machine's address or name"]
HostUser = Annotated[str, "existing: the user there, with sudo (default tapeline)"]
HostKey = Annotated[str, "existing: /etc/ssh/ssh_host_ed25519_key.pub of the machine"]
KeyFile = Annotated[str, "a file with your key of Alpha Vantage (default: the simulated market)"]
Plan = Annotated[str, "the key's plan: free, or the calls a minute"]
Symbols = Annotated[str, "such as AAPL,NVDA (default: the usual ones)"]
Intervals = Annotated[str, "such as 1min,1d; intraday bars need a premium plan"]
OnlyConfigure = Annotated[bool, "write the configuration, and make nothing"]
YesMakeIt = Annotated[bool, "ask nothing: what no option says is as found, or as by default"]
