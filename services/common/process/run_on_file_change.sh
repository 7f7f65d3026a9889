#!/bin/sh
# Runs a command when files have changed, a new certificate for one: looks every two seconds, and acts
# once they have stopped changing.
# run_on_file_change.sh COMMAND FILE...
set -eu
command=$1
shift
seen() { cat "$@" 2>/dev/null | cksum; }
acted_on=$(seen "$@")
before=$acted_on
while sleep 2; do
    now=$(seen "$@")
    if [ "$now" != "$acted_on" ] && [ "$now" = "$before" ]; then
        sh -c "$command"
        acted_on=$now
    fi
    before=$now
done
