"""A trial for each test; its parameter is what the stream's environment has besides."""

from __future__ import annotations

import pytest

from tests.fixtures.live import Stream
from tests.fixtures.market import Topic
from tests.integration.stream.fail_points.trial import Trial


@pytest.fixture
def trial(stream: Stream, bars_topic: Topic, request: pytest.FixtureRequest) -> Trial:
    return Trial(stream, bars_topic, getattr(request, "param", {}))
