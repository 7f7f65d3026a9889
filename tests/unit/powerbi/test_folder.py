"""A kit on the disk: foreign folders and edited files are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from powerbi.folder import LIST, FolderError, write

FIRST = {"a.txt": "one\n", "deep/b.txt": "two\n"}


def content(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): file.read_text("utf-8")
        for file in folder.rglob("*")
        if file.is_file() and file.name != LIST
    }


def test_a_new_and_an_empty_folder_are_filled(tmp_path: Path) -> None:
    write(tmp_path / "new" / "kit", FIRST)
    write(tmp_path / "new" / "kit", FIRST)
    assert content(tmp_path / "new" / "kit") == FIRST

    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty", FIRST)
    assert content(tmp_path / "empty") == FIRST


def test_a_foreign_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", "utf-8")
    with pytest.raises(FolderError, match="not empty"):
        write(tmp_path, FIRST)
    assert content(tmp_path) == {"letter.txt": "mine"}


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kit").write_text("mine", "utf-8")
    with pytest.raises(FolderError, match="is not a folder"):
        write(tmp_path / "kit", FIRST)


def test_a_second_build_removes_its_own_leftovers_alone(tmp_path: Path) -> None:
    write(tmp_path, FIRST)
    (tmp_path / "deep" / "cache.abf").write_text("Desktop's", "utf-8")
    write(tmp_path, {"a.txt": "three\n"})
    assert content(tmp_path) == {"a.txt": "three\n", "deep/cache.abf": "Desktop's"}


def test_edits_are_kept_unless_they_are_given_up(tmp_path: Path) -> None:
    write(tmp_path, FIRST)
    (tmp_path / "a.txt").write_text("mine\n", "utf-8")
    with pytest.raises(FolderError, match=r"a\.txt .*--overwrite"):
        write(tmp_path, FIRST)
    assert content(tmp_path)["a.txt"] == "mine\n"

    write(tmp_path, FIRST, overwrite=True)
    assert content(tmp_path) == FIRST


def test_line_ends_of_windows_are_no_edit(tmp_path: Path) -> None:
    write(tmp_path, FIRST)
    (tmp_path / "a.txt").write_bytes(b"one\r\n")
    write(tmp_path, FIRST)
    assert (tmp_path / "a.txt").read_bytes() == b"one\n"


@pytest.mark.parametrize("listed", ['{"../outside.txt": "x"}', '{"/etc/passwd": "x"}', "[]", "{"])
def test_a_list_that_points_elsewhere_is_not_followed(tmp_path: Path, listed: str) -> None:
    folder = tmp_path / "kit"
    folder.mkdir()
    (tmp_path / "outside.txt").write_text("mine", "utf-8")
    (folder / LIST).write_text(listed, "utf-8")
    with pytest.raises(FolderError, match="is damaged"):
        write(folder, FIRST)
    assert (tmp_path / "outside.txt").exists()
