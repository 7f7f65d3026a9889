#!/bin/sh
# pgBackRest 2.45 with PostgreSQL 15 (Debian 12), 2026-11-30:
# `pgbackrest check` judges `archive_command` by its text: it must contain "pgbackrest". A script
# that calls `pgbackrest archive-push` is refused, although the same script under a path with that
# word in it works; the manual tells the command to write, not that its name is looked for.
# Seen:
#   push.sh: ERROR: [068]: archive_command '…' must contain pgbackrest
#   pgbackrest/push.sh: archived
# Exits with 1 if that has changed. Needs Debian 12 (amd64 or arm64).
set -eu
folder=$(mktemp -d)
chmod 755 "$folder"
as_user=
if [ "$(id -u)" = 0 ]; then
    as_user="setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=$folder"
fi
stop() {
    if [ -f "$folder/data/postmaster.pid" ]; then
        $as_user "$bin/pg_ctl" -D "$folder/data" -m immediate stop > "$folder/stop.log"
    fi
    rm -rf "$folder"
}
trap stop EXIT
cd "$folder"
apt-get -qq download pgbackrest=2.45-1 postgresql-15 libpq5 libssh2-1 > apt.log 2>&1
for package in *.deb; do dpkg -x "$package" root; done
bin=$folder/root/usr/lib/postgresql/15/bin
libraries=$folder/root/usr/lib/$(uname -m)-linux-gnu
mkdir pgbackrest run repository log
export LD_LIBRARY_PATH="$libraries"
export PGBACKREST_CONFIG="$folder/pgbackrest.conf"
cat > pgbackrest.conf <<END
[global]
repo1-path=$folder/repository
log-path=$folder/log
lock-path=$folder/run
log-level-console=error
archive-timeout=30
[demo]
pg1-path=$folder/data
pg1-socket-path=$folder/run
pg1-port=5433
pg1-user=postgres
END
for script in push.sh pgbackrest/push.sh; do
    cat > "$script" <<END
#!/bin/sh
exec $folder/root/usr/bin/pgbackrest --stanza=demo archive-push "\$1"
END
    chmod 755 "$script"
done
if [ -n "$as_user" ]; then chown -R 65534:65534 .; fi
$as_user "$bin/initdb" -D data -U postgres -A trust > initdb.log
cat >> data/postgresql.conf <<END
listen_addresses = ''
port = 5433
unix_socket_directories = '$folder/run'
archive_mode = on
archive_command = '$folder/push.sh %p'
END
$as_user "$bin/pg_ctl" -D data -l server.log -w start > start.log
pgbackrest="$as_user $folder/root/usr/bin/pgbackrest --stanza=demo"
$pgbackrest stanza-create
if $pgbackrest check > refused.log 2>&1; then cat refused.log; exit 1; fi
sed "s|$folder/||" refused.log | tee told.log
grep -q "\[068\].*must contain" told.log
echo "archive_command = '$folder/pgbackrest/push.sh %p'" >> data/postgresql.conf
$as_user "$bin/pg_ctl" -D data reload > reload.log
$pgbackrest check
echo "pgbackrest/push.sh: archived"
