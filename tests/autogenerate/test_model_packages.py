"""Every module of a package with models is imported."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from alembic.util import CommandError

from alembic_proof.autogenerate.model_packages import import_packages


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for packages of which none is imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return tmp_path


def write(directory: Path, *files: str) -> None:
    """Write modules; what has a name with "bad" in it is no Python."""
    for name in files:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not python" if "bad" in name else "")


def test_at_any_depth(packages: Path) -> None:
    """In a package, in a directory without __init__.py, in a private module; editors' files are not."""
    modules = ("__init__", "a/__init__", "a/b/__init__", "a/b/c", "folder/x", "_private")
    write(packages / "shapes", *(f"{module}.py" for module in modules), ".#bad.py", ".ipynb_checkpoints/bad.py")
    import_packages(("shapes",))
    found = {name for name in sys.modules if name.partition(".")[0] == "shapes"}
    assert found == {
        "shapes",
        "shapes.a",
        "shapes.a.b",
        "shapes.a.b.c",
        "shapes.folder",
        "shapes.folder.x",
        "shapes._private",
    }


def test_a_single_module(packages: Path) -> None:
    """Is a package without more."""
    write(packages, "single.py")
    import_packages(("single",))
    assert "single" in sys.modules


def test_what_is_missing(packages: Path) -> None:
    """The package itself is a sentence; what a module of it imports is an error of the project's own."""
    write(packages / "broken", "__init__.py")
    (packages / "broken/model.py").write_text("import nowhere_to_be_found")
    with pytest.raises(CommandError, match=r"names broken\.models, but there is no module broken\.models: correct"):
        import_packages(("broken.models",))
    with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found"):
        import_packages(("broken",))
