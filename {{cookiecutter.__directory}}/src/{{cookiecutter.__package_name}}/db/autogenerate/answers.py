"""What somebody says about a change that autogenerate cannot decide: on the command line, or asked on a terminal."""

import sys
from collections.abc import Callable
from difflib import get_close_matches

from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError

KINDS = ("rename", "no-rename", "fill", "allow-drop")


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
        for name, _ in self.given:
            if name not in KINDS and (meant := get_close_matches(name, KINDS, 1, 0.85)):
                raise CommandError(f"There is no -x {name}: did you mean -x {meant[0]}? Nothing was changed.")
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

    def text(self, question: str) -> str | None:
        """Ask on the terminal; the end of the input is no answer. Raises CommandError after Ctrl-C."""
        try:
            return input(f"{question} ")
        except EOFError:
            return None
        except KeyboardInterrupt:
            raise CommandError("Interrupted. Nothing was written, and nothing was changed.") from None

    def yes(self, question: str) -> bool:
        """Ask on the terminal; an empty answer is no."""
        return (self.text(f"{question} [y/N]") or "").strip().lower() in ("y", "yes")

    def unused(self, *kinds: str) -> list[str]:
        """Return the answers to questions that did not come up: they may be misspelled."""
        left = [given for given in self.given if given[1] and given not in self.used]
        return [f"-x {name}={value}" for name, value in left if name in kinds]

    def require_used(self) -> None:
        """Raise CommandError for an answer that is still unused."""
        for answer in self.unused("rename", "fill", "allow-drop"):
            raise CommandError(f"{answer} fits nothing that changes. Nothing was written.")
