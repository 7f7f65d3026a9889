"""The import beside plain COPY and what people do, form by form, and its memory over a large file.

Spark's start is told apart, since it is the same for one bar and for a billion; all else counts,
from the files' recognition to the last commit.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from statistics import mean

from scripts.benchmarking import history_files
from scripts.benchmarking.history_files import YEAR_BARS
from scripts.benchmarking.measurements import import_rate
from scripts.benchmarking.peers.history import PEERS
from scripts.benchmarking.report import Line, rate_text
from scripts.benchmarking.servers import Servers

_TARGETS: Mapping[str, str] = {
    "parquet": "≥ 0.60 B",
    "lean-symbol": "≥ 0.60 B",
    "lean-minute": "≥ 0.60 B",
    "csv": "≥ 0.45 B",
}
_MIB = 1024**2


def measure(servers: Servers, bars: int, large_bars: int) -> Iterator[Line]:
    """Yield what each form's import makes of files of so many bars, then of one large file."""
    years = history_files.years(bars)
    count = len(years) * YEAR_BARS
    for form, target in _TARGETS.items():
        folder = servers.directory / "files" / form
        files = history_files.write(folder, form, bars)
        before = import_rate.copy_rate(servers, years)
        yield Line("B: COPY into the keyed table", rate_text(before))
        options = [*import_rate.options(form), *map(str, files)]
        found = import_rate.run(servers, f"import_{form.replace('-', '_')}", options, count)
        peers = {}
        for name, work in PEERS.get(form, {}).items():
            login = servers.make_database("import_peer", peer=True)
            peers[name] = count / work(login, files)
            import_rate.require_bars(login, name, count)
            servers.drop_database(login)
        after = import_rate.copy_rate(servers, years)
        shutil.rmtree(folder)
        yield Line("B again", rate_text(after))
        usual = mean((before, after))
        rate = count / (found.seconds - found.start_seconds)
        what = f"import, {form}, {len(files)} files"
        yield Line(what, rate_text(rate), f"{rate / usual:.2f} B", target)
        whole = count / found.seconds
        what = f"  with the {found.start_seconds:.1f} s of Spark's start"
        yield Line(what, rate_text(whole), f"{whole / usual:.2f} B")
        for name, peer in peers.items():
            ratio = f"{peer / usual:.2f} B, ours is {rate / peer:.2f} times that"
            yield Line(f"  {name}", rate_text(peer), ratio)
    if large_bars:
        yield _large(servers, large_bars)


def _large(servers: Servers, bars: int) -> Line:
    path = history_files.large(servers.directory / "large.parquet", bars)
    count = len(history_files.years(bars)) * YEAR_BARS
    options = [*import_rate.options("parquet"), str(path)]
    found = import_rate.run(servers, "import_large", options, count)
    path.unlink()
    quarters = ", ".join(f"{each / _MIB:.0f}" for each in found.by_quarter)
    figure = (
        f"{found.most_bytes / _MIB:.0f} MiB at most, by quarters of its time {quarters}; "
        f"{rate_text(count / (found.seconds - found.start_seconds))}"
    )
    return Line(f"memory, one Parquet file of {count:,} bars", figure, "", "≤ 1536 MiB")
