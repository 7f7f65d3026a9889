"""The base image goes into an engine that runs: none is started for it."""

from __future__ import annotations

import pytest

from scripts.containers import base_image


def test_without_an_engine_nothing_is_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    monkeypatch.setattr("sys.argv", ["scripts/base-image"])
    assert base_image.main() == 1
    assert "unix:///nonexistent/docker.sock" in capsys.readouterr().err
