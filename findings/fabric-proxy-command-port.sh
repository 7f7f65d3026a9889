#!/bin/sh
# fabric 3.2.3, paramiko 5.1.0 (Python 3.11, Linux), 2026-11-29:
# A proxy command's %p is 22 whatever port the Connection was given, in `gateway=` and in an SSH
# configuration alike. OpenSSH puts the port of `ssh -p` there (ssh_config(5): "%p The remote port").
# Seen:
#   gateway, port 2222: host.example 22
#   ssh_config, port 2222: host.example 22
#   ssh -p 2222: host.example 2222
# Exits with 1 if that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet fabric==3.2.3 paramiko==5.1.0
cat > "$folder/config" <<END
Host host.example
    ProxyCommand sh -c 'echo %h %p > $folder/seen'
END
cat > "$folder/look.py" <<'END'
import sys
from fabric import Config, Connection

folder = sys.argv[1]
words = f"sh -c 'echo %h %p > {folder}/seen'"
plain = Config(overrides={"load_ssh_configs": False})
read = Config(runtime_ssh_path=f"{folder}/config")
for name, connection in (
    ("gateway", Connection("host.example", port=2222, gateway=words, config=plain)),
    ("ssh_config", Connection("host.example", port=2222, config=read)),
):
    with connection.open_gateway().process as proxy:
        proxy.stdin.close()
    print(f"{name}, port 2222: {open(f'{folder}/seen').read()}", end="")
END
"$folder/venv/bin/python" "$folder/look.py" "$folder" | tee "$folder/found"
# It ends with an error, for nobody answers; what counts is what the command was given.
if ssh -F "$folder/config" -p 2222 host.example true 2> /dev/null; then exit 1; fi
echo "ssh -p 2222: $(cat "$folder/seen")"
printf 'gateway, port 2222: host.example 22\nssh_config, port 2222: host.example 22\n' |
    cmp - "$folder/found"
