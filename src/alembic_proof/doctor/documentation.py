"""The page about all checks: ``python -m alembic_proof.doctor.documentation > docs/checks.md``."""

from __future__ import annotations

from collections.abc import Iterator

from .checks import ORDER
from .examples import EXAMPLES
from .registry import STAGES, Check

_HEAD = """\
# What the doctor checks

`alembic-proof doctor --explain ID` prints one of these, `--only ID` carries one out. The ids stay as they are.
This page is generated: `python -m alembic_proof.doctor.documentation > docs/checks.md`.
"""


def explained(check: Check) -> str:
    """Return what a check is about, for a terminal: why it matters, what it requires, an example and its fix."""
    example = EXAMPLES[check.id]
    lines = [f"{check.id} ({check.stage}: {STAGES[check.stage].title}; since {example.since})", check.title, ""]
    lines += [check.explanation, "", *_conditions(check)]
    return "\n".join([*lines, f"For example: {example.where}: {example.message}", f"Fix: {example.fix}", ""])


def page() -> str:
    """Return the page as Markdown."""
    parts = [_HEAD]
    for stage, about in STAGES.items():
        parts.append(f"## {stage}: {about.title}\n")
        parts += ["\n".join(_section(check)) for check in ORDER if check.stage == stage]
    return "\n".join(parts)


def _section(check: Check) -> Iterator[str]:
    example = EXAMPLES[check.id]
    yield f"### {check.id}\n"
    yield f"**{check.title}.** {' '.join(check.explanation.split())}\n"
    yield from (f"{line}\n" for line in _conditions(check))
    yield f"```text\n{example.where}: {example.message}\nfix: {example.fix}\n```\n"
    yield f"Since {example.since}.\n"


def _conditions(check: Check) -> Iterator[str]:
    """Yield where a check applies, and what it requires."""
    if check.library:
        yield "It runs where env.py uses this library."
    if check.setting:
        yield f"It runs where [tool.alembic-proof] sets {check.setting.replace('_', '-')}."
    if required := [id for id in check.requires if id not in STAGES[check.stage].requires]:
        yield f"It requires {', '.join(required)}."


if __name__ == "__main__":
    print(page(), end="")
