"""How the files of an import are shared among tasks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.stream.importing.run import shares


@pytest.mark.parametrize(
    ("sizes", "tasks", "found"),
    [
        ([1] * 10, 4, [range(3), range(3, 5), range(5, 8), range(8, 10)]),
        ([1, 1, 100, 1, 1], 4, [range(2), range(2, 3), range(3, 5)]),
        ([7, 7, 7], 4, [range(1), range(1, 2), range(2, 3)]),
        ([0, 0], 4, [range(2)]),
        ([5], 4, [range(1)]),
    ],
)
def test_tasks_get_neighbours_of_about_the_same_size(
    sizes: Sequence[int], tasks: int, found: Sequence[range]
) -> None:
    assert shares(sizes, tasks) == found
