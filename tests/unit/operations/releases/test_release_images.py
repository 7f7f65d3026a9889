"""Which images a host has already: by what they hold, whatever ids its engine gives them."""

from __future__ import annotations

import json
from typing import Any

from scripts.operations.releases.release_images import contents


def inspected(identifier: str, layer: str = "sha256:aa", **config: Any) -> str:
    """Return what `docker image inspect` prints of one image."""
    image = {
        "Id": f"sha256:{identifier}",
        "RepoTags": [f"tapeline/{identifier}"],
        "RootFS": {"Type": "layers", "Layers": [layer]},
        "Config": {"Env": ["PATH=/bin"], "Cmd": ["serve"], **config},
    }
    return json.dumps([image])


def test_one_image_is_the_same_in_every_image_store() -> None:
    # One store names it by its manifest, the other by its configuration, in which what is not set
    # is left out.
    (here,) = contents(inspected("manifest", Labels=None, User=""))
    assert contents(inspected("configuration")) == {here: "sha256:configuration"}


def test_another_image_is_another_one_under_the_same_name() -> None:
    others = (
        inspected("same", layer="sha256:bb"),
        inspected("same", Env=["PATH=/sbin"]),
        inspected("same", Cmd=["replay"]),
        inspected("same", Labels={"org.opencontainers.image.version": "2"}),
    )
    found = [*contents(inspected("same")), *(key for one in others for key in contents(one))]
    assert len({*found}) == 5
