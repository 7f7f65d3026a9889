"""Writes components as a CycloneDX document: components in, JSON text out, the same for the same.

The document has no time of its own, and its serial number comes from what it lists.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component as Listed
from cyclonedx.model.component import ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from scripts.supply_chain.component import Component, Distribution

_ALGORITHMS = {
    "md5": HashAlgorithm.MD5,
    "sha1": HashAlgorithm.SHA_1,
    "sha256": HashAlgorithm.SHA_256,
    "sha384": HashAlgorithm.SHA_384,
    "sha512": HashAlgorithm.SHA_512,
}


def document(name: str, version: str, components: Sequence[Component]) -> str:
    """Return the CycloneDX 1.6 JSON of what `name` is made of, all directly beneath it."""
    listed = [_listed(component) for component in components]
    bom = Bom(components=listed)
    bom.metadata.component = Listed(
        name=name, version=version, type=ComponentType.APPLICATION, bom_ref=name
    )
    bom.register_dependency(bom.metadata.component, listed)
    content = json.loads(JsonV1Dot6(bom).output_as_string())
    del content["metadata"]["timestamp"], content["serialNumber"]
    text = json.dumps(content, sort_keys=True)
    content["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, text).urn
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def _listed(component: Component) -> Listed:
    group, _, name = component.name.rpartition(":" if component.ecosystem == "Maven" else "/")
    licences = [LicenseFactory().make_from_string(component.licence)] if component.licence else []
    return Listed(
        name=name,
        group=group or None,
        version=component.version,
        type=ComponentType.LIBRARY,
        bom_ref=component.purl,
        purl=PackageURL.from_string(component.purl),
        licenses=licences,
        external_references=[_reference(one) for one in component.distributions],
        properties=[Property(name="tapeline:lock", value=component.lock)],
    )


def _reference(distribution: Distribution) -> ExternalReference:
    return ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(distribution.url),
        hashes=[
            HashType(alg=_ALGORITHMS[algorithm], content=digest)
            for algorithm, digest in distribution.digests
        ],
    )
