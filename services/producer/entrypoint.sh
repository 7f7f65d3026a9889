#!/bin/sh
# Becomes the producer: of the real market if secrets/alpha_vantage_key is there, of the simulated
# one otherwise. Each remembers on its own what it has published, and so shows that it has run: no
# market comes into the other one's data unless somebody said that both are kept.
set -eu
key=${KEYS_DIRECTORY:-/run/keys}/alpha_vantage_key
state=${STATE_ROOT:-/var/lib/tapeline}

alone() { # alone OTHER WHY: refuses where the OTHER market's bars are
    [ -e "$state/$1/producer.sqlite" ] || return 0
    [ "${DATA_OF_BOTH_MARKETS:-}" != "yes, keep both" ] || return 0
    echo "producer: there are bars of the $1 market, and $2: start empty (docker compose down -v;" \
        "on a host: fab destroy --with-data), or keep both, each bar marked by its source:" \
        "DATA_OF_BOTH_MARKETS='yes, keep both'" >&2
    exit 2
}

if [ -e "$key" ]; then
    if [ ! -r "$key" ]; then
        echo "producer: secrets/alpha_vantage_key cannot be read by the container's user;" \
            "run: sudo chown 10001 secrets/alpha_vantage_key" >&2
        exit 2
    fi
    alone simulated "secrets/alpha_vantage_key is of the real one"
    echo "producer: the real market, with the key in secrets/alpha_vantage_key"
    export ALPHA_VANTAGE_KEY_FILE="$key" PRODUCER_STATE_DIR="$state/real"
else
    alone real "secrets/alpha_vantage_key is not there any more"
    echo "producer: a SIMULATED market, for secrets/alpha_vantage_key is not there"
    MARKET_CLOCK=$(cat "${CLOCK_FILE:-/run/market/clock}")
    export MARKET_CLOCK PRODUCER_STATE_DIR="$state/simulated"
    export ALPHA_VANTAGE_SIMULATED=true ALPHA_VANTAGE_URL=http://simulator:8000/query
    export ALPHA_VANTAGE_PLAN=1200 ALPHA_VANTAGE_ENTITLEMENT=none INTERVALS="${INTERVALS:-1min}"
fi
exec python -m services.producer.main
