#!/bin/sh
# Healthy: the master is at work, or the master counts this very worker among the living; or Spark
# runs inside the driver and neither is needed. (The driver itself has its heartbeat.)
[ -e /tmp/standby ] && exit 0
# Asked every few seconds: what a Python imports beyond this costs more than all the rest.
exec python -I -S - "$1" <<'PYTHON'
import json, socket, sys

master = {"spark-master": "127.0.0.1", "spark-worker": "spark-master"}[sys.argv[1]]
with socket.create_connection((master, 8080), timeout=4) as asked:
    asked.sendall(b"GET /json/ HTTP/1.0\r\n\r\n")
    head, _, body = asked.makefile("rb").read().partition(b"\r\n\r\n")
if head.split()[1] != b"200":
    sys.exit(head.decode())
state = json.loads(body)
if sys.argv[1] == "spark-master":
    sys.exit(state["status"] != "ALIVE")
own = {address[4][0] for address in socket.getaddrinfo(socket.gethostname(), None)}
sys.exit(not any(one["host"] in own for one in state["workers"] if one["state"] == "ALIVE"))
PYTHON
