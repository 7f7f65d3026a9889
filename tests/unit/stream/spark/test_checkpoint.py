"""The look into a checkpoint before Spark uses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from services.stream.error_advice import verdict
from services.stream.spark.checkpoint import has_begun
from services.stream.spark.checkpoint_offset_log import CheckpointError

TOPIC = "market.bars"
METADATA = '{"id":"0f1d"}'
OFFSETS = 'v1\n{"batchWatermarkMs":0}\n{"market.bars":{"0":5,"1":7}}'
INITIAL = '\0v1\n{"market.bars":{"0":0,"1":0}}'
COMMIT = 'v1\n{"nextBatchWatermarkMs":0}'
WHOLE = {
    "metadata": METADATA,
    "sources/0/0": INITIAL,
    "offsets/0": OFFSETS,
    "offsets/1": OFFSETS,
    "commits/0": COMMIT,
}


def look(files: Mapping[str, str]) -> bool:
    def names(folder: str) -> Sequence[str]:
        return [name.rpartition("/")[2] for name in files if name.startswith(f"{folder}/")]

    return has_begun(files.get, names, TOPIC)


def test_an_empty_folder_has_not_begun() -> None:
    assert look({}) is False


@pytest.mark.parametrize(
    "files",
    [WHOLE, {"metadata": METADATA}, {**WHOLE, "offsets/.1.crc": "x", "offsets/2.tmp": ""}],
    ids=["whole", "before the first batch", "with files that are not logs"],
)
def test_a_whole_checkpoint_has_begun(files: Mapping[str, str]) -> None:
    assert look(files) is True


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("metadata", ""),
        ("metadata", "{}"),
        ("sources/0/0", "\0v1\n{"),
        ("offsets/1", ""),
        ("offsets/1", "v1\n"),
        ("offsets/1", OFFSETS[:-4]),
        ("offsets/1", OFFSETS.replace("v1", "v9")),
        ("offsets/0", "v1\n{}\n{}"),
        ("commits/0", ""),
        ("commits/0", "v1\n{"),
    ],
)
def test_a_damaged_file_is_named_and_has_its_advice(name: str, text: str) -> None:
    with pytest.raises(CheckpointError, match=f"^the checkpoint file {name} is damaged") as caught:
        look({**WHOLE, name: text})

    assert verdict(str(caught.value)).advice.startswith("the checkpoint is damaged. Move")
    assert verdict(str(caught.value)).passes is False


@pytest.mark.parametrize("name", ["metadata", "sources/0/0"])
def test_a_missing_file_is_named(name: str) -> None:
    files = {key: text for key, text in WHOLE.items() if key != name}
    with pytest.raises(CheckpointError, match=f"^the checkpoint file {name} is missing"):
        look(files)
