#!/bin/sh
# Makes the database cluster if the volume is a new one, then becomes the server. The cluster is
# made aside and renamed, so that a half one is never taken for whole. A folder for each major version
# of PostgreSQL: the file `serving` names the one that counts, `next` one that `fab upgrade` fills.
set -eu
root=/var/lib/postgresql
major=$(postgres --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
data=$root/$major
serving=
for one in "$root"/[0-9][0-9]/PG_VERSION; do
    [ ! -e "$one" ] || [ "$serving" = "$major" ] || serving=$(cat "$one")
done
[ ! -s "$root/serving" ] || serving=$(cat "$root/serving")
next=$(cat "$root/next" 2>/dev/null || echo none)
# A new major version must not begin, in silence, with an empty database, or with an old one.
if [ "${serving:-$major}" != "$major" ] && [ "$next" != "$major" ]; then
    echo "postgres: the volume holds the data of PostgreSQL $serving and this release is of $major;" \
        "\`fab upgrade\` moves it, \`fab rollback\` goes back to the release before" >&2
    exit 2
fi
# A restore that was interrupted at its last step.
[ ! -d "$root/.restored-whole" ] || "$(dirname "$0")/pgbackrest/put-in-place"
if [ ! -d "$data" ]; then
    rm -rf "$data.new"
    initdb -D "$data.new" --data-checksums --auth=scram-sha-256 --username=postgres \
        --pwfile=/run/tapeline/postgres_password \
        --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C -EUTF8
    mv "$data.new" "$data"
fi
# What a restore that was killed has left behind.
rm -rf "$root"/.restore.* "$root/.restored" "$root/.drill"
limit_bytes=$(cat /sys/fs/cgroup/memory.max 2>/dev/null \
    || cat /sys/fs/cgroup/memory/memory.limit_in_bytes)
[ "$limit_bytes" != max ] || limit_bytes=1073741824
limit_mb=$((limit_bytes / 1048576))
here=$(dirname "$0")
"$here/access" "$here/pg_hba.conf" /run/tapeline/powerbi_cidrs > /tmp/pg_hba.conf
"$here/../common/process/run_on_file_change.sh" \
    "$here/reload.sh $data /run/tapeline/powerbi_cidrs /tmp/pg_hba.conf" \
    /run/tapeline/server.crt /run/tapeline/server.key /run/tapeline/powerbi_cidrs &
"$here/guard" /tmp &
# With a repository, what was written is there after half a minute, whether a segment is full or not.
set --
if [ -e /run/tapeline/pgbackrest.conf ]; then
    set -- -c archive_mode=on -c archive_timeout=30s
    "$here/pgbackrest/keep" &
fi
# What everybody may fill, NOTIFY's queue, is 1 GiB instead of 8 (131072 pages).
exec postgres -D "$data" -c config_file=/app/services/postgres/postgresql.conf \
    -c max_notify_queue_pages=131072 "$@" \
    -c "shared_buffers=$((limit_mb / 4))MB" -c "effective_cache_size=$((limit_mb / 2))MB" \
    -c "maintenance_work_mem=$((limit_mb / 16))MB" -c "work_mem=$((limit_mb / 128 + 1))MB"
