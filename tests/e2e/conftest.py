"""A home for the tests of a file."""

from __future__ import annotations

import pytest

from tests.e2e.person import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("home")
    folder.chmod(0o711)  # PostgreSQL runs as another user where the tests run as root
    (folder / ".curlrc").write_text("fail\nsilent\nshow-error\n", "utf-8")
    return Home(folder)
