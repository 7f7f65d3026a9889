"""The program under mocks, in a process of its own: a configuration as JSON in, a record out."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks

from tests.unit.infra.stacks import CANARY, CLOUDS, PUBLIC_KEY

SECRET_KEYS = ("alphaVantageKey", "backupAccessKeyId", "backupKey")
ADDRESS = "203.0.113.80"


class RefusedError(Exception):
    """What the cloud says to a resource that it does not make."""


class Recorder(Mocks):
    """Answers as a cloud would, and writes down what it was asked for."""

    def __init__(self, zones: str, before: str, refused: str) -> None:
        self.zones, self.before, self.refused = zones, before, refused
        self.resources: list[dict[str, Any]] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Return a numeric id, as some clouds have them, and the outputs that the program reads."""
        if args.typ == self.refused:
            raise RefusedError(f"the cloud refuses {args.typ}")
        number = str(1000 + len(self.resources))
        self.resources.append({"type": args.typ, "name": args.name, "inputs": dict(args.inputs)})
        made = {
            "name": args.name,
            "address": ADDRESS,
            "ipAddress": ADDRESS,
            "publicIp": ADDRESS,
            "instanceId": number,
            "virtualMachineId": number,
            "imageId": f"sha256:{number}",
            "linuxDevice": f"/dev/disk/by-id/scsi-0HC_Volume_{number}",
            "result": f"{CANARY}-{args.name}",
            "privateKeyOpenssh": f"PRIVATE {CANARY}-{args.name}\n",
            "publicKeyOpenssh": f"{PUBLIC_KEY}\n",
        }
        return f"vol-{number}" if "ebs" in args.typ else number, {**made, **args.inputs}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Answer what the program asks before it makes anything."""
        answers: dict[str, dict[str, Any]] = {
            "aws:ec2/getAmi:getAmi": {"id": "ami-0123456789abcdef0"},
            "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": {
                "locations": json.loads(self.zones)
            },
            "pulumi:pulumi:readStackOutputs": {"outputs": json.loads(self.before)},
        }
        return answers[args.token], []


def names(resources: Any) -> list[str]:
    """Return the names of what a resource is said to depend on."""
    return sorted(one._name for one in resources or ())


def note_options(options: dict[str, dict[str, Any]]) -> Any:
    """Return a transformation that writes down the options; mocks do not see them."""

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        options[f"{args.type_} {args.name}"] = {
            "protect": bool(args.opts.protect),
            "delete_before_replace": bool(args.opts.delete_before_replace),
            "retain_on_delete": bool(args.opts.retain_on_delete),
            "ignore_changes": list(args.opts.ignore_changes or ()),
            "has_parent": args.opts.parent is not None,
            "secret_outputs": list(args.opts.additional_secret_outputs or ()),
            "after": names(args.opts.depends_on),
        }

    return note


def run(config: dict[str, str]) -> dict[str, Any]:
    """Run the program and return what it left."""
    zones = config.pop("--zones", '["eu-central-1c", "eu-central-1b"]')
    recorder = Recorder(zones, config.pop("--before", "{}"), config.pop("--refused", ""))
    options: dict[str, dict[str, Any]] = {}
    exported: dict[str, Any] = {}
    if missing := config.pop("--missing", ""):
        sys.modules[missing] = None  # type: ignore[assignment]  # as Python itself marks it
    pulumi.runtime.set_mocks(recorder, project="tapeline", stack="dev")
    hidden = config.pop("--hidden", "yes") == "yes"
    keys = [f"tapeline:{name}" for name in SECRET_KEYS if hidden]
    pulumi.runtime.set_all_config({f"tapeline:{k}": v for k, v in config.items()}, keys)
    pulumi.runtime.register_stack_transformation(note_options(options))
    pulumi.export = exported.__setitem__  # type: ignore[assignment]
    said: list[str] = []
    pulumi.log.info = said.append  # type: ignore[assignment]
    error = ""

    found: dict[str, tuple[Any, bool]] = {}

    async def program() -> None:
        importlib.import_module("infra.__main__")  # importing it runs it
        for name, value in exported.items():
            output = pulumi.Output.from_input(value)
            found[name] = (await output.future(), await output.is_secret())

    try:
        pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
    except (pulumi.RunError, RefusedError) as fault:
        error = str(fault)
    return {
        "resources": [
            {**entry, "options": options.get(f"{entry['type']} {entry['name']}", {})}
            for entry in recorder.resources
        ],
        "outputs": {name: value for name, (value, _) in found.items()},
        "secret_outputs": sorted(name for name, (_, secret) in found.items() if secret),
        "sdks": sorted(name for name in (f"pulumi_{c}" for c in _SDKS) if sys.modules.get(name)),
        "error": error,
        "said": said,
    }


_SDKS = (*CLOUDS, "docker")


def record(config: str) -> str:
    """Run the program with a configuration; return what it left, as JSON."""
    return json.dumps(run(json.loads(config)))
