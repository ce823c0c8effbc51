"""What somebody says about a change that autogenerate cannot decide: on the command line, or asked on a terminal."""

import sys
from collections.abc import Callable

from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError


class Answers:
    """The answers to one command.

    As ``alembic -x rename=users.name:full_name -x no-rename -x fill=users.age=0 -x allow-drop=users.nickname revision
    ...``: each may be given several times. A rename is of a table, a column, or an enum's label; ``allow-drop`` without
    a name is for everything.
    """

    def __init__(self, context: MigrationContext) -> None:
        environment = context.environment_context
        self.given = [tuple(x.partition("=")[::2]) for x in (environment.get_x_argument() if environment else [])]
        self.used: set[tuple[str, str]] = set()
        on_terminal = sys.stdin is not None and sys.stdin.isatty()
        self.can_ask = bool(context.config and context.config.cmd_opts and on_terminal)

    def find(self, kind: str, fits: Callable[[str], bool]) -> str | None:
        """Return what follows ``-x kind=`` where it fits, or None."""
        for name, value in self.given:
            if name == kind and fits(value):
                self.used.add((name, value))
                return value
        return None

    def rename(self, old: str, *new: str) -> bool:
        """Tell whether ``-x rename=`` says that a table, or table.column, has a new name, in one of its spellings."""
        said = {f"{old}{sign}{name}" for name in new for sign in (":", "=", "->")}
        return self.find("rename", lambda value: value in said) is not None

    def no_rename(self, old: str) -> bool:
        """Tell whether a table, or table.column, is dropped or never renamed: ``-x no-rename``, or its own drop."""
        dropped = any(given == ("allow-drop", old) for given in self.given)
        return dropped or self.find("no-rename", lambda value: value in ("", old)) is not None

    def fill(self, column: str) -> str | None:
        """Return what ``-x fill=`` has for a table.column, or None."""
        value = self.find("fill", lambda value: value.partition("=")[0] == column)
        return None if value is None else value.partition("=")[2]

    def allow_drop(self, name: str) -> bool:
        """Tell whether ``-x allow-drop`` is said of a table or of a table.column."""
        return self.find("allow-drop", lambda value: value in ("", name)) is not None

    def yes(self, question: str) -> bool:
        """Ask on the terminal; an empty answer is no, and so is the end of the input."""
        try:
            return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
        except EOFError:
            return False

    def require_used(self) -> None:
        """Raise CommandError for an answer to a question that did not come up: it may be misspelled."""
        for name, value in self.given:
            if name in ("rename", "fill", "allow-drop") and value and (name, value) not in self.used:
                raise CommandError(f"-x {name}={value} fits nothing that changes. Nothing was written.")
