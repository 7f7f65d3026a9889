"""What a resource lets in and what it shows: a resource's inputs in, findings in words out.

The policy pack and the tests judge by these functions. Inputs are Pulumi's own: the type's token
and the properties by their camelCase names.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.config.addresses import is_world_open
from infra.machine.firewall import HTTP_PORT, HTTPS_PORT, POSTGRES_PORT, SSH_PORT

Inputs = Mapping[str, Any]
DECLARED_PORTS: Final = (SSH_PORT, POSTGRES_PORT, HTTP_PORT, HTTPS_PORT)

_USER_DATA: Final = ("userData", "customData", "metadata")
_SECRET_SIGNS: Final = re.compile(
    r"password\s*[=:]\s*\S|passphrase|api_?key|secret|begin (rsa|ec|dsa|encrypted) private key",
    re.I,
)


@dataclass(frozen=True)
class Ingress:
    """Ports of one protocol, and who may reach them."""

    protocol: str
    ports: str
    """One port as a number; anything else is more than one."""
    sources: tuple[str, ...]

    @property
    def world_open(self) -> bool:
        """Return whether the sources hold more than anyone could own."""
        return is_world_open(self.sources)


def ingress(resource_type: str, inputs: Inputs) -> tuple[Ingress, ...]:
    """Return what a firewall's resource lets in; nothing for any other resource."""
    read = _READERS.get(resource_type)
    return tuple(read(inputs)) if read is not None else ()


def undeclared_openings(resource_type: str, inputs: Inputs) -> list[str]:
    """Return a finding for each opening that is not one TCP port of the declared ones."""
    return [
        f"opens {found.protocol} {found.ports}, which nothing here needs"
        for found in ingress(resource_type, inputs)
        if found.protocol != "tcp" or found.ports not in {str(port) for port in DECLARED_PORTS}
    ]


def world_open_findings(port: int, resource_type: str, inputs: Inputs) -> list[str]:
    """Return a finding for each opening of the port to the world, or of a range that holds it."""
    return [
        f"opens {found.ports} to the world"
        for found in ingress(resource_type, inputs)
        if found.world_open and _holds(found.ports, port)
    ]


def user_data_findings(inputs: Inputs) -> list[str]:
    """Return a finding for each secret that shows in user data, by its look."""
    return [
        f"{name} holds what looks like a secret: {sign.group()!r}"
        for name in _USER_DATA
        for sign in _SECRET_SIGNS.finditer(_as_text(inputs.get(name, "")))
    ]


def _as_text(user_data: Any) -> str:
    """Return what the VM reads; one cloud wants it in base64."""
    try:
        return base64.b64decode(str(user_data), validate=True).decode()
    except ValueError:
        return str(user_data)


def _holds(ports: str, port: int) -> bool:
    first, _, last = ports.partition("-")
    if not first.isdigit():
        return True
    return int(first) <= port <= int(last or first)


def _aws(inputs: Inputs) -> Iterator[Ingress]:
    for rule in inputs.get("ingress") or ():
        sources = (*(rule.get("cidrBlocks") or ()), *(rule.get("ipv6CidrBlocks") or ()))
        first, last = int(rule["fromPort"]), int(rule["toPort"])
        ports = str(first) if first == last else f"{first}-{last}"
        yield Ingress(rule["protocol"], ports, sources)


def _azure(inputs: Inputs) -> Iterator[Ingress]:
    for rule in inputs.get("securityRules") or ():
        if rule["direction"] == "Inbound" and rule["access"] == "Allow":
            single = rule.get("sourceAddressPrefix")
            sources = (*(rule.get("sourceAddressPrefixes") or ()), *([single] if single else ()))
            ports = rule.get("destinationPortRange") or "several"
            yield Ingress(rule["protocol"].lower(), ports, sources)


def _digitalocean(inputs: Inputs) -> Iterator[Ingress]:
    for rule in inputs.get("inboundRules") or ():
        sources = tuple(rule.get("sourceAddresses") or ())
        yield Ingress(rule["protocol"], rule.get("portRange") or "all", sources)


def _gcp(inputs: Inputs) -> Iterator[Ingress]:
    if inputs.get("direction", "INGRESS") == "INGRESS":
        for allowed in inputs.get("allows") or ():
            for ports in allowed.get("ports") or ("all",):
                yield Ingress(allowed["protocol"], ports, tuple(inputs.get("sourceRanges") or ()))


def _hcloud(inputs: Inputs) -> Iterator[Ingress]:
    for rule in inputs.get("rules") or ():
        if rule["direction"] == "in":
            sources = tuple(rule.get("sourceIps") or ())
            yield Ingress(rule["protocol"], rule.get("port") or "all", sources)


_READERS: Final[Mapping[str, Callable[[Inputs], Iterator[Ingress]]]] = {
    "aws:ec2/securityGroup:SecurityGroup": _aws,
    "azure:network/networkSecurityGroup:NetworkSecurityGroup": _azure,
    "digitalocean:index/firewall:Firewall": _digitalocean,
    "gcp:compute/firewall:Firewall": _gcp,
    "hcloud:index/firewall:Firewall": _hcloud,
}
