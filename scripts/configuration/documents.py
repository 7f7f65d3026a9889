"""Writes the chapters down: .env.example, docs/configuration.md, Pulumi.yaml, infra's rules."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from infra.config.config_keys import KEYS
from scripts.configuration.chapters import (
    Chapter,
    chapters,
    compose_defaults,
    passed_on,
    readers_of,
)
from scripts.configuration.declared import OF_EVERY_STACK, OF_THE_PLACE
from services.common.settings import (
    Choice,
    Flag,
    Integer,
    Number,
    SecretText,
    Setting,
    Text,
    Words,
)
from services.producer.alpha_vantage.quota_planner import REALTIME_PLAN_CALLS

_MADE: Final = "scripts/generate writes this file, from the settings as they are declared."
_BEGIN: Final = "<!-- scripts/generate writes what follows -->"
_END: Final = "<!-- until here -->"


def between_marks(page: str, made: str) -> str:
    """Return a page with what is made in the place that its two marks leave for it."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n\n{made}\n\n{_END}{after}"


def env_example(compose_file: str) -> str:
    """Return .env.example: every setting with its default, as a comment."""
    defaults = compose_defaults(compose_file)
    head = (
        "Every setting of Tapeline with its default. Each is an environment variable; a secret can "
        "also be given as NAME_FILE, the path of a file that holds it, and then the file wins. A "
        "wrong value stops the start with one line that names the variable. Lines that begin with "
        f"`#` are defaults. {_MADE}"
    )
    parts = [_comment(head)]
    for chapter in chapters():
        lines = [f"\n# --- {chapter.title} ---"]
        for setting in chapter.settings:
            lines.append(_comment(_help(setting)))
            lines.append(f"#{setting.name}={_default(setting, defaults)}")
            if isinstance(setting, SecretText):
                lines.append(f"#{setting.name}_FILE=")
        parts.extend(lines)
    return "\n".join(parts) + "\n"


def configuration_page(compose_file: str) -> str:
    """Return docs/configuration.md."""
    head = (
        "# Configuration\n\n"
        f"<!-- {_MADE} -->\n\n"
        "Every setting is an environment variable; [.env.example](../.env.example) is the same "
        "list to copy from.\nA secret, marked with *, can also be given as `NAME_FILE`, the path "
        "of a file that holds it; the file wins.\nA wrong value stops the start with one line that "
        "names the variable.\n\nContainers take the settings from the environment of `docker "
        "compose` and from `.env`. The column *containers* says\nwhat they do with one: take it "
        "(yes), take it with another default, or not (a path or an address that is theirs).\n"
    )
    tables = [_table(chapter, compose_file) for chapter in chapters()]
    pulumi = [
        "\n## Pulumi\n",
        "Set by `pulumi config set NAME VALUE`; secrets with `--secret`. Settings of the "
        "containers, such as `SYMBOLS`,\ngo to the host by `pulumi config set --path "
        "settings.SYMBOLS AAPL,NVDA`.\n",
        "| key | default | meaning |\n|---|---|---|",
        *(
            f"| `{name}`{' *' if key.secret else ''} | {_code(key.default_text)} "
            f"| {_cell(key.description)} |"
            for name, key in KEYS.items()
        ),
    ]
    return "\n".join([head, *tables, *pulumi]) + "\n"


def _table(chapter: Chapter, compose_file: str) -> str:
    is_compose = set(chapter.settings) <= {*OF_EVERY_STACK, *OF_THE_PLACE}
    plain = is_compose or not any(readers_of(setting) for setting in chapter.settings)
    head = (
        "| setting | default | meaning |\n|---|---|---|"
        if plain
        else "| setting | default | containers | meaning |\n|---|---|---|---|"
    )
    defaults = compose_defaults(compose_file)
    rows = []
    for setting in chapter.settings:
        star = " *" if isinstance(setting, SecretText) else ""
        if plain:
            cells = [_code(_default(setting, defaults))]
        else:
            cells = [_code(setting.default_text), _in_containers(setting, compose_file)]
        rows.append(f"| `{setting.name}`{star} | {' | '.join(cells)} | {_cell(_help(setting))} |")
    return "\n".join([f"## {chapter.title}\n", head, *rows, ""])


def _in_containers(setting: Setting[Any], compose_file: str) -> str:
    default = compose_defaults(compose_file).get(setting.name)
    if default is not None and default != setting.default_text:
        return _code(default)
    return "yes" if setting.name in passed_on(compose_file) else "no"


def _default(setting: Setting[Any], compose: Mapping[str, str]) -> str:
    """Return the default; where only Compose knows it, that."""
    is_compose = setting in OF_EVERY_STACK or setting in OF_THE_PLACE
    return compose.get(setting.name, "") if is_compose else setting.default_text


def _help(setting: Setting[Any]) -> str:
    readers = readers_of(setting)
    return f"{setting.help} ({', '.join(readers)})" if len(readers) > 1 else setting.help


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _comment(text: str) -> str:
    return textwrap.fill(
        text,
        100,
        initial_indent="# ",
        subsequent_indent="# ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def pulumi_project(before: str) -> str:
    """Return Pulumi.yaml with the keys that infra declares in the place of those it had."""
    head = before.partition("\nconfig:\n")[0]
    entries = [
        f"  {name}:\n    type: {key.type}\n    description: {json.dumps(key.description)}\n"
        f"    default: {json.dumps(key.default)}\n"
        for name, key in KEYS.items()
    ]
    return f"{head}\nconfig:\n{''.join(entries)}"


def container_rules(compose_file: str) -> str:
    """Return what infra judges by: the rules of all that a stack may give."""
    everywhere = [*OF_EVERY_STACK]
    for chapter in chapters():
        everywhere += [
            setting
            for setting in chapter.settings
            if readers_of(setting) and setting.name in passed_on(compose_file)
        ]
    rules = {setting.name: _rule(setting) for setting in everywhere}
    told = {"realtime_plan_calls": REALTIME_PLAN_CALLS, "settings": dict(sorted(rules.items()))}
    return json.dumps(told, indent=2) + "\n"


def _rule(setting: Setting[Any]) -> Mapping[str, Any]:
    match setting:
        case Integer() | Number():
            kind = "integer" if isinstance(setting, Integer) else "number"
            return {"kind": kind, "minimum": setting.minimum, "maximum": setting.maximum}
        case Choice():
            return _choice(setting.allowed)
        case Flag():
            return _choice(("true", "false"))
        case Text(shape=shape) | Words(shape=shape) if shape is not None:
            return {
                "kind": "list" if shape.each else "text",
                "pattern": shape.pattern,
                "described": shape.described,
            }
        case _:
            return {"kind": "text", "pattern": ".*", "described": "text"}


def _choice(allowed: Sequence[str]) -> Mapping[str, Any]:
    return {"kind": "choice", "allowed": [*allowed]}
