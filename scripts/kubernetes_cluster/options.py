"""The command line of scripts/cluster: arguments in, what to do out.

Standard library only, so that --help answers before anything is installed.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

_DESCRIPTION = """\
A real Kubernetes of two nodes on this machine, to try the chart in infra/kubernetes on.

  up     start it, with the images of the Docker engine; it runs until `down`
  down   end it, with all that was stored in it
  test   run the suite `cluster`, which starts one of its own

Needs root on Linux with control groups of version 1, and for `up` a Docker engine with the images
that `docker compose build` makes (DOCKER_HOST names another than this machine's). Kubernetes is
built once from its Go modules, which takes 6 to 20 minutes. Nothing of the machine changes: the
nodes are namespaces. NetworkPolicies are stored there but not enforced, and there are no volumes
but folders that you make volumes of.
"""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options; ends the process with 0 for --help and with 2 for a wrong one."""
    parser = argparse.ArgumentParser(
        prog="scripts/cluster",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=("up", "down", "test"), help="what to do")
    parser.add_argument(
        "--images",
        default="tapeline",
        metavar="NAME",
        help="for up: what the images' names begin with (default: %(default)s)",
    )
    return parser.parse_args(arguments)
