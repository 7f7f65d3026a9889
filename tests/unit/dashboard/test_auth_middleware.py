"""Whom the guard counts: the viewer behind the front, and nobody else's word for it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from services.common.secret import Secret
from services.common.settings import Environment, SettingError
from services.dashboard.auth_middleware import AuthMiddleware
from services.dashboard.settings import CHART_LIBRARY, read_settings

FRONT, NEIGHBOUR = "172.19.0.5", "172.20.0.9"
FORWARDED = "X-Forwarded-For"


def answers(
    asked: list[tuple[str, str, str]], believed: Sequence[str] = ("172.19.0.0/16",)
) -> list[int]:
    """Ask one after the other, each by (peer, password, what it says of the viewer)."""

    async def run() -> list[int]:
        guard = AuthMiddleware(PlainTextResponse("shown"), Secret("right"), 10_000)
        app = ProxyHeadersMiddleware(guard, list(believed))  # type: ignore[arg-type]
        codes = []
        for peer, password, viewer in asked:
            transport = httpx.ASGITransport(app=app, client=(peer, 1))  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                found = await client.get("/", auth=("any", password), headers={FORWARDED: viewer})
            codes.append(found.status_code)
        return codes

    return asyncio.run(run())


def test_behind_the_front_each_viewer_is_counted_alone() -> None:
    guesses = [(FRONT, "wrong", "198.51.100.7")] * 20
    later = [(FRONT, "right", "198.51.100.7"), (FRONT, "right", "198.51.100.8")]
    assert answers([*guesses, *later]) == [*[401] * 20, 429, 200]


def test_a_person_has_one_count_whatever_address_of_its_network_it_takes() -> None:
    guesses = [(FRONT, "wrong", f"2001:db8:1:2::{number:x}") for number in range(20)]
    later = ["2001:db8:1:2:ffff::1", "2001:db8:1:3::1", "[2001:db8:1:2::5]:443"]
    assert answers([*guesses, *((FRONT, "right", one) for one in later)]) == [
        *[401] * 20,
        *(429, 200, 429),
    ]


def test_who_is_not_the_front_cannot_say_who_he_is() -> None:
    guesses = [(NEIGHBOUR, "wrong", f"198.51.100.{number}") for number in range(20)]
    assert answers([*guesses, (NEIGHBOUR, "right", "198.51.100.99")]) == [*[401] * 20, 429]


def proxies(folder: Path, given: str) -> list[str]:
    """Return the networks that the dashboard believes."""
    (folder / CHART_LIBRARY).touch()
    needed = {"DASHBOARD_LIBRARY_DIR": str(folder), "DASHBOARD_SERVICE_PASSWORD": "secret"}
    told = read_settings(Environment({**needed, "DASHBOARD_TRUSTED_PROXIES": given}))
    return list(told.trusted_proxies)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("*", "'*' does not appear to be an IPv4 or IPv6 network"),
        ("10.0.0.1/8", "10.0.0.1/8 has host bits set"),
        ("10.0.0.0/8,::/0", "::/0 is everybody; name your proxies alone"),
    ],
)
def test_not_everybody_is_believed(given: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=re.escape(f"DASHBOARD_TRUSTED_PROXIES: {told}")):
        proxies(tmp_path, given)


def test_a_proxy_is_believed_at_a_socket_for_both_kinds_of_addresses(tmp_path: Path) -> None:
    codes = answers(
        [("::ffff:172.19.0.5", "wrong", "198.51.100.7")] * 20
        + [("::ffff:172.19.0.5", "right", one) for one in ("198.51.100.7", "198.51.100.8")],
        proxies(tmp_path, "172.19.0.0/16"),
    )
    assert codes == [*[401] * 20, 429, 200]
