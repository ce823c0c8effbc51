"""Where a project under Alembic has its env.py, revisions, models and other files. Nothing is run."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import dialects
from ..errors import SettingsError, UndeterminedError
from ..prompts import in_flask
from ..revisions.reader import constants
from ..sandbox import SCRATCH_VARIABLE, Server
from ..sandbox.scratch import canonical
from ..settings import Settings, load
from .configuration import Configuration

NO_SOURCES = {"__pycache__", "node_modules", "site-packages", "build", "dist"}
_OF_FLASK_ROOT = (".flaskenv", "app.py", "wsgi.py", ".env")
_TEST = re.compile(r"(^|/)((tests?|testing)/|tests?\.py$|conftest\.py$|test_[^/]*$|[^/]*_tests?\.py$)")
_DATABASE = re.compile(rb"alembic|sqlalchemy|sqlmodel|__tablename__|\bdb\.|create_all|revision")
_LIBRARY = os.path.normcase(os.path.join(Path(__file__).parents[1], ""))
_IMPORTS_LIBRARY = re.compile(rb"(^|[\r\n])[^\S\r\n]*(from|import)\s+alembic_proof\b")


def is_of_library(path: str) -> bool:
    """Tell whether a file is one of this library."""
    return os.path.normcase(os.path.abspath(path)).startswith(_LIBRARY)


def _flask_root(directory: Path, environment: Mapping[str, str]) -> Path:
    """Return where the flask command is run: at a directory that holds Flask-Migrate's, or above it.

    There is the module that FLASK_APP names, or else what the command looks for; it is no package, and not far away.
    """
    named = Path(environment.get("FLASK_APP", "").partition(":")[0].replace(".", "/")).parts[:1]
    names = [name for part in named for name in (part, f"{part}.py")]
    outside = [parent for parent in (directory, *directory.parents[:3]) if not (parent / "__init__.py").exists()]
    for wanted in (names, _OF_FLASK_ROOT):
        for parent in outside:
            if any((parent / name).exists() for name in wanted):
                return parent
    return outside[0] if outside else directory


def is_aside(place: str) -> bool:
    """Tell whether a file of a project is in a directory beside the application: of examples, tools, documents."""
    return re.search(r"(^|/)(scripts?|notebooks?|docs?|examples?|tools?|bench(mark)?s?)/", place) is not None


class Layout:
    """The files of the project to which an alembic.ini, or a pyproject.toml, belongs."""

    def __init__(self, config: Path, section: str = "alembic") -> None:
        self.environment = dict(os.environ)  # before a variable in it names a scratch database
        self.configuration = Configuration.read(config, section)
        self.options = self.configuration.options
        self.root = self.configuration.file.parent
        location = self.options.get("script_location", "")
        self.is_of_flask = not location and (self.root / "env.py").is_file()  # Flask-Migrate's needs no such option
        if self.is_of_flask:
            self.scripts, self.root = self.root, _flask_root(self.root.parent, self.environment)
        else:
            self.scripts = self._locate(location)
            if location and not Path(location).is_absolute() and ":" not in location:
                self.root = Path(str(self.scripts).removesuffix(str(Path(location)))).resolve()
        self.env = self.scripts / "env.py"
        self.root = self._above_package(self.root)
        named = self.configuration.paths("version_locations")
        self.versions = list(map(self._locate, named)) or [self.scripts / "versions"]
        self.sources = self.root / "src"
        self._trees: dict[Path, ast.Module | SyntaxError] = {}

    @property
    def ini(self) -> Path:
        """The alembic.ini, which may be missing."""
        return self.configuration.ini

    @cached_property
    def pyproject(self) -> Path:
        """The pyproject.toml beside the configuration, or the nearest one above; it may be missing."""
        directory = self.configuration.file.parent
        files = [parent / "pyproject.toml" for parent in (directory, *directory.parents)]
        return next((file for file in files if file.is_file()), files[0])

    def _above_package(self, directory: Path) -> Path:
        """Return the directory that holds the package of which env.py imports, if the configuration lies in it.

        Alembic is run there, as with alembic -c shop/db/alembic.ini. Otherwise it is the directory as it is.
        """
        text = self.env.read_text("utf-8", "replace") if self.env.is_file() else ""
        imported = set(re.findall(r"^\s*(?:from|import)\s+(\w+)", text, re.MULTILINE)) - {"alembic"}
        for package in (directory, *directory.parents[:-1]):
            is_nearer = any((base / package.name).exists() for base in (directory, directory / "src"))
            if package.name in imported and not is_nearer and (package / "__init__.py").is_file():
                return package.parent
        return directory

    def _locate(self, location: str) -> Path:
        """Return the directory that a path or ``package:path`` means."""
        if ":" in location and not Path(location).is_absolute():
            package, _, rest = location.partition(":")
            location = str(Path(*package.split("."), rest))
        bases = [self.root, self.root / "src", Path.cwd(), *self.root.parents]
        directories = (base / location for base in bases if location and (base / location).is_dir())
        return next(directories, self.root / location)

    @cached_property
    def uses_library(self) -> bool:
        """Whether env.py imports this library."""
        return self.env.is_file() and _IMPORTS_LIBRARY.search(self.env.read_bytes()) is not None

    @property
    def settings(self) -> Settings:
        """What [tool.alembic-proof] says; what holds without it where that cannot be read: see settings_error."""
        return self._settings[0]

    @property
    def settings_error(self) -> str:
        """What is wrong with [tool.alembic-proof]; an empty string if nothing is."""
        return self._settings[1]

    @cached_property
    def _settings(self) -> tuple[Settings, str]:
        try:
            return load(self.configuration.file.parent), ""
        except SettingsError as error:
            return Settings(), str(error)

    @cached_property
    def server(self) -> Server:
        """Where scratch databases are made. A project whose URL is in .env may name this server there, too.

        Raises SettingsError for a file in which it cannot be read.
        """
        return Server.named(self.root if self.settings.database_variable else None)

    @cached_property
    def missing_server(self) -> str:
        """Why the scratch database is not of the same kind as the project's: a sentence, empty if it is."""
        dialect, kind = self.declared_dialect, self.server.kind
        is_other = kind in dialects.KNOWN and kind != canonical(dialect)
        if dialect in ("", "sqlite") or (self.server.text is not None and not is_other):
            return ""
        leads = f"{SCRATCH_VARIABLE} leads to {kind}" if is_other else "the scratch database is SQLite"
        return f"this is a {dialect} project, and {leads}: set {SCRATCH_VARIABLE} to a database on such a server"

    @cached_property
    def declared_dialect(self) -> str:
        """The dialect in the URL that database-variable has in the environment, .env or .env.example; or empty."""
        variable = self.settings.database_variable
        if not variable:
            return ""
        files = [path for path in (self.root / ".env", self.root / ".env.example") if path.is_file()]
        texts = [f"{variable}={self.environment.get(variable, '')}", *(path.read_text("utf-8") for path in files)]
        dialects = "postgres(?:ql)?|mysql|mariadb|sqlite"
        named = re.search(rf"^{re.escape(variable)}=[\"']?({dialects})", "\n".join(texts), re.MULTILINE)
        return named[1] if named else ""

    def name(self, path: Path | str, line: int | None = None) -> str:
        """Return a path as people write it: relative to the project, with the line."""
        shown = Path(path)
        if shown.is_relative_to(self.root):
            shown = shown.relative_to(self.root)
        return f"{shown}:{line}" if line else str(shown)

    def spelled(self, text: str) -> str:
        """Return a sentence with its commands as they are typed in this project: alembic's, or those of flask db."""
        return in_flask(text) if self.is_of_flask else text

    def place_of_option(self, option: str) -> str:
        """Return the file and line where an option of Alembic is set."""
        for file in (self.configuration.ini, self.configuration.toml):
            lines = file.read_text("utf-8", errors="replace").splitlines() if file.is_file() else []
            for number, line in enumerate(lines, 1):
                if re.match(rf"\s*{re.escape(option)}\s*[=:]", line):
                    return self.name(file, number)
        return self.name(self.configuration.file)

    def is_inside(self, path: str | None) -> bool:
        """Tell whether a file belongs to the project, and not to a library."""
        if not path or path.startswith("<"):  # compiled by exec(), as Alembic does with its op
            return False
        if f"{os.sep}site-packages{os.sep}" in path:
            return False
        root, file = map(os.path.normcase, (os.path.join(self.root, ""), os.path.abspath(path)))
        return file.startswith(root) and not file.startswith(_LIBRARY)  # no Path: it is asked of every module

    def has_module(self, name: str) -> bool:
        """Tell whether a module, if it existed, would be the project's own and not a library's."""
        top, bases = name.partition(".")[0], (self.root, self.sources, self.ini.parent)
        return bool(top) and any((base / top).is_dir() or (base / f"{top}.py").is_file() for base in bases)

    @cached_property
    def files(self) -> list[Path]:
        """The project's own Python files, without those of a virtual environment or of another project inside it."""
        files = []
        for directory, inside, names in os.walk(self.root):
            for name in sorted(inside):
                path = Path(directory, name)
                other = any((path / file).exists() for file in ("pyvenv.cfg", "alembic.ini"))
                if name in NO_SOURCES or name.startswith(".") or (other and path != self.ini.parent):
                    inside.remove(name)
            found = (Path(directory, name) for name in names if name.endswith(".py"))
            files += [path for path in found if path.is_file()]  # a link may lead nowhere: Emacs makes one for a lock
        outside = [place for place in (self.scripts, *self.versions) if not place.is_relative_to(self.root)]
        return sorted({*files, *(path for place in outside for path in place.rglob("*.py"))})

    @cached_property
    def database_files(self) -> list[Path]:
        """Those of its files, except tests, that have to do with the database."""
        files = [path for path in self.files if not _TEST.search(Path(self.name(path)).as_posix())]
        return [path for path in files if _DATABASE.search(path.read_bytes())]

    def files_with(self, pattern: bytes) -> list[Path]:
        """Those of them that contain a pattern and can be parsed: an exported notebook, or a template, cannot."""
        return [path for path in self.database_files if re.search(pattern, path.read_bytes()) and self._parses(path)]

    def _parses(self, path: Path) -> bool:
        with contextlib.suppress(UndeterminedError):
            return self.syntax_error(path) is None
        return False

    def tree(self, path: Path) -> ast.Module:
        """Return one parsed file. Raises UndeterminedError when it cannot be parsed."""
        error = self.syntax_error(path)
        if error is not None:
            version = ".".join(map(str, sys.version_info[:2]))
            place = self.name(path, error.lineno)
            raise UndeterminedError(f"{place} cannot be read as Python {version}: {error.msg}")
        tree = self._trees[path]
        assert isinstance(tree, ast.Module)
        return tree

    def syntax_error(self, path: Path) -> SyntaxError | None:
        """Return why a file cannot be parsed, None if it can. Raises UndeterminedError when it cannot be opened."""
        if path not in self._trees:
            try:
                self._trees[path] = ast.parse(path.read_bytes(), str(path))
            except SyntaxError as error:
                error.filename = error.filename or str(path)  # of a null byte, Python does not say where
                self._trees[path] = error
            except ValueError as error:  # a null byte
                self._trees[path] = SyntaxError(str(error), (str(path), None, None, None))
            except OSError:
                raise UndeterminedError(f"{self.name(path)} cannot be opened") from None
        found = self._trees[path]
        return found if isinstance(found, SyntaxError) else None

    @cached_property
    def revisions(self) -> dict[Path, dict[str, Any]]:
        """The revision files with what they assign to revision, down_revision, branch_labels and other variables."""
        values = {path: constants(self.tree(path)) for path in self.revision_files if self._parses(path)}
        return {path: values[path] for path in values if isinstance(values[path].get("revision"), str)}

    @cached_property
    def revision_files(self) -> list[Path]:
        """The files in which Alembic looks for revisions."""
        recursive = str(self.options.get("recursive_version_locations", "")).lower() in ("true", "1", "yes", "on")
        return [
            path
            for directory in self.versions
            for path in sorted(directory.rglob("*.py") if recursive else directory.glob("*.py"))
            if path.is_file()
        ]
