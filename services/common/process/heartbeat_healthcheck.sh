#!/bin/sh
# Healthy: the file, which a service marks while it works, is at most so many seconds old.
# In: the file and the seconds; out: a line, and exit code 0 or 1. Containers ask every few seconds:
# a Python that starts for each look costs ten times as much.
marked=$(stat --format=%Y "$1" 2>/dev/null) || { echo "unhealthy: $1 was never marked"; exit 1; }
age=$(($(date +%s) - marked))
[ "$age" -le "$2" ] && word=healthy || word=unhealthy
echo "$word: last mark $age s ago, limit $2 s"
[ "$word" = healthy ]
