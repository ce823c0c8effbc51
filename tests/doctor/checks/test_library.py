"""Checks of how a project uses the library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.project import REPOSITORY

from alembic_proof.doctor.checks import library
from alembic_proof.doctor.checks.library import library_pin_agrees, library_settings_are_valid
from alembic_proof.doctor.project import Project
from alembic_proof.errors import NotApplicableError, SettingsError, UndeterminedError
from alembic_proof.vendoring.wheel import build

Lay = Callable[[dict[str, str]], Project]


def pyproject(pin: str, path: str) -> dict[str, str]:
    """Return a pyproject.toml with a requirement, and a source for uv."""
    source = f'[tool.uv.sources]\nalembic-proof = {{ path = "{path}" }}\n' if path else ""
    return {"pyproject.toml": f'[project]\ndependencies = [\n    "{pin}",  # vendored\n]\n{source}'}


def wheel(version: str) -> str:
    """Return the path of a wheel."""
    return f"vendor/alembic_proof-{version}-py3-none-any.whl"


A, B = "1.0.0+haaa", "1.0.1+hbbb"
CASES = [
    (f"alembic-proof=={A}", wheel(A), [A], ""),
    (f"alembic_proof[lint] == {A}", wheel(A), [A], ""),
    (f"alembic-proof=={B}", wheel(A), [A], f"{B} pinned, {A} in [tool.uv.sources], {A} in vendor/"),
    (f"alembic-proof=={A}", wheel(B), [A], f"{A} pinned, {B} in [tool.uv.sources], {A} in vendor/"),
    (f"alembic-proof=={A}", wheel(A), [B], f"{A} pinned, {A} in [tool.uv.sources], {B} in vendor/"),
    (f"alembic-proof=={A}", wheel(A), [A, B], f"{A} and {B} in vendor/"),
    (f"alembic-proof=={A}", wheel(A), [], f"{A} in [tool.uv.sources], none in vendor/"),
    (f"alembic-proof=={A}", "", [A], f"{A} pinned, none in [tool.uv.sources], {A} in vendor/"),
]
LOOSER = [
    "alembic-proof>=1",
    "alembic_proof[lint] >= 1.0, < 2",
    "alembic-proof",
    "alembic-proof~=1.0",
    "alembic-proof!=1.1",
]


@pytest.mark.parametrize("pin", LOOSER)
def test_a_pin_that_allows_others(lay: Lay, pin: str) -> None:
    """The fix is the line to write, in its place; who writes it has a sound project."""
    project = lay({**pyproject(pin, wheel(A)), wheel(A): ""})
    (finding,) = library_pin_agrees.find(project)
    assert finding.where == "pyproject.toml:3"
    assert finding.message.startswith(f"{pin} also asks for other versions than {A}")
    assert finding.fix == f'write "alembic-proof=={A}"'
    (project.root / "pyproject.toml").write_text(project.pyproject.read_text().replace(f'"{pin}"', finding.fix[6:]))
    assert not list(library_pin_agrees.find(Project(project.root / "alembic.ini")))


def test_the_content_is_what_the_name_says(lay: Lay, tmp_path: Path) -> None:
    """A file in the wheel that was edited, or half of it, is a problem."""
    path = build(REPOSITORY, tmp_path / "vendor")
    version = path.name.split("-")[1]
    project = lay(pyproject(f"alembic-proof=={version}", f"vendor/{path.name}"))
    assert not list(library_pin_agrees.find(project))
    whole = path.read_bytes()
    for data in (whole.replace(b"def is_whole", b"def is_holed"), whole[:5000]):
        path.write_bytes(data)
        (finding,) = library_pin_agrees.find(project)
        assert (finding.where, finding.fix.split(",")[0]) == (f"vendor/{path.name}", "alembic-proof vendor PATH")


@pytest.mark.parametrize(("pin", "path", "wheels", "message"), CASES)
def test_the_pin_the_path_and_the_file(lay: Lay, pin: str, path: str, wheels: list[str], message: str) -> None:
    """They name one version, or the fix is to vendor again."""
    project = lay({**pyproject(pin, path), **{wheel(version): "" for version in wheels}})
    findings = list(library_pin_agrees.find(project))
    assert bool(findings) == bool(message)
    for finding in findings:
        assert message in finding.message
        assert (finding.where, finding.fix.split(",")[0]) == ("pyproject.toml", "alembic-proof vendor PATH")


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"pyproject.toml": '[project]\ndependencies = ["alembic-proof>=1,<2", "x==1+y"]\n'},
        {**pyproject(f"alembic-proof=={A}", wheel(A)), "__init__.py": ""},  # in an installed package
    ],
)
def test_a_project_that_does_not_carry_it(lay: Lay, files: dict[str, str]) -> None:
    """Has nothing to compare."""
    with pytest.raises(NotApplicableError):
        list(library_pin_agrees.find(lay(files)))


def test_wrong_settings(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    """Are a problem, unless it is this Python that cannot read them."""
    assert not list(library_settings_are_valid.find(lay({"pyproject.toml": "[tool.alembic-proof]\noff = []\n"})))
    project = lay({"pyproject.toml": "[tool.alembic-proof]\nof = []\n"})
    (finding,) = library_settings_are_valid.find(project)
    assert finding.where == "pyproject.toml"
    assert "Did you mean off?" in finding.message

    def no_reader() -> None:
        raise SettingsError("install tomli")

    monkeypatch.setattr(library, "toml_loads", no_reader)
    with pytest.raises(UndeterminedError, match="install tomli"):
        list(library_settings_are_valid.find(project))
