"""Which configuration file a command takes."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from alembic_proof.cli.config import add_config, chosen_config
from alembic_proof.errors import UndeterminedError


@pytest.mark.parametrize(
    ("arguments", "variable", "chosen"),
    [
        ([], None, "alembic.ini"),
        ([], "", "alembic.ini"),
        ([], "conf/other.ini", "conf/other.ini"),
        (["--config", "conf/pyproject.toml"], "conf/other.ini", "conf/pyproject.toml"),
    ],
)
def test_the_first_of_three(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], variable: str | None, chosen: str
) -> None:
    """The option, the variable of alembic, the nearest file."""
    for name in ("alembic.ini", "conf/other.ini", "conf/pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALEMBIC_CONFIG", raising=False)
    if variable is not None:
        monkeypatch.setenv("ALEMBIC_CONFIG", variable)
    parser = argparse.ArgumentParser()
    add_config(parser)
    assert chosen_config(parser.parse_args(arguments).config).resolve() == (tmp_path / chosen).resolve()


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    """Is not replaced by another one."""
    with pytest.raises(UndeterminedError, match=r"There is no .*nowhere\.ini: run this in the project"):
        chosen_config(tmp_path / "nowhere.ini")
