"""The API keeps to its own OpenAPI description, whatever is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from tests.integration.dashboard.serving import Dashboard

ENDLESS = "/api/stream"
EXAMPLES = 8


def breaks_a_rule(query: Mapping[str, Any]) -> bool:
    """Tell whether parameters do not go together, which OpenAPI has no words for."""
    if query.get("from") is not None and query.get("to") is not None:
        return True  # from may lie after to
    if query.get("as_of") is None:
        return False
    return not query.get("symbol") or query.get("basis", "as_traded") != "as_traded"


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
def test_every_answer_is_as_described(mode: GenerationMode, dashboard: Dashboard) -> None:
    schema = schemathesis.openapi.from_url(f"{dashboard.url}/api/openapi.json")
    asked = set()
    for found in schema.exclude(path=ENDLESS).get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and not list(operation.query):
            continue

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: schemathesis.Case[Any]) -> None:
            asked.add(case.path)
            answer = case.call(timeout=60)
            if mode is GenerationMode.POSITIVE and breaks_a_rule(case.query):
                assert answer.status_code in (200, 403, 404, 422)
                return
            case.validate_response(answer)
            assert answer.status_code < 500

        check()
    assert {"/api/bars", "/api/anomalies", "/api/chart", "/api/status"} <= asked
