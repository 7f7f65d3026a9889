#!/bin/sh
# Has a running server take a new certificate and a new list of networks. Nobody is disconnected.
# reload.sh DATA_DIRECTORY LIST HBA_FILE
set -eu
here=$(dirname "$0")
"$here/access" "$here/pg_hba.conf" "$2" > "$3.new"
mv "$3.new" "$3"
kill -HUP "$(head -n 1 "$1/postmaster.pid")"
echo "postgres: took the new certificate or list of networks"
