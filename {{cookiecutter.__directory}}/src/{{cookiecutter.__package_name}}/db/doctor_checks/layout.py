"""Where a project under Alembic has what: its configuration, env.py, revisions and other files. Nothing is run."""

from __future__ import annotations

import ast
import configparser
import contextlib
import os
import re
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

from . import Unknown

_NOT_SOURCES = {"__pycache__", "node_modules", "site-packages", "build", "dist"}
_TEST = re.compile(r"(^|/)((tests?|testing)/|tests?\.py$|conftest\.py$|test_[^/]*$|[^/]*_tests?\.py$)")
_DATABASE = re.compile(rb"alembic|sqlalchemy|sqlmodel|__tablename__|\bdb\.|create_all|revision")


class Layout:
    """The files of the project to which an alembic.ini, or a pyproject.toml, belongs."""

    def __init__(self, config: Path, section: str = "alembic") -> None:
        self.section = section  # of alembic.ini, as alembic -n
        self.config_file = config = config.resolve()
        self.ini, self.toml = config, config.with_name("pyproject.toml")
        if config.suffix == ".toml":
            self.ini, self.toml = config.with_name("alembic.ini"), config
        self.config_error = ""
        self.sections: list[str] = []  # that could have been meant, where the one that is wanted is not there
        in_toml, in_ini = self._in_toml(), self._in_ini()
        self.doubled = sorted(name for name in in_toml if in_ini.get(name, in_toml[name]) != in_toml[name])
        self.options = {**in_toml, **in_ini}  # as Alembic prefers
        self.root = config.parent
        location = self.options.get("script_location", "")
        if not location and (self.root / "env.py").is_file():  # Flask-Migrate's, which finds it by itself
            self.scripts, self.root = self.root, self.root.parent
        else:
            self.scripts = self._locate(location)
            if location and not Path(location).is_absolute() and ":" not in location:
                self.root = Path(str(self.scripts).removesuffix(str(Path(location)))).resolve()
        self.env = self.scripts / "env.py"
        self.versions = self._versions()
        self.sources = self.root / "src"
        self.package = next((path.parent.parent.name for path in self.sources.glob("*/db/doctor.py")), "")
        self.foreign = self._foreign()
        self._trees: dict[Path, ast.Module | SyntaxError | ValueError] = {}

    def _in_toml(self) -> dict[str, str]:
        """Return the options in [tool.alembic]."""
        text = self.toml.read_text("utf-8", errors="replace") if self.toml.is_file() else ""
        if "[tool.alembic]" not in text:
            return {}
        try:
            from tomllib import loads
        except ModuleNotFoundError:
            self.config_error = "this Python cannot read it: 3.11 or newer can"
            return {}
        here, found = str(self.toml.parent), loads(text).get("tool", {}).get("alembic", {})
        joined = {name: os.pathsep.join(value) if isinstance(value, list) else value for name, value in found.items()}
        return {name: str(value).replace("%(here)s", here) for name, value in joined.items()}

    def _in_ini(self) -> dict[str, str]:
        """Return the options in the section, [alembic] if nothing else is said."""
        parser = configparser.ConfigParser({"here": str(self.ini.parent).replace("%", "%%")})
        try:
            parser.read(self.ini, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            self.config_error = f"it cannot be read: {type(error).__name__}"  # its text may hold a password
        options = {}
        located = [
            name
            for name in parser.sections()
            if parser.has_option(name, "script_location")
            and not re.match("(post_write_hooks|loggers|handlers|formatters|(logger|handler|formatter)_.*)$", name)
        ]
        if self.section not in located and located:
            self.config_error = f"it has no [{self.section}], but [{'], ['.join(located)}]"
            self.sections = located
        for name in parser[self.section] if parser.has_section(self.section) else ():
            try:
                options[name] = parser.get(self.section, name)
            except configparser.Error:  # a "%" of its own
                options[name] = parser.get(self.section, name, raw=True)
        return options

    def _locate(self, location: str) -> Path:
        """Return the directory that a path or ``package:path`` means."""
        if ":" in location and not Path(location).is_absolute():
            package, _, rest = location.partition(":")
            location = str(Path(*package.split("."), rest))
        bases = [self.root, self.root / "src", Path.cwd(), *self.root.parents]
        found = (base / location for base in bases if location and (base / location).is_dir())
        return next(found, self.root / location)

    def _versions(self) -> list[Path]:
        """Return the directories in which Alembic looks for revisions."""
        named = self.options.get("version_locations", "")
        if not named:
            return [self.scripts / "versions"]
        legacy = not {"path_separator", "version_path_separator"} & set(self.options) and self.config_file != self.toml
        parts = re.split(r", *| |:", named) if legacy else named.split(self.separator)
        return [self._locate(part.strip()) for part in parts if part.strip()]

    @property
    def separator(self) -> str:
        """Return what stands between several paths in one option."""
        name = self.options.get("path_separator", self.options.get("version_path_separator", "os"))
        return {"os": os.pathsep, "space": " ", "newline": "\n"}.get(name, name if len(name) == 1 else os.pathsep)

    def _foreign(self) -> str:
        """Return why the scratch database is not of the project's own kind, if it is not: a sentence, or nothing."""
        if "TEST_DATABASE_URL" in os.environ or not self.package:
            return ""
        files = [path for path in (self.root / ".env", self.root / ".env.example") if path.is_file()]
        texts = [f"DATABASE_URL={os.environ.get('DATABASE_URL', '')}", *(path.read_text("utf-8") for path in files)]
        named = re.search(r"^DATABASE_URL=[\"']?(postgres(?:ql)?|mysql|mariadb|sqlite)", "\n".join(texts), re.MULTILINE)
        if named is None or named[1] == "sqlite":
            return ""
        return f"only SQLite is at hand for a {named[1]} project: set TEST_DATABASE_URL to a database on such a server"

    def name(self, path: Path | str, line: int | None = None) -> str:
        """Return a path as people write it: relative to the project, with the line."""
        shown = Path(path)
        if shown.is_relative_to(self.root):
            shown = shown.relative_to(self.root)
        return f"{shown}:{line}" if line else str(shown)

    def is_inside(self, path: str) -> bool:
        """Tell whether a file belongs to the project, and not to a library."""
        if path.startswith("<"):  # made by exec(), as Alembic makes its op
            return False
        if f"{os.sep}site-packages{os.sep}" in path:
            return False
        root, file = map(os.path.normcase, (os.path.join(self.root, ""), os.path.abspath(path)))
        return file.startswith(root)  # not by Path: it is asked of every module that is imported

    def owns(self, path: str | None) -> bool:
        """Tell whether a file is the owner's: in the project, and none of those around this one."""
        if not path or not self.is_inside(path):
            return False
        return not (self.package and Path(path).is_relative_to(self.sources / self.package / "db"))

    def has_module(self, name: str) -> bool:
        """Tell whether a module, were it there, would be the project's own and not a library's."""
        top, bases = name.partition(".")[0], (self.root, self.sources, self.ini.parent)
        return bool(top) and any((base / top).is_dir() or (base / f"{top}.py").is_file() for base in bases)

    @cached_property
    def files(self) -> list[Path]:
        """The project's own Python files: no environment's, no other project's inside it."""
        found = []
        for directory, inside, names in os.walk(self.root):
            for name in sorted(inside):
                path = Path(directory, name)
                other = any((path / file).exists() for file in ("pyvenv.cfg", "alembic.ini"))
                if name in _NOT_SOURCES or name.startswith(".") or (other and path != self.ini.parent):
                    inside.remove(name)
            found += [Path(directory, name) for name in names if name.endswith(".py")]
        outside = [place for place in (self.scripts, *self.versions) if not place.is_relative_to(self.root)]
        return sorted({*found, *(path for place in outside for path in place.rglob("*.py"))})

    @cached_property
    def database_files(self) -> list[Path]:
        """Those of its files, tests and this doctor aside, that have to do with the database."""
        here = self.sources / self.package / "db"
        files = [path for path in self.files if not _TEST.search(Path(self.name(path)).as_posix())
                 and not (here in path.parents and "doctor" in path.relative_to(here).parts[0])]  # fmt: skip
        return [path for path in files if _DATABASE.search(path.read_bytes())]

    def files_with(self, pattern: bytes) -> list[Path]:
        """Those of them in which a pattern is found."""
        found = [path for path in self.database_files if re.search(pattern, path.read_bytes())]
        return found if self.package else [path for path in found if self.parses(path)]

    def parses(self, path: Path) -> bool:
        """Tell whether a file is Python: a notebook's export, a template and what is left of Python 2 are not."""
        with contextlib.suppress(Unknown):
            return bool(self.tree(path))
        return False

    def tree(self, path: Path) -> ast.Module:
        """Return one parsed file. Raises Unknown when it does not parse."""
        if path not in self._trees:
            try:
                self._trees[path] = ast.parse(path.read_bytes(), str(path))
            except (SyntaxError, ValueError) as error:
                self._trees[path] = error
            except OSError:
                raise Unknown(f"{self.name(path)} cannot be opened") from None
        tree = self._trees[path]
        if isinstance(tree, ast.Module):
            return tree
        line = getattr(tree, "lineno", None)
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise Unknown(f"{self.name(path, line)} cannot be read as Python {version}: {getattr(tree, 'msg', tree)}")

    @cached_property
    def revisions(self) -> dict[Path, dict[str, Any]]:
        """The revision files with what they assign to revision, down_revision and branch_labels."""
        found = {path: constants(self.tree(path)) for path in self.revision_files}
        return {path: values for path, values in found.items() if isinstance(values.get("revision"), str)}

    @cached_property
    def revision_files(self) -> list[Path]:
        """The files in which Alembic looks for revisions."""
        recursive = str(self.options.get("recursive_version_locations", "")).lower() in ("true", "1", "yes", "on")
        return [
            path
            for directory in self.versions
            for path in sorted(directory.rglob("*.py") if recursive else directory.glob("*.py"))
        ]


def constants(tree: ast.Module) -> dict[str, Any]:
    """Return what a module assigns to its variables, as far as it is written as a literal."""
    values: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                with contextlib.suppress(ValueError):
                    values[getattr(target, "id", "")] = ast.literal_eval(node.value)
    return values
