"""What the engine asks of the language Python to run a policy pack: a port on stdout, then gRPC.

Pulumi's own host is no Go module and on no package registry. The program itself does without one,
for the Automation API runs it in its own process; a policy pack is a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2, plugin_pb2
from pulumi.runtime.proto.language_pb2_grpc import (
    LanguageRuntimeServicer,
    add_LanguageRuntimeServicer_to_server,
)

Answer = language_pb2.RunPluginResponse


class Host(LanguageRuntimeServicer):
    """Runs a plugin as Pulumi's own host does: `python FOLDER ARGUMENTS`."""

    def Handshake(self, *_: Any) -> language_pb2.LanguageHandshakeResponse:  # noqa: N802
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, *_: Any) -> plugin_pb2.PluginInfo:  # noqa: N802
        return plugin_pb2.PluginInfo(version="999.0.0")

    def GetRequiredPackages(self, *_: Any) -> language_pb2.GetRequiredPackagesResponse:  # noqa: N802
        return language_pb2.GetRequiredPackagesResponse()

    def Cancel(self, *_: Any) -> Empty:  # noqa: N802
        return Empty()

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
    """Serve until the engine ends it."""
    server = grpc.server(ThreadPoolExecutor(8))
    add_LanguageRuntimeServicer_to_server(Host(), server)
    sys.stdout.write(f"{server.add_insecure_port('127.0.0.1:0')}\n")
    sys.stdout.flush()
    server.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
