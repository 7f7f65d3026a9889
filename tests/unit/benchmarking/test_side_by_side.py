"""scripts/bench against: ratios of what two commits' own benches say, round by round."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from scripts.benchmarking import against
from scripts.benchmarking.options import parse_against
from scripts.benchmarking.side_by_side import Ratio, comparison, ratios, result, unmatched
from scripts.benchmarking.vendor.recorded_answers import answer, name
from scripts.launcher.errors import SetupError

# Notes when it ran beside its checkout.
BENCH = """#!/bin/sh
for file; do :; done
date +%s%N >> ../order
echo '{{"machine": {{}}, "lines": [{lines}]}}' > "$file"
"""


def line(what: str, figure: str, ratio: str = "") -> dict[str, str]:
    return {"what": what, "figure": figure, "ratio": ratio, "target": ""}


def test_every_figure_of_a_line_has_its_name_and_its_unit() -> None:
    said = result(
        [
            line("job, drain", "180,500 bars/s", "0.72 B"),
            line("delay", "p50 0.20 s, p90 0.30 s, p99 0.40 s, longest 1.50 s"),
            line("memory", "1,855 MiB (kafka 455, postgres 300 MiB)"),
            line("bi.bars", "12.5 ms, 390 rows", "11.0 ms of CPU"),
            line("producer", "93.5 symbols/s, 11,000 bars/s, 22 s of CPU"),
            line("stored", "297 bytes"),
            line("nothing", "0 bars/s"),
        ]
    )
    assert [(one.name, one.unit, one.here) for one in ratios([(said, said)])] == [
        ("job, drain", "bars/s", 180_500),
        ("job, drain", "B", 0.72),
        ("delay, p50", "s", 0.2),
        ("delay, p90", "s", 0.3),
        ("delay, p99", "s", 0.4),
        ("delay, longest", "s", 1.5),
        ("memory", "MiB", 1855),
        ("bi.bars", "ms", 12.5),
        ("bi.bars", "ms of CPU", 11),
        ("producer", "symbols/s", 93.5),
        ("producer", "bars/s", 11_000),
        ("producer", "s of CPU", 22),
        ("stored", "bytes", 297),
    ]


def test_each_of_several_lines_with_one_name_counts() -> None:
    said = result([line("B", "100 bars/s"), line("new", "90 bars/s"), line("B", "300 bars/s")])
    assert said == {"B": "100 bars/s; ", "new": "90 bars/s; ", "B (2)": "300 bars/s; "}


def test_rounds_are_compared_one_by_one() -> None:
    rounds = [
        ({"drain": "100 bars/s", "new": "1 s"}, {"drain": "200 bars/s", "old": "1 s"}),
        ({"drain": "300 bars/s", "new": "1 s"}, {"drain": "100 bars/s", "old": "1 s"}),
        ({"drain": "180 bars/s", "new": "1 s"}, {"drain": "120 bars/s", "old": "1 s"}),
    ]
    found = ratios(rounds)
    assert found == [Ratio("drain", "bars/s", 180, 120, (0.5, 3, 1.5))]
    assert unmatched(rounds) == ["new", "old"]
    assert comparison(found) == (
        "| measured | here | there | here / there | least to most |\n"
        "|---|---|---|---|---|\n"
        "| drain | 180 bars/s | 120 bars/s | 1.50 | 0.50 to 3.00 |"
    )


def test_a_figure_that_a_round_lacks_is_left_out() -> None:
    rounds = [({"a": "1 s"}, {"a": "2 s"}), ({"a": "failed"}, {"a": "2 s"})]
    assert ratios(rounds) == []


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose first commit's bench says 100 bars/s, and whose files now say 250."""
    root = tmp_path / "here"
    (root / "scripts").mkdir(parents=True)
    git = ["git", "-C", str(root), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    write_bench(root, 100)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "First"], check=True)
    subprocess.run([*git, "tag", "first"], check=True)
    write_bench(root, 250)
    return root


def write_bench(root: Path, rate: int, after: str = "") -> None:
    bench = root / "scripts" / "bench"
    bench.write_text(BENCH.format(lines=json.dumps(line("drain", f"{rate} bars/s"))) + after)
    bench.chmod(0o755)


def test_a_commit_is_measured_by_its_own_bench(repository: Path, tmp_path: Path) -> None:
    options = parse_against(["first", "drain", "--rounds", "2", "--bars", "5"])
    assert options.bench == ["drain", "--bars", "5"]
    text = against.run(options, repository, tmp_path / "cache")
    assert text.splitlines()[2:] == ["| drain | 250 bars/s | 100 bars/s | 2.50 | 2.50 to 2.50 |"]
    # A second time, the checkout is there.
    assert against.run(options, repository, tmp_path / "cache") == text
    (folder,) = (tmp_path / "cache" / "against").glob("*/scripts")
    runs_there = (folder.parent.parent / "order").read_text().split()
    runs_here = (tmp_path / "order").read_text().split()
    # Here, there; then there, here: neither side is always the first.
    order = sorted([(int(at), "here") for at in runs_here] + [(int(at), "") for at in runs_there])
    assert [side for _, side in order] == ["here", "", "", "here"] * 2


def test_producers_are_measured_by_one_bench(repository: Path, tmp_path: Path) -> None:
    # Theirs is slow by the bench here, and their own bench is not asked.
    bench = repository / "scripts" / "bench"
    lines = '{"what": "producer", "figure": "%s s of CPU"}'
    bench.write_text(
        '#!/bin/sh\nspent=$(cat "${3}/spent"); shift $(($# - 1))\n'
        f'printf \'{{"machine": {{}}, "lines": [{lines}]}}\' "$spent" > "$1"\n'
    )
    (repository / "spent").write_text("4")
    there = against.checkout(repository, "first", tmp_path / "cache")
    (there / "spent").write_text("16")
    setup = there / "scripts" / "setup"
    setup.write_text("#!/bin/sh\ntouch installed\n")
    setup.chmod(0o755)
    text = against.run(parse_against(["first", "producer"]), repository, tmp_path / "cache")
    rows = ["| producer | 4 s of CPU | 16 s of CPU | 0.25 | 0.25 to 0.25 |"]
    assert text.splitlines()[2:] == rows
    assert (there / "installed").exists()


def test_of_one_recorded_answer_each_symbol_has_its_own() -> None:
    recorded = [b'{"2. Symbol": "LOAD00000"}', b'{"2. Symbol": "LOAD00001"}']
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n"
    call = b"GET /query?function=F&symbol=%b&interval=60min HTTP/1.1"
    assert [answer(call % name(n).encode(), recorded) for n in (1, 42)] == [
        head + b'{"2. Symbol": "LOAD00001"}',
        head + b'{"2. Symbol": "LOAD00042"}',
    ]


def test_what_fails_is_told_in_a_line(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupError) as told:
        against.run(parse_against(["nowhere", "drain"]), repository, tmp_path)
    assert str(told.value) == "'nowhere' is no commit here: git has no such commit"
    write_bench(repository, 1, "exit 3\n")
    with pytest.raises(SetupError) as told:
        against.run(parse_against(["first", "drain"]), repository, tmp_path)
    assert str(told.value) == f"{repository}/scripts/bench ended with 3; see above"
