"""lint, adopt, recipe and vendor hand their arguments on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alembic_proof.cli import adopt, lint, recipe, vendor
from alembic_proof.vendoring.project import Vendored, VendoringError


@pytest.fixture
def ini(tmp_path: Path) -> Path:
    """A configuration file."""
    path = tmp_path / "alembic.ini"
    path.touch()
    return path


@pytest.mark.parametrize(
    ("module", "function", "argv", "expected"),
    [
        (lint, "run", ["--config", "INI"], ["INI", None]),
        (lint, "run", ["--config", "INI", "--since", "a1"], ["INI", "a1"]),
        (adopt, "run", ["--config", "INI"], ["INI", False, False]),
        (adopt, "run", ["--config", "INI", "--baseline-from-database"], ["INI", True, False]),
        (adopt, "run", ["--config", "INI", "--write-env"], ["INI", False, True]),
        (recipe, "print_recipe", [], [None]),
        (recipe, "print_recipe", ["rename-a-column"], ["rename-a-column"]),
    ],
)
def test_arguments(
    monkeypatch: pytest.MonkeyPatch, ini: Path, module: Any, function: str, argv: list[str], expected: list[Any]
) -> None:
    """And return the exit code."""
    calls: list[list[Any]] = []

    def run(*arguments: Any) -> int:
        calls.append(list(arguments))
        return 7

    monkeypatch.setattr(module, function, run)
    assert module.main([str(ini) if word == "INI" else word for word in argv]) == 7
    assert calls == [[ini if word == "INI" else word for word in expected]]


def test_vendor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Prints what was replaced, and what to run next."""

    def replace(source: Path, project: Path) -> Vendored:
        assert (source, project) == (Path("clone"), Path("shop"))
        return Vendored("1.0.0+a", "1.0.1+b", Path("vendor/x.whl"), ("uv sync",))

    monkeypatch.setattr(vendor, "vendor", replace)
    assert vendor.main(["clone", "--project", "shop"]) == 0
    assert capsys.readouterr().out == "1.0.0+a is replaced by 1.0.1+b: vendor/x.whl\nNext:\n  uv sync\n"


@pytest.mark.parametrize("error", [VendoringError("wrong."), OSError("full")])
def test_vendor_that_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    """Prints why."""

    def fail(source: Path, project: Path) -> Vendored:
        raise error

    monkeypatch.setattr(vendor, "vendor", fail)
    assert vendor.main(["clone"]) == 1
    assert capsys.readouterr().err == f"{error}\n"
