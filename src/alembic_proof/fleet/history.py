"""A project's revisions, and where a database is among them."""

from __future__ import annotations

import ast
import re
from argparse import Namespace
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from .. import settings, upstream
from ..errors import UndeterminedError, first_line

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationStep

    from ..settings import Settings


@dataclass(frozen=True)
class Project:
    """A project with its revisions, named so that another process finds it: nothing is read yet."""

    file: Path  # alembic.ini, or a pyproject.toml that configures Alembic
    section: str = "alembic"
    x: tuple[str, ...] = field(default=(), repr=False)  # the -x arguments of its env.py

    @property
    def allowed_drops(self) -> list[str] | bool:
        """Return what a downgrade may drop by the ``-x`` arguments: names, or True for all.

        They are no arguments of config(): each has to fit there, and a target may have nothing to lose.
        """
        answers = [argument.partition("=") for argument in self.x if _is_drop(argument)]
        return any(not name for _, _, name in answers) or [name for _, _, name in answers]

    def config(self) -> Config:
        """Return a new Config, as the alembic command makes one."""
        given = [argument for argument in self.x if not _is_drop(argument)]
        options = Namespace(x=given) if given else None
        if self.file.suffix == ".toml":
            return Config(toml_file=str(self.file), ini_section=self.section, cmd_opts=options)
        beside = self.file.with_name("pyproject.toml")  # Alembic reads both
        toml = str(beside) if beside.is_file() else None
        return Config(str(self.file), toml_file=toml, ini_section=self.section, cmd_opts=options)

    @property
    def directory(self) -> Path:
        """Return where the project's settings are looked for, and relative paths start."""
        return self.file.absolute().parent

    @property
    def settings(self) -> Settings:
        """Return ``[tool.alembic-proof]``."""
        return settings.load(self.directory)


def _is_drop(argument: str) -> bool:
    return argument.partition("=")[0] == "allow-drop"


@cache
def history(project: Project) -> History:
    """Return the revisions of a project; a process reads them once. Raises UndeterminedError."""
    return History(project)


class History:
    """The revisions of a project."""

    def __init__(self, project: Project) -> None:
        """Read them. Raises UndeterminedError where Alembic cannot."""
        try:
            self.script = ScriptDirectory.from_config(project.config())
            self._known = {script.revision for script in self.script.walk_revisions()}
            env_py = Path(self.script.env_py_location)
            tree = ast.parse(env_py.read_bytes())
            self.version_table, self.version_table_schema = _version_table(env_py, tree)
            self.is_asynchronous = _is_asynchronous(tree)  # whether env.py needs URLs with such a driver
        except (CommandError, SyntaxError, OSError) as error:
            raise UndeterminedError(f"The revisions of {project.file} cannot be read: {first_line(error)}") from None
        self._behind: dict[tuple[frozenset[str], str], int] = {}

    def resolve(self, revision: str) -> frozenset[str]:
        """Return the revisions that "heads", or the beginning of a name, means. Raises UndeterminedError."""
        try:
            return frozenset(script.revision for script in self.script.get_revisions(revision) if script)
        except CommandError as error:
            raise UndeterminedError(str(error)) from None

    def unknown(self, current: Collection[str]) -> list[str]:
        """Return those revisions of a database that the project does not have."""
        return sorted(set(current) - self._known)

    def names(self, name: str) -> bool:
        """Tell whether a revision has this name anywhere in it: what has none of these, was made by somebody else."""
        return re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", self._text) is not None

    @cached_property
    def _text(self) -> str:
        paths = (Path(script.path) for script in self.script.walk_revisions())
        return "\n".join(path.read_text("utf-8", errors="replace") for path in paths).casefold()

    def behind(self, current: frozenset[str], revision: str) -> int:
        """Return how many revisions an upgrade to a revision would apply; 0 for a database at it, or after it."""
        key = current, revision
        if key not in self._behind:
            try:
                self._behind[key] = len(self.steps(revision, current))
            except CommandError:  # on another branch, or after it
                self._behind[key] = 0
        return self._behind[key]

    def steps(self, revision: str, current: Collection[str], down: bool = False) -> list[MigrationStep]:
        """Return the steps from some revisions to another one. Raises CommandError where no way leads there."""
        plan = upstream.downgrade_steps if down else upstream.upgrade_steps
        return plan(self.script, revision, tuple(current)) or []

    def can_go_down(self, revision: str, current: Collection[str]) -> bool:
        """Tell whether a downgrade leads to a revision."""
        try:
            return bool(self.steps(revision, current, down=True))
        except CommandError:  # it is before it, or on another branch
            return False

    def require_one_head(self) -> None:
        """Raise UndeterminedError where the revisions have several heads, and nobody has said which is meant."""
        heads = sorted(self.script.get_heads())
        if len(heads) > 1:
            raise UndeterminedError(
                f"The revisions have {len(heads)} heads ({', '.join(heads)}): merge them (alembic merge heads), or "
                "write `heads` as the REVISION if all are meant. Nothing was changed."
            )


def _is_asynchronous(env_py: ast.Module) -> bool:
    """Tell whether env.py makes an asynchronous engine itself, as Alembic's template "async" does."""
    called = (node.func for node in ast.walk(env_py) if isinstance(node, ast.Call))
    names = {getattr(function, "attr", getattr(function, "id", "")) for function in called}
    return bool(names & {"create_async_engine", "async_engine_from_config"})


def _version_table(env_py: Path, tree: ast.Module) -> tuple[str, str | None]:
    """Return Alembic's version table and its schema, as the text of env.py names them.

    Raises UndeterminedError where they are not written out: a fleet is looked at without running env.py.
    """
    names: dict[str, str | None] = {"version_table": None, "version_table_schema": None}
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for keyword in (node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in names):
        value = keyword.value
        known = value.value if isinstance(value, ast.Constant) else constants.get(getattr(value, "id", ""), ...)
        if not isinstance(known, (str, type(None))):
            raise UndeterminedError(
                f"{env_py}, line {keyword.value.lineno}: write {keyword.arg} as a text. A fleet is looked at without "
                "running env.py, and needs its name. Where the targets are schemas, leave version_table_schema out: "
                "each gets a version table of its own."
            )
        names[str(keyword.arg)] = known or names[str(keyword.arg)]
    return names["version_table"] or "alembic_version", names["version_table_schema"]
