"""What a project's alembic.ini and pyproject.toml tell Alembic."""

from __future__ import annotations

import configparser
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import SettingsError, UndeterminedError
from ..settings import toml_loads

_NO_ALEMBIC_SECTION = re.compile("(post_write_hooks|loggers|handlers|formatters|(logger|handler|formatter)_.*)$")


@dataclass(frozen=True)
class Configuration:
    """The options of one section of alembic.ini, and of [tool.alembic] in the pyproject.toml beside it."""

    file: Path  # the one that was named
    ini: Path
    toml: Path
    section: str  # of alembic.ini, as alembic -n
    options: dict[str, str]
    error: str  # why a file could not be read, or lacks the section; empty if it does not
    sections: list[str]  # that may be meant where the section is missing
    conflicting: list[str]  # the options that the two files set differently
    unread: int = 0  # the line of alembic.ini where it is no ini, and every command ends; 0 if there is none
    mistaken: list[str] = field(default_factory=list)  # the options with a % that configparser cannot read

    @classmethod
    def read(cls, file: Path, section: str) -> Configuration:
        """Read both files, given either of them."""
        file = file.resolve()
        ini, toml = file, file.with_name("pyproject.toml")
        if file.suffix == ".toml":
            ini, toml = file.with_name("alembic.ini"), file
        in_toml, toml_error = _toml_options(toml)
        in_ini, ini_error, sections, unread, mistaken = _ini_options(ini, section)
        conflicting = sorted(name for name in in_toml if in_ini.get(name, in_toml[name]) != in_toml[name])
        options = {**in_toml, **in_ini}  # as Alembic prefers
        return cls(file, ini, toml, section, options, ini_error or toml_error, sections, conflicting, unread, mistaken)

    @property
    def separator(self) -> str:
        """Return what separates several paths in one option."""
        name = self.options.get("path_separator", self.options.get("version_path_separator", "os"))
        return {"os": os.pathsep, "space": " ", "newline": "\n"}.get(name, name if len(name) == 1 else os.pathsep)

    def paths(self, option: str) -> list[str]:
        """Return the paths that an option names, split as Alembic does it."""
        value = self.options.get(option, "")
        has_separator = {"path_separator", "version_path_separator"} & set(self.options)
        from_ini_only = self.file != self.toml  # [tool.alembic] has lists
        parts = value.split(self.separator) if has_separator or not from_ini_only else re.split(r", *| |:", value)
        return [part.strip() for part in parts if part.strip()]


def find_config(directory: Path) -> Path:
    """Return the configuration file of a directory, or the nearest one above it.

    That is alembic.ini, a pyproject.toml with a section [tool.alembic], or Flask-Migrate's migrations/alembic.ini. If
    there is none, it is the only alembic.ini below that lies beside an env.py: Flask-Migrate's may be anywhere.
    Raises UndeterminedError where there is none.
    """
    for parent in (directory, *directory.parents):
        if (parent / "alembic.ini").is_file():
            return parent / "alembic.ini"
        if has_section(parent / "pyproject.toml"):
            return parent / "pyproject.toml"
        if (parent / "migrations/alembic.ini").is_file():
            return parent / "migrations/alembic.ini"
    below = [path for pattern in ("*", "*/*") for path in directory.glob(f"{pattern}/alembic.ini")]
    beside_env = [path for path in below if path.with_name("env.py").is_file()]
    if len(beside_env) == 1:
        return beside_env[0]
    raise UndeterminedError(
        f"There is no alembic.ini, and no pyproject.toml with [tool.alembic], in {directory} or above it: "
        "run this in the project, or name the file with --config."
    )


def has_section(toml: Path) -> bool:
    """Tell whether there is a pyproject.toml with options for Alembic."""
    return toml.is_file() and b"[tool.alembic]" in toml.read_bytes()


def _toml_options(toml: Path) -> tuple[dict[str, str], str]:
    """Return the options in [tool.alembic], and an error."""
    if not has_section(toml):
        return {}, ""
    try:
        tables = toml_loads()(toml.read_text("utf-8"))
    except SettingsError as error:
        return {}, str(error)
    except ValueError as error:  # also where it is not UTF-8
        return {}, f"{toml.name} cannot be read: {type(error).__name__}"
    table = tables.get("tool", {}).get("alembic", {})
    joined = {name: os.pathsep.join(value) if isinstance(value, list) else value for name, value in table.items()}
    return {name: str(value).replace("%(here)s", str(toml.parent)) for name, value in joined.items()}, ""


def _ini_options(ini: Path, section: str) -> tuple[dict[str, str], str, list[str], int, list[str]]:
    """Return the options in a section, an error, the sections that may be meant, its line, and what has a single %."""
    parser = configparser.ConfigParser({"here": str(ini.parent).replace("%", "%%")})
    error, line = "", 0
    try:
        parser.read(ini, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as raised:
        error = f"it cannot be read: {type(raised).__name__}"  # its text may hold a password
        lines = [number for number, _ in getattr(raised, "errors", ())]  # of a ParsingError
        line = getattr(raised, "lineno", None) or next(iter(lines), int(isinstance(raised, UnicodeDecodeError)))
        if isinstance(raised, configparser.DuplicateOptionError):
            error = f"{error}: {raised.option} is set twice"
    others = [
        name
        for name in parser.sections()
        if parser.has_option(name, "script_location") and not _NO_ALEMBIC_SECTION.match(name)
    ]
    if error or section in others or not others:
        others = []
    else:
        error = f"it has no [{section}], but [{'], ['.join(others)}]"
    options, mistaken = {}, []
    for name in parser[section] if parser.has_section(section) else ():
        try:
            options[name] = parser.get(section, name)
        except configparser.Error as raised:
            options[name] = parser.get(section, name, raw=True)
            if isinstance(raised, configparser.InterpolationSyntaxError):  # otherwise env.py may set what is missing
                mistaken.append(name)
        except AttributeError:  # where reading ended early, the values are lists of lines
            value = "\n".join(parser.get(section, name, raw=True)).rstrip()
            options[name] = value.replace("%(here)s", str(ini.parent))
    return options, error, others, line, mistaken
