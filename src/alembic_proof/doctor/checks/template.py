"""The check of script.py.mako, from which Alembic makes every new revision."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ...errors import NotApplicableError, first_line
from ...revisions.reader import constants
from ..findings import Finding, Note, Problem
from ..project import Project
from ..registry import check

_ID, _BEFORE = "a1b2c3d4e5f6", "0f1e2d3c4b5a"
# What alembic init writes for each thing that Alembic hands over.
_WRITTEN = {
    "imports": '${imports if imports else ""}',
    "upgrades": '${upgrades if upgrades else "pass"}',
    "downgrades": '${downgrades if downgrades else "pass"}',
    "revision": "revision = ${repr(up_revision)}",
    "down_revision": "down_revision = ${repr(down_revision)}",
}
_LOST = {
    "imports": "the imports that autogenerate needs",
    "upgrades": "what autogenerate found: each new revision is empty",
    "downgrades": "the way back that autogenerate wrote",
}


@check("template-writes-revisions", "probe", follows=("scripts-are-whole",))
def template_writes_revisions(project: Project) -> Iterable[Finding]:
    """script.py.mako writes revisions, with all that autogenerate hands to it

    What it does not write is lost: alembic revision --autogenerate says that it found a table, and the file is empty.
    """
    path = project.scripts / "script.py.mako"
    if not path.is_file():
        raise NotApplicableError("there is none")
    for upgrades, downgrades in dict.fromkeys(_tokens(project)):
        values: dict[str, Any] = {
            **_own_arguments(project),
            "imports": "import doctor_imports",
            upgrades: "doctor_up()",
            downgrades: "doctor_down()",
        }
        try:
            text = _rendered(project, path, values)
        except Exception as error:
            yield _failed(project, path, error, {*values, *_common(project)})
            return
        if findings := list(_misplaced(project, path, values)):
            yield from findings
            return
        yield from _lost(project, path, text, {"imports": "imports", upgrades: "upgrades", downgrades: "downgrades"})


def _own_arguments(project: Project) -> dict[str, Any]:
    """Return what env.py hands to the template by itself: template_args of context.configure()."""
    given = [options.get("template_args") or {} for _, options in project.first_watch.configured]
    return {name: value for arguments in given for name, value in arguments.items()}


def _tokens(project: Project) -> list[tuple[str, str]]:
    """Return the names under which a template gets the operations, for each database."""
    options = [run.context.opts for run in project.runs()]
    return [(each.get("upgrade_token", "upgrades"), each.get("downgrade_token", "downgrades")) for each in options]


def _common(project: Project) -> dict[str, Any]:
    """Return what Alembic hands to a template in any case."""
    import datetime

    from alembic.util import format_as_comma

    return {
        "up_revision": _ID,
        "down_revision": _BEFORE,
        "create_date": datetime.datetime(2026, 1, 1),
        "comma": format_as_comma,
        "message": "message",
        "branch_labels": None,
        "depends_on": None,
        "config": project.config(),
    }


def _rendered(project: Project, path: Path, values: dict[str, Any]) -> str:
    from mako.template import Template  # type: ignore[import-untyped]

    with project.application():  # Flask-Migrate's template for several databases asks it for their names
        return str(Template(filename=str(path)).render(**{**_common(project), **values}))


def _failed(project: Project, path: Path, error: Exception, known: set[str]) -> Finding:
    """Return the finding about a template that mako cannot render."""
    from mako.exceptions import RichTraceback  # type: ignore[import-untyped]

    line = getattr(error, "lineno", None) or RichTraceback(error, error.__traceback__).lineno
    lines = path.read_text("utf-8").splitlines()
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    where = project.name(path, line)
    for name in re.findall(r"\$\{\s*(?:repr\(\s*)?(\w+)", text):
        if name not in known and isinstance(error, NameError):
            meant = get_close_matches(name, known, 1, 0.6)
            fix = (
                f"write {_WRITTEN.get(meant[0], f'${{{meant[0]}}}')}" if meant else f"delete it, or: <% {name} = ... %>"
            )
            return Problem(where, f"it uses {name}, which nobody hands to it: no revision can be made", fix)
    message = f"no revision can be made from it: {type(error).__name__}: {first_line(error)}"
    return Problem(where, message, "compare it with the script.py.mako that alembic init writes: what is in this line?")


def _misplaced(project: Project, path: Path, values: dict[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with the template where it writes a first revision, which follows none."""
    with contextlib.suppress(Exception):
        text = _rendered(project, path, {**values, "down_revision": None})
        written = constants(ast.parse(text)).get("down_revision")
        if isinstance(written, str):
            message = f"for a first revision it writes down_revision = {written!r}, a revision that there is not"
            place = project.name(path, _line_of(path, r"down_revision\b.*="))
            yield Problem(place, message, f"without quotes: {_WRITTEN['down_revision']}")


def _lost(project: Project, path: Path, text: str, names: dict[str, str]) -> Iterator[Finding]:
    """Yield what a rendered template lacks."""
    try:
        found = constants(ast.parse(text))
    except SyntaxError as error:
        line = text.splitlines()[(error.lineno or 1) - 1].strip()
        message = f"what it writes is no Python ({error.msg}): {line}"
        source = _line_of(path, re.escape(line)) if line else None
        yield Problem(project.name(path, source), message, "mend this line")
        return
    for variable, value in (("revision", _ID), ("down_revision", _BEFORE)):
        if found.get(variable) != value:
            message = f"what it writes has no {variable}: Alembic does not find its place among the revisions"
            yield Problem(project.name(path), message, f"add the line: {_WRITTEN[variable]}")
    if not project.handed_over:
        return  # revisions are written by hand
    for name, kind in names.items():
        mark = {"imports": "import doctor_imports", "upgrades": "doctor_up()", "downgrades": "doctor_down()"}[kind]
        if mark not in text:
            written = _WRITTEN[kind].replace(kind, name)
            place, where = _place(path, kind)
            severity = Note if kind == "downgrades" else Problem
            yield severity(project.name(path, place), f"it does not write {name}, {_LOST[kind]}", f"{where}: {written}")


def _place(path: Path, kind: str) -> tuple[int | None, str]:
    """Return the line near which a template should write something, and where that is in words."""
    if kind == "imports":
        return _line_of(path, r"(from alembic )?import "), "among the imports"
    function = kind.removesuffix("s")
    return _line_of(path, rf"def {function}"), f"in {function}(), in place of what is there"


def _line_of(path: Path, pattern: str) -> int | None:
    lines = enumerate(path.read_text("utf-8").splitlines(), 1)
    return next((number for number, line in lines if re.match(rf"\s*{pattern}", line)), None)
