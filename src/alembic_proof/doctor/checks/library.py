"""Checks of how a project uses this library: its settings, and the copy of it that the project carries."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ...errors import NotApplicableError, SettingsError, UndeterminedError
from ...settings import toml_loads
from ...vendoring.wheel import is_whole
from ..failures import unreadable_toml
from ..findings import Finding, Problem
from ..project import Project
from ..registry import check


@check("library-settings-are-valid", "static")
def library_settings_are_valid(project: Project) -> Iterable[Finding]:
    """The section [tool.alembic-proof] of pyproject.toml has only keys and values that exist

    A key that nobody reads would switch off nothing, without a word.
    """
    if project.settings_error:
        try:
            toml_loads()
        except SettingsError as error:  # it is this Python that cannot read the section
            raise UndeterminedError(str(error)) from None
        message = project.settings_error.removeprefix(f"{project.pyproject}: ")
        yield unreadable_toml(project) or Problem(project.name(project.pyproject), message, "correct the section")


# A requirement that more than one version meets.
_LOOSER = re.compile(r"[\"'](alembic[-_.]proof(?:\[[^\]]*\])?\s*(?:[<>~!][^\"']*)?)[\"']")


@check("library-pin-agrees", "static")
def library_pin_agrees(project: Project) -> Iterable[Finding]:
    """The version of alembic-proof that is pinned is the one that lies in vendor/

    A project that carries the library names it three times: the pin with a hash of the sources, the path for uv, and
    the name of the wheel. Where they differ, pip and uv install different versions, or none.
    """
    text = project.pyproject.read_text("utf-8", errors="replace") if project.pyproject.is_file() else ""
    pins = set(re.findall(r"[\"']alembic[-_.]proof(?:\[[^\]]*\])?\s*==\s*([\w.]+\+[\w.]+)", text))
    paths = set(re.findall(r"^alembic[-_.]proof\s*=\s*\{[^}\n]*\bpath\s*=\s*[\"']([^\"']+)[\"']", text, re.MULTILINE))
    wheels = {path.name for path in (project.pyproject.parent / "vendor").glob("alembic_proof-*.whl")}
    if (project.pyproject.parent / "__init__.py").is_file():
        raise NotApplicableError("the project is installed, and the library with it")
    if not pins and not paths and not wheels:
        raise NotApplicableError("the project does not carry the library in vendor/")
    versions = {
        "pinned": pins,
        "in [tool.uv.sources]": set(map(_version, paths)),
        "in vendor/": set(map(_version, wheels)),
    }
    again = "alembic-proof vendor PATH, with the path of its clone"
    for name in [name for name in sorted(wheels) if re.search(r"\+h[0-9a-f]{12}-", name)]:
        if not is_whole(project.pyproject.parent / "vendor" / name):
            message = "its content is not that of which its name has the hash: it was edited, or is cut off"
            yield Problem(project.name(project.pyproject.parent / "vendor" / name), message, again)
    found = sorted(set().union(versions["in [tool.uv.sources]"], versions["in vendor/"]))
    if (looser := _LOOSER.search(text)) and not pins and len(found) == 1:
        line = text[: looser.start()].count("\n") + 1
        message = f"{looser[1]} also asks for other versions than {found[0]}, which the project carries"
        yield Problem(project.name(project.pyproject, line), message, f'write "alembic-proof=={found[0]}"')
    elif len(set().union(*versions.values())) > 1 or not all(versions.values()):
        listed = ", ".join(f"{' and '.join(sorted(names)) or 'none'} {place}" for place, names in versions.items())
        message = f"the versions of alembic-proof differ: {listed}"
        yield Problem(project.name(project.pyproject), message, again)


def _version(wheel: str) -> str:
    """Return the version in the name of a wheel."""
    return [*Path(wheel).name.split("-"), ""][1]
