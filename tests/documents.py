"""The commands of the documents, as they are written there, for the tests that run them.

A fenced block's mark names who runs it: ```sh run=demo. What nobody can run here says what it
needs instead: ```sh needs=cloud-account. See docs/development.md for the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = (
    ROOT / "README.md",
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("*/README.md")),
    *sorted(ROOT.glob("services/*/README.md")),
)
_FENCE = re.compile(r"^```(?P<language>\w*) *(?P<mark>[^\n]*)\n(?P<text>.*?)^```$", re.M | re.S)
_MARK = re.compile(r"(?P<kind>run|needs)=(?P<name>[a-z-]+)")


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language, and who runs it (`run`) or what it `needs`."""

    document: str
    language: str
    kind: str
    name: str
    text: str

    def commands(self) -> list[str]:
        """Return its commands: one a line, unless a line goes on, without comments; of
        Python all of it is one."""
        if self.language == "python":
            return [self.text]
        lines = self.text.replace("\\\n", " ").splitlines()
        return [bare for line in lines if (bare := re.sub(r"(^|\s+)#.*", "", line).strip())]


def blocks() -> Iterator[Block]:
    """Yield the fenced blocks of all documents; one without a mark has neither kind nor name."""
    for file in DOCUMENTS:
        for found in _FENCE.finditer(file.read_text("utf-8")):
            mark = _MARK.fullmatch(found["mark"])
            kind, name = (mark["kind"], mark["name"]) if mark else ("", "")
            document = str(file.relative_to(ROOT))
            yield Block(document, found["language"], kind, name, found["text"])


def commands(name: str, language: str = "sh") -> list[str]:
    """Return the commands that `run=name` marks, each once, in the order of the documents."""
    wanted = ("run", name, language)
    marked = [one for one in blocks() if (one.kind, one.name, one.language) == wanted]
    found = [command for block in marked for command in block.commands()]
    assert found, f"no document has a block marked run={name}"
    return list(dict.fromkeys(found))


@dataclass
class Documented:
    """The commands of one mark, for a suite that runs each where its story needs it."""

    name: str
    run: set[str] = field(default_factory=set)

    def line(self, beginning: str) -> str:
        """Return the documented command that begins so, for the caller to run."""
        found = [line for line in commands(self.name) if line.startswith(beginning)]
        exact = [line for line in found if line == beginning] or found
        assert len(exact) == 1, f"documented as {beginning!r}: {found}"
        self.run.add(exact[0])
        return exact[0]

    def never_run(self) -> list[str]:
        """Return the commands that nobody has asked for."""
        return [line for line in commands(self.name) if line not in self.run]
