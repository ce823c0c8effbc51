"""[tool.alembic-proof] of pyproject.toml: what is read, and what is said when it is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alembic_proof import settings
from alembic_proof.errors import SettingsError
from alembic_proof.settings import Settings


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the time-outs of whoever runs the tests out of the environment."""
    for variable in settings.VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)


def write(directory: Path, text: str) -> Path:
    """Write a pyproject.toml and return its path."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        ("", {}),
        ("off = []", {}),
        ('off = ["renames", "keys"]', {"off": frozenset({"renames", "keys"})}),
        ('models = ["shop.models", "shop.more"]', {"models": ("shop.models", "shop.more")}),
        ('database-variable = "SHOP_URL"', {"database_variable": "SHOP_URL"}),
        ('database_variable = "SHOP_URL"', {"database_variable": "SHOP_URL"}),
        ("migrator-timeout = 5", {"migrator_timeout": 5.0}),
        ("lock-timeout = 0.5", {"lock_timeout": 0.5}),
        ("lock-timeout = 0", {"lock_timeout": 0.0}),
    ],
)
def test_what_is_set(tmp_path: Path, lines: str, values: dict[str, Any]) -> None:
    """Each key, in both spellings; the rest are the defaults."""
    path = write(tmp_path, f"[tool.alembic-proof]\n{lines}\n")
    assert settings.load(tmp_path) == Settings(path=path, **values)


TOOL = "[tool.alembic-proof]\n"
KEYS = "The keys are off, models, database-variable, targets, migrator-timeout, lock-timeout."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{TOOL}modles = []", "[tool.alembic-proof] has no key modles. Did you mean models?"),
        (f"{TOOL}lock-timout = 1", "[tool.alembic-proof] has no key lock-timout. Did you mean lock-timeout?"),
        (f"{TOOL}colour = 1", f"[tool.alembic-proof] has no key colour. {KEYS}"),
        ("[tool.alembic-proof.rules]\nx = 1", f"there is no table [tool.alembic-proof.rules]: remove it. {KEYS}"),
        ("[tool]\nalembic-proof = 1", "tool.alembic-proof must be a table: write [tool.alembic-proof] above its keys."),
        (f"{TOOL}off = 'renames'", "off in [tool.alembic-proof] must be a list of names of rules and comparisons"),
        (f"{TOOL}off = [1]", "off in [tool.alembic-proof] must be a list of names of rules and comparisons, not [1]."),
        (f"{TOOL}models = ['']", "models in [tool.alembic-proof] must be a list of names of packages, not ['']."),
        (f"{TOOL}models = {{}}", "models in [tool.alembic-proof] must be a list of names of packages, not {}."),
        (f"{TOOL}database-variable = 'A B'", "must be the name of an environment variable, not 'A B'."),
        (f"{TOOL}lock-timeout = 'soon'", "lock-timeout in [tool.alembic-proof] must be a number of seconds, 0 or more"),
        (f"{TOOL}lock-timeout = true", "must be a number of seconds, 0 or more, not True."),
        (f"{TOOL}lock-timeout = -1", "must be a number of seconds, 0 or more, not -1."),
        (f"{TOOL}lock-timeout = nan", "must be a number of seconds, 0 or more, not nan."),
        (f"{TOOL}off = [", "is not valid TOML: "),
    ],
)
def test_what_is_wrong_is_a_sentence(tmp_path: Path, text: str, message: str) -> None:
    """It names the file, the key, and the nearest right one."""
    path = write(tmp_path, text)
    with pytest.raises(SettingsError) as error:
        settings.load(tmp_path)
    assert str(error.value).startswith(str(path))
    assert message in str(error.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Such as one in another encoding."""
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.alembic-proof]\noff = ['\xff']")
    with pytest.raises(SettingsError, match=r"pyproject\.toml cannot be read: "):
        settings.load(tmp_path)


def test_the_nearest_file_counts(tmp_path: Path) -> None:
    """The one in the directory, or above it; only that one."""
    outer = write(tmp_path, '[tool.alembic-proof]\noff = ["renames"]')
    deep = tmp_path / "a/b"
    deep.mkdir(parents=True)
    assert settings.load(deep) == Settings(off=frozenset({"renames"}), path=outer)
    inner = write(tmp_path / "a", "[project]\n")
    assert settings.load(deep) == Settings(path=inner)


def test_a_file_without_the_table_may_be_anything(tmp_path: Path) -> None:
    """It is another tool's to say that it is wrong."""
    assert settings.load(write(tmp_path, "[project\n").parent).off == frozenset()


@pytest.mark.parametrize(
    ("field", "variable"), [("migrator_timeout", "MIGRATION_TIMEOUT"), ("lock_timeout", "MIGRATION_LOCK_TIMEOUT")]
)
def test_a_time_out_for_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str, variable: str) -> None:
    """The environment wins over the file."""
    write(tmp_path, "[tool.alembic-proof]\nmigrator-timeout = 7\nlock-timeout = 7\n")
    assert getattr(settings.load(tmp_path), field) == 7
    monkeypatch.setenv(variable, "0.25")
    assert getattr(settings.load(tmp_path), field) == 0.25
    monkeypatch.setenv(variable, "")  # as a file for docker compose leaves it
    assert getattr(settings.load(tmp_path), field) == 7
    for wrong in ("soon", "-1", "nan", " "):
        monkeypatch.setenv(variable, wrong)
        with pytest.raises(SettingsError, match=f"{variable} in the environment must be a number of seconds, 0 or"):
            settings.load(tmp_path)
