"""Runs the program for the language host, as the executor of Pulumi's own does: a request as JSON
and the folder of the program in, resources registered at the engine's monitor out.
"""

from __future__ import annotations

import asyncio
import json
import runpy
import sys
from typing import Any

from pulumi import runtime
from pulumi.runtime import config
from pulumi.runtime.stack import run_in_stack


def main() -> None:
    """Run it; what it ends with is this process's end."""
    request: dict[str, Any] = json.loads(sys.argv[1])
    folder = request.pop("folder")
    runtime.configure(runtime.Settings(**request))
    runtime.set_all_config(config.get_config_env(), config.get_config_secret_keys_env())
    sys.argv[:] = [folder]

    def program() -> None:
        runpy.run_path(folder, run_name="__main__")

    asyncio.new_event_loop().run_until_complete(run_in_stack(program))


if __name__ == "__main__":
    main()
