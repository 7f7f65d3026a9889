from __future__ import annotations

import logging
from pathlib import Path

import pytest

from services.common.process.last_stop import LastStop

LOG = logging.getLogger("test-stop")


def test_it_is_kept_until_it_is_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "state" / "stopped"
    assert LastStop(file, LOG).read() == ""
    LastStop(file, LOG).keep("key_refused")
    assert LastStop(file, LOG).read() == "key_refused"
    LastStop(file, LOG).forget()
    LastStop(file, LOG).forget()
    assert (LastStop(file, LOG).read(), file.exists()) == ("", False)


def test_without_a_file_nothing_is_kept() -> None:
    nowhere = LastStop(None, LOG)
    nowhere.keep("fault")
    assert nowhere.read() == ""
    nowhere.forget()


def test_what_cannot_be_written_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").touch()
    LastStop(tmp_path / "state" / "stopped", LOG).keep("fault")
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_what_is_no_text_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "stopped").write_bytes(b"\xff\xfe")
    assert LastStop(tmp_path / "stopped", LOG).read() == ""
