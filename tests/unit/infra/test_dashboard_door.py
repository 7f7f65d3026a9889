"""The dashboard's own opening, on every cloud: from its own list, under a domain, or not at all."""

from __future__ import annotations

import pytest

from infra.config.addresses import WORLD_OPEN_WORDS
from infra.exposure import undeclared_openings, world_open_findings
from infra.outputs import from_mapping
from tests.unit.infra.clouds.test_clouds import ADMINS, openings, published
from tests.unit.infra.stacks import RENTED, SHOWN, run


@pytest.mark.parametrize("cloud", RENTED)
def test_the_dashboard_comes_in_from_its_own_list_under_a_domain(cloud: str) -> None:
    stack = run(cloud, **SHOWN)
    assert sorted(openings(stack)) == [
        ("tcp", "22", ADMINS),
        ("tcp", "443", ("198.51.100.0/24",)),
        ("tcp", "5432", ("192.0.2.0/24",)),
        ("tcp", "80", ("0.0.0.0/0",)),
    ]
    assert from_mapping(stack.outputs).dashboard_cidrs == ("198.51.100.0/24",)
    for entry in stack.resources:
        assert undeclared_openings(entry.type, entry.inputs) == []
        assert world_open_findings(443, entry.type, entry.inputs) == []


@pytest.mark.parametrize("cloud", RENTED)
def test_the_dashboard_is_open_to_the_world_where_words_say_so(cloud: str) -> None:
    wide = {"dashboardCidrs": "0.0.0.0/0", "worldOpenDashboard": WORLD_OPEN_WORDS}
    stack = run(cloud, **{**SHOWN, **wide})
    assert ("tcp", "443", ("0.0.0.0/0",)) in openings(stack)
    found = [world_open_findings(443, e.type, e.inputs) for e in stack.resources]
    assert [one for one in found if one] == [["opens 443 to the world"]]


def test_the_local_container_is_published_for_it_on_loopback() -> None:
    assert published(run("local", **SHOWN))[2:] == [("127.0.0.1", 443, 443)]
