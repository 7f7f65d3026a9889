"""Whom the guard counts: the viewer behind the front, and nobody else's word for it."""

from __future__ import annotations

import asyncio

import httpx
from starlette.responses import PlainTextResponse
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from services.common.secret import Secret
from services.dashboard.guard import Guard

FRONT, NEIGHBOUR = "172.19.0.5", "172.20.0.9"
FORWARDED = "X-Forwarded-For"


def answers(asked: list[tuple[str, str, str]]) -> list[int]:
    """Ask one after the other, each by (peer, password, what it says of the viewer)."""

    async def run() -> list[int]:
        guard = Guard(PlainTextResponse("shown"), Secret("right"), 10_000)
        app = ProxyHeadersMiddleware(guard, ["172.19.0.0/16"])  # type: ignore[arg-type]
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


def test_who_is_not_the_front_cannot_say_who_he_is() -> None:
    guesses = [(NEIGHBOUR, "wrong", f"198.51.100.{number}") for number in range(20)]
    assert answers([*guesses, (NEIGHBOUR, "right", "198.51.100.99")]) == [*[401] * 20, 429]
