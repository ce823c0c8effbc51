"""Importing every module of a package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alembic_proof.packages import import_all


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory on the path, whose modules are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("files", "modules"),
    [
        (["proofed.py"], ["proofed"]),
        (["proofed/__init__.py", "proofed/b.py", "proofed/a.py"], ["proofed", "proofed.a", "proofed.b"]),
        (["proofed/__init__.py", "proofed/sub/deep/x.py"], ["proofed", "proofed.sub.deep.x"]),  # without __init__.py
        (["proofed/a.py"], ["proofed", "proofed.a"]),
        (["proofed/__init__.py", "proofed/.a.py", "proofed/.git/b.py"], ["proofed"]),  # hidden
        (["proofed/__init__.py", "proofed/sub/__init__.py"], ["proofed", "proofed.sub"]),
    ],
)
def test_every_module_is_imported_once(root: Path, files: list[str], modules: list[str]) -> None:
    """At any depth, in the order of their names."""
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text("")
    assert [module.__name__ for module in import_all("proofed")] == modules
    assert set(modules) <= set(sys.modules)


def test_an_error_in_a_module_comes_out(root: Path) -> None:
    """A model that cannot be imported is not left out."""
    (root / "proofed").mkdir()
    (root / "proofed/a.py").write_text("import missing_module_of_nobody")
    with pytest.raises(ModuleNotFoundError, match="missing_module_of_nobody"):
        list(import_all("proofed"))
