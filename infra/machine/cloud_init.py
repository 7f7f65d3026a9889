"""What a new VM is told at its first boot: public facts and one throw-away key in, user data out.

User data can be read by every process of the VM and by whoever may look at it in the cloud's
console, so no secret of the pipeline and no lasting key may be in it. A VM that knows only what
everybody can read could not prove to us that it is ours, though. So it is told a host key for the
first contact alone: that key opens nothing. `infra.deployment.first_contact` meets the VM by it and
puts the lasting host key in its place through the encrypted connection; then it is worthless.
"""

from __future__ import annotations

import json
from typing import Final

from infra.outputs import SSH_USER

HOST_KEY_FILE: Final = "/etc/ssh/ssh_host_ed25519_key"


def cloud_config(ssh_public_key: str, first_contact_key: str) -> str:
    """Return user data for cloud-init: one user with one key, no password, one host key."""
    user = {
        "name": SSH_USER,
        "groups": ["sudo"],
        "shell": "/bin/bash",
        "sudo": "ALL=(ALL) NOPASSWD:ALL",
        "lock_passwd": True,
        "ssh_authorized_keys": [ssh_public_key],
    }
    config = {
        "users": [user],
        "disable_root": True,
        "ssh_pwauth": False,
        "ssh_deletekeys": True,
        "ssh_keys": {"ed25519_private": first_contact_key},
    }
    # JSON is YAML, and quotes what has to be quoted.
    return f"#cloud-config\n{json.dumps(config, indent=2)}\n"


def startup_script(ssh_public_key: str, first_contact_key: str) -> str:
    """Return the same as a script, for images without cloud-init; it acts at the first boot."""
    return f"""#!/bin/sh
set -eu
done=/var/lib/tapeline-first-boot
[ ! -e $done ] || exit 0
umask 077
useradd --create-home --groups sudo --shell /bin/bash {SSH_USER}
install -d -o {SSH_USER} -g {SSH_USER} -m 0700 /home/{SSH_USER}/.ssh
cat > /home/{SSH_USER}/.ssh/authorized_keys <<'END'
{ssh_public_key}
END
chown {SSH_USER}:{SSH_USER} /home/{SSH_USER}/.ssh/authorized_keys
echo '{SSH_USER} ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/{SSH_USER}
rm -f /etc/ssh/ssh_host_*
cat > {HOST_KEY_FILE} <<'END'
{first_contact_key.strip()}
END
ssh-keygen -y -f {HOST_KEY_FILE} > {HOST_KEY_FILE}.pub
systemctl restart ssh
touch $done
"""
