"""``[tool.alembic-proof]`` of a project's pyproject.toml."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from .errors import SettingsError

TABLE = "alembic-proof"
# The environment variables that give a time-out for one run, by the field that they override.
VARIABLES = {"migrator_timeout": "MIGRATION_TIMEOUT", "lock_timeout": "MIGRATION_LOCK_TIMEOUT"}


@dataclass(frozen=True)
class Settings:
    """What a project has set; the defaults where it has set nothing."""

    off: frozenset[str] = frozenset()  # the rules and comparisons of autogenerate that are switched off, by name
    models: tuple[str, ...] = ()  # packages, whose modules are all imported before models are compared
    database_variable: str | None = None  # the environment variable with the URL of the application's database
    targets: str | None = None  # the function that returns a fleet's databases: package.module:function
    migrator_timeout: float = 60.0  # seconds to wait for another process that is migrating the same database
    lock_timeout: float = 5.0  # seconds that a statement may wait for a table in use, while others wait behind it
    path: Path | None = None  # the pyproject.toml that was read


def load(directory: Path) -> Settings:
    """Return the settings of the pyproject.toml in a directory, or the nearest one above it.

    Two environment variables win over its time-outs: see VARIABLES. Raises SettingsError for a file that is no TOML,
    a wrong key (with the nearest right one) or value, and a wrong value of one of the variables.
    """
    path = next((file for file in _candidates(directory) if file.is_file()), None)
    values = _checked(_table(path), path) if path else {}
    values |= {name: _seconds(variable) for name, variable in VARIABLES.items() if os.environ.get(variable)}
    return Settings(path=path, **values)


def _candidates(directory: Path) -> list[Path]:
    directory = directory.absolute()
    return [parent / "pyproject.toml" for parent in (directory, *directory.parents)]


def toml_loads() -> Callable[[str], dict[str, Any]]:
    """Return the function that reads TOML. Raises SettingsError where Python 3.10 has no tomli."""
    try:
        from tomllib import loads
    except ModuleNotFoundError:
        try:
            from tomli import loads  # type: ignore[import-not-found,no-redef,unused-ignore]
        except ModuleNotFoundError:
            raise SettingsError(
                "Python 3.10 reads TOML with tomli only: install tomli, or use a newer Python."
            ) from None
    return loads


def _table(path: Path) -> dict[str, Any]:
    """Return the table as it is written. A file without it is not read as TOML at all."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from None
    return _parsed(text, path)


@lru_cache(maxsize=8)  # a fleet, and the tests of many revisions, read the same file for each
def _parsed(text: str, path: Path) -> dict[str, Any]:
    if TABLE not in text:
        _require_no_misspelling(text, path)
        return {}
    try:
        table = toml_loads()(text).get("tool", {}).get(TABLE, {})
    except ValueError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from None
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: tool.{TABLE} must be a table: write [tool.{TABLE}] above its keys.")
    return table


def _require_no_misspelling(text: str, path: Path) -> None:
    """Raise SettingsError for a table whose name is nearly the right one: its keys would be in force nowhere."""
    names = re.findall(r"^\[tool\.([\w-]+)", text, re.MULTILINE)
    for name in get_close_matches(TABLE, names, 1, 0.85):
        raise SettingsError(f"{path}: there is no table [tool.{name}]. Did you mean [tool.{TABLE}]?")


def _checked(table: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the fields that the keys of the table mean."""
    known = [field.name for field in fields(Settings) if field.name != "path"]
    values = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if isinstance(value, dict) and name not in known:
            raise SettingsError(f"{path}: there is no table [tool.{TABLE}.{key}]: remove it. {_listed(known)}")
        if name not in known:
            similar = get_close_matches(name, known, 1)
            hint = f"Did you mean {similar[0].replace('_', '-')}?" if similar else _listed(known)
            raise SettingsError(f"{path}: [tool.{TABLE}] has no key {key}. {hint}")
        expected, convert = _TYPES[name]
        try:
            values[name] = convert(value)
        except (TypeError, ValueError):
            raise SettingsError(f"{path}: {key} in [tool.{TABLE}] must be {expected}, not {value!r}.") from None
    return values


def _listed(known: list[str]) -> str:
    return f"The keys are {', '.join(name.replace('_', '-') for name in known)}."


def _strings(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise TypeError
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.isidentifier():
        raise TypeError
    return value


def _function(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[\w.]+:\w+", value):
        raise TypeError
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1_000_000:
        raise TypeError
    return float(value)


_SECONDS = "a number of seconds, 0 or more"
_TYPES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "off": ("a list of names of rules and comparisons", lambda value: frozenset(_strings(value))),
    "models": ("a list of names of packages", lambda value: tuple(_strings(value))),
    "database_variable": ("the name of an environment variable", _name),
    "targets": ("the name of a function, as in package.module:function", _function),
    "migrator_timeout": (_SECONDS, _number),
    "lock_timeout": (_SECONDS, _number),
}


def _seconds(variable: str) -> float:
    try:
        return _number(float(os.environ[variable]))
    except (TypeError, ValueError):
        raise SettingsError(f"{variable} in the environment must be {_SECONDS}.") from None
