"""A provider of every package, for the real engine: it keeps what it is told, as a cloud would.

The engine attaches to it by PULUMI_DEBUG_PROVIDERS, so that no process starts for a plugin. It
answers Check, Diff, Create, Read, Update and Delete after `tests.engine.rules`; the commands of
the package `command` are really run, and a type that has a maker is really made.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2
from pulumi.runtime.proto.provider_pb2_grpc import (
    ResourceProviderServicer,
    add_ResourceProviderServicer_to_server,
)

from tests.engine.clouds.values import UNKNOWN, Values, has_unknown, plain, read, write
from tests.engine.clouds.world import Kept, RefusedError, World, name_of, type_of
from tests.engine.rules import ANSWERS, RULES, Rule

RESOURCE_GROUP: Final = "azure:core/resourceGroup:ResourceGroup"
COMMAND: Final = "command:local:Command"
_PROVIDERS_REPLACED_BY: Final[Mapping[str, frozenset[str]]] = {"aws": frozenset({"region"})}
"""A provider of its own: another region is another provider, and so every resource's."""


class Provider(ResourceProviderServicer):
    """Speaks the engine's protocol."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()

    def Handshake(self, *_: Any) -> provider_pb2.ProviderHandshakeResponse:  # noqa: N802
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def GetPluginInfo(self, *_: Any) -> plugin_pb2.PluginInfo:  # noqa: N802
        return plugin_pb2.PluginInfo(version="999.0.0")

    def Attach(self, *_: Any) -> Empty:  # noqa: N802
        return Empty()

    def Cancel(self, *_: Any) -> Empty:  # noqa: N802
        return Empty()

    def CheckConfig(  # noqa: N802
        self, request: provider_pb2.CheckRequest, _: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(  # noqa: N802
        self, request: provider_pb2.DiffRequest, _: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        package = type_of(request.urn).removeprefix("pulumi:providers:")
        forced = _PROVIDERS_REPLACED_BY.get(package, frozenset())
        return _difference(read(request.old_inputs), read(request.news), Rule(forced))

    def Configure(self, *_: Any) -> provider_pb2.ConfigureResponse:  # noqa: N802
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True
        )

    def Check(  # noqa: N802
        self, request: provider_pb2.CheckRequest, _: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        inputs, before = read(request.news), read(request.olds)
        if RULES[type_of(request.urn)].is_named and "name" not in inputs:
            digits = request.randomSeed.hex()[:7]
            inputs["name"] = before.get("name") or f"{name_of(request.urn)}-{digits}"
        return provider_pb2.CheckResponse(inputs=write(inputs))

    def Diff(  # noqa: N802
        self, request: provider_pb2.DiffRequest, _: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        rule = RULES[type_of(request.urn)]
        return _difference(read(request.old_inputs), read(request.news), rule)

    def Create(  # noqa: N802
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        token, inputs = type_of(request.urn), read(request.properties)
        if request.preview:
            foreseen = dict.fromkeys(RULES[token].computed(inputs), UNKNOWN)
            return provider_pb2.CreateResponse(properties=write({**inputs, **foreseen}))
        made = {**inputs, **RULES[token].computed(inputs)}
        if token == COMMAND:
            made |= self._run(plain(inputs)["create"], inputs, context)
        name = f"{RULES[token].id_prefix}{secrets.randbelow(10**9) + 10**9}"
        if token in self._world.makers:
            with _refusals(context):
                name, known = self._world.makers[token].create(plain(inputs))
            made |= known
        kept = Kept(request.urn, inputs, made)
        with self._lock:
            self._world.kept[token, name] = kept
        self._world.on_made(kept)
        return provider_pb2.CreateResponse(id=name, properties=write(made))

    def Update(  # noqa: N802
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        token, inputs, before = type_of(request.urn), read(request.news), read(request.olds)
        made = {**{name: before[name] for name in RULES[token].computed(inputs)}, **inputs}
        if request.preview:
            return provider_pb2.UpdateResponse(properties=write(made))
        size = RULES[token].never_shrinks
        if _shrinks(size, before, inputs):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{size} cannot be made smaller")
        if token == COMMAND:
            told = plain(inputs)
            made |= self._run(told.get("update") or told["create"], inputs, context)
        with self._lock:
            self._world.kept[token, request.id] = Kept(request.urn, inputs, made)
        return provider_pb2.UpdateResponse(properties=write(made))

    def Read(  # noqa: N802
        self, request: provider_pb2.ReadRequest, _: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        maker = self._world.makers.get(type_of(request.urn))
        with self._lock:
            kept = self._world.kept.get((type_of(request.urn), request.id))
        if kept is None or (maker is not None and not maker.is_there(request.id)):
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=request.id, properties=write(kept.outputs), inputs=write(kept.inputs)
        )

    def Delete(  # noqa: N802
        self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext
    ) -> Empty:
        token, inputs = type_of(request.urn), read(request.old_inputs)
        if token == RESOURCE_GROUP and (held := self._world.held_by(plain(inputs)["name"])):
            # So does Azure's own plugin, which does not remove what it knows nothing of.
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"it still contains {held}")
        if token == COMMAND and (line := plain(inputs).get("delete")):
            self._run(line, inputs, context)
        if token in self._world.makers:
            with _refusals(context):
                self._world.makers[token].delete(request.id)
        with self._lock:
            gone = self._world.kept.pop((token, request.id), None)
        if gone is not None:
            self._world.on_gone(gone)
        return Empty()

    def Invoke(  # noqa: N802
        self, request: provider_pb2.InvokeRequest, _: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        answer = {**read(request.args), **ANSWERS[request.tok]}
        return provider_pb2.InvokeResponse(**{"return": write(answer)})

    def _run(self, line: str, inputs: Values, context: grpc.ServicerContext) -> Values:
        with _refusals(context):
            return self._world.operator.run(line, plain(inputs))


@contextmanager
def _refusals(context: grpc.ServicerContext) -> Iterator[None]:
    """Tell the engine what was refused."""
    try:
        yield
    except RefusedError as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _difference(before: Values, after: Values, rule: Rule) -> provider_pb2.DiffResponse:
    """Return what differs and whether the resource must be replaced for it."""
    changed = sorted(
        name
        for name in {*before, *after}
        if has_unknown(after.get(name)) or plain(before.get(name)) != plain(after.get(name))
    )
    kinds, size = provider_pb2.DiffResponse, rule.replaced_to_shrink
    forced = {*rule.replaced_by, *({size} if _shrinks(size, before, after) else ())}
    return kinds(
        changes=kinds.DIFF_SOME if changed else kinds.DIFF_NONE,
        diffs=changed,
        replaces=[name for name in changed if name in forced],
    )


def _shrinks(size: str, before: Values, after: Values) -> bool:
    return bool(size) and plain(after)[size] < plain(before)[size]


@contextmanager
def serving(world: World) -> Iterator[int]:
    """Serve the engine; yield the port on the loopback interface."""
    server = grpc.server(ThreadPoolExecutor(32))
    add_ResourceProviderServicer_to_server(Provider(world), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()
