#!/bin/sh
# Becomes the simulated market, unless a key for the real one is there: then it stands by and does
# nothing. (A compose profile cannot depend on a file, and a fresh clone names no profile.)
set -eu
if [ -e /run/keys/alpha_vantage_key ]; then
    echo "simulator: secrets/alpha_vantage_key is there, so the real market is used; standing by"
    touch /tmp/standby
    exec sleep infinity
fi
# The open of the newest Tuesday that is a week back, so that there is a past week to play.
back_days=$((7 + ($(date -u +%u) + 5) % 7))
exec python -m services.simulator.main --clock-file /run/market/clock \
    --speed "$SIMULATOR_SPEED" --start "$(date -u -d "$back_days days ago" +%F)T14:30:00+00:00"
