#!/bin/sh
# Makes the one account and registers the server if the volume is a new one, then becomes pgAdmin.
# The readers' passwords are not put in: whoever looks at the data says who they are.
set -eu
data=/var/lib/pgadmin
account=tapeline@example.com
if [ ! -e "$data/ready" ]; then
    rm -f "$data/pgadmin4.db" # of a start that was killed half way
    PGADMIN_SETUP_EMAIL=$account PGADMIN_SETUP_PASSWORD=$(cat /run/tapeline/pgadmin_password) \
        python setup.py setup-db
    python setup.py load-servers /app/services/pgadmin/servers.json --user "$account"
    touch "$data/ready"
fi
# Where pgAdmin looks for a user's files.
mkdir -p "$data/storage/tapeline_example.com"
cp -f /run/tapeline/ca.crt "$data/storage/tapeline_example.com/ca.crt"
chmod 0600 "$data/storage/tapeline_example.com/ca.crt"
exec gunicorn --bind 0.0.0.0:5050 --workers 1 --threads 8 --no-control-socket --worker-tmp-dir /tmp \
    --log-level warning pgAdmin4:app
