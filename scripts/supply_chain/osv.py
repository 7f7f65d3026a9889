"""Asks OSV's HTTP API (https://google.github.io/osv.dev/post-v1-querybatch/): components in,
advisories out. Standard library only, as the locks' reader is."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from scripts.supply_chain.component import Component

BATCH = 1000
"""The most questions that the API takes at a time."""
_MOST_PAGES = 100


class OsvError(Exception):
    """One line: why the database could not be asked."""


@dataclass(frozen=True)
class Advisory:
    """A known weakness of a component."""

    component: Component
    identifier: str
    aliases: tuple[str, ...]
    summary: str
    fixed: tuple[str, ...]
    """The versions in which it is mended, as far as the database says."""


@dataclass(frozen=True)
class Osv:
    """The database at an address; every answer may take `timeout_seconds`."""

    url: str
    timeout_seconds: float

    def advisories(self, components: Sequence[Component]) -> list[Advisory]:
        """Return what is known of the components, in their order. Raises OsvError.

        One weakness under two names (GHSA, PYSEC) comes once.
        """
        found = self._identifiers(components)
        details: dict[str, Mapping[str, Any]] = {}
        advisories = []
        for component in components:
            told: set[str] = set()
            for identifier in sorted(found[component]):
                if identifier not in details:
                    details[identifier] = self._details(identifier)
                one = _advisory(component, identifier, details[identifier])
                if told.isdisjoint({identifier, *one.aliases}):
                    advisories.append(one)
                told |= {identifier, *one.aliases}
        return advisories

    def _identifiers(self, components: Sequence[Component]) -> Mapping[Component, set[str]]:
        found: dict[Component, set[str]] = defaultdict(set)
        waiting = [(component, "") for component in components]
        for _ in range(-(-len(waiting) // BATCH) + _MOST_PAGES):
            if not waiting:
                return found
            asked, waiting = waiting[:BATCH], waiting[BATCH:]
            for (component, _), result in zip(asked, self._batch(asked), strict=True):
                found[component] |= {one["id"] for one in result.get("vulns") or ()}
                if result.get("next_page_token"):
                    waiting.append((component, result["next_page_token"]))
        if waiting:
            raise OsvError(f"{self.url} answered with more than {_MOST_PAGES} further pages")
        return found

    def _batch(self, asked: Sequence[tuple[Component, str]]) -> list[Mapping[str, Any]]:
        queries = [dict(_query(component, token)) for component, token in asked]
        answer = self._ask("/v1/querybatch", {"queries": queries})
        results = answer.get("results")
        if (
            not isinstance(results, list)
            or len(results) != len(asked)
            or not all(_is_result(one) for one in results)
        ):
            raise OsvError(f"{self.url} gave an answer that is not OSV's to /v1/querybatch")
        return results

    def _details(self, identifier: str) -> Mapping[str, Any]:
        return self._ask(f"/v1/vulns/{quote(identifier, safe='')}", None)

    def _ask(self, path: str, body: object) -> Mapping[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the options allow http and https alone
            self.url.rstrip("/") + path, data, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_seconds) as response:  # noqa: S310
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            error.close()
            raise OsvError(f"{self.url} answered {error.code} to {path}") from None
        except ValueError:
            raise OsvError(f"{self.url} gave an answer that is not OSV's to {path}") from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", "") or error or type(error).__name__
            raise OsvError(f"{self.url} is not reachable: {reason}") from None
        if not isinstance(answer, dict):
            raise OsvError(f"{self.url} gave an answer that is not OSV's to {path}")
        return answer


def _is_result(result: object) -> bool:
    if not isinstance(result, dict):
        return False
    found = result.get("vulns") or []
    return isinstance(found, list) and all(isinstance(one, dict) and "id" in one for one in found)


def _query(component: Component, token: str) -> Iterator[tuple[str, object]]:
    yield "package", {"ecosystem": component.ecosystem, "name": component.name}
    yield "version", component.version
    if token:
        yield "page_token", token


def _advisory(component: Component, identifier: str, details: Mapping[str, Any]) -> Advisory:
    fixed = {
        event["fixed"]
        for affected in details.get("affected") or ()
        if affected.get("package", {}).get("name") == component.name
        for spread in affected.get("ranges") or ()
        if spread.get("type") != "GIT"
        for event in spread.get("events") or ()
        if "fixed" in event
    }
    lines = (details.get("summary") or details.get("details") or "").strip().splitlines()
    aliases = tuple(sorted(details.get("aliases") or ()))
    return Advisory(component, identifier, aliases, lines[0] if lines else "", (*sorted(fixed),))
