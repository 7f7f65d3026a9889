"""The commands a person types: `fab --list` names them, `fab --help COMMAND` tells their options.

They act on this machine's own containers, or with `--stack NAME` on the host of a Pulumi stack.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from invoke.collection import Collection

from scripts.operations.commands import access, alerts, data, hosts, inspection, releases

_MODULES = [
    Collection.from_module(one) for one in (access, alerts, data, hosts, inspection, releases)
]
namespace = Collection(*(command for one in _MODULES for command in one.tasks.values()))
