"""What the engine asks of the language Python to run a program or a policy pack: a port on stdout,
then gRPC.

Pulumi's own host is no Go module and on no package registry. Most tests do without one for the
program, which the Automation API runs in its own process; a policy pack is a process of its own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import grpc
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2, plugin_pb2
from pulumi.runtime.proto.language_pb2_grpc import (
    LanguageRuntimeServicer,
    add_LanguageRuntimeServicer_to_server,
)

Answer = language_pb2.RunPluginResponse
_EXECUTOR: Final = str(Path(__file__).with_name("run_program.py"))
_TOLD: Final = 32
"""A program's exit code: the person has been told what is wrong."""


class Host(LanguageRuntimeServicer):
    """Runs a program in the project's virtual environment, and a plugin by `python FOLDER
    ARGUMENTS`, as Pulumi's own host does.
    """

    def __init__(self, engine: str = "") -> None:
        self._engine = engine

    def Handshake(self, *_: Any) -> language_pb2.LanguageHandshakeResponse:  # noqa: N802
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, *_: Any) -> plugin_pb2.PluginInfo:  # noqa: N802
        return plugin_pb2.PluginInfo(version="999.0.0")

    def GetRequiredPackages(self, *_: Any) -> language_pb2.GetRequiredPackagesResponse:  # noqa: N802
        return language_pb2.GetRequiredPackagesResponse()

    def Cancel(self, *_: Any) -> Empty:  # noqa: N802
        return Empty()

    def Run(  # noqa: N802
        self, request: language_pb2.RunRequest, _: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        told = {
            "project": request.project,
            "stack": request.stack,
            "monitor": request.monitor_address,
            "engine": self._engine,
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "organization": request.organization or "organization",
            "root_directory": request.info.root_directory,
            "folder": request.info.program_directory,
        }
        options = json_format.MessageToDict(request.info.options)
        python = Path(request.info.root_directory, options["virtualenv"], "bin", "python")
        done = subprocess.run(
            [str(python), "-u", _EXECUTOR, json.dumps(told)],
            cwd=request.pwd,
            env={
                **os.environ,
                "PULUMI_CONFIG": json.dumps(dict(request.config)),
                "PULUMI_CONFIG_SECRET_KEYS": json.dumps([*request.configSecretKeys]),
            },
            stdout=sys.stderr,
            check=False,
        )
        if done.returncode == _TOLD:
            return language_pb2.RunResponse(bail=True)
        failed = f"the program ended with {done.returncode}" if done.returncode else ""
        return language_pb2.RunResponse(error=failed)

    def RunPlugin(  # noqa: N802
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[Answer]:
        plugin = subprocess.Popen(
            [sys.executable, "-u", request.info.program_directory, *request.args],
            cwd=request.pwd,
            env={**os.environ, **dict(entry.split("=", 1) for entry in request.env)},
            stdout=subprocess.PIPE,
        )
        context.add_callback(plugin.kill)
        assert plugin.stdout is not None
        for line in plugin.stdout:
            yield Answer(stdout=line)
        yield Answer(exitcode=plugin.wait())


def main() -> None:
    """Serve until the engine ends it, which is by an interrupt."""
    signal.signal(signal.SIGINT, lambda *_: sys.exit())
    server = grpc.server(ThreadPoolExecutor(8))
    add_LanguageRuntimeServicer_to_server(Host(*sys.argv[1:2]), server)
    sys.stdout.write(f"{server.add_insecure_port('127.0.0.1:0')}\n")
    sys.stdout.flush()
    server.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
