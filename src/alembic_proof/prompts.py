"""Who answers a question that only a person can: the ``-x`` arguments of the command, a terminal, nobody, or a test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

KINDS = ("rename", "no-rename", "fill", "allow-drop")


class Asker(Protocol):
    """Somebody who can be asked, or nobody."""

    can_ask: bool

    def text(self, question: str) -> str | None:
        """Ask, and return what was answered; None for no answer."""


class Terminal:
    """The person at the terminal."""

    can_ask = True

    def text(self, question: str) -> str | None:
        """Ask on the terminal; the end of the input is no answer. Raises CommandError after Ctrl-C."""
        try:
            return input(f"{question} ")
        except EOFError:
            return None
        except KeyboardInterrupt:
            from alembic.util import CommandError

            raise CommandError("Interrupted. Nothing was written, and nothing was changed.") from None


class Nobody:
    """Where no terminal is."""

    can_ask = False

    def text(self, question: str) -> str | None:
        """Return no answer."""
        return None


class Scripted:
    """Answers that are known before, in their order: for tests."""

    can_ask = True

    def __init__(self, answers: Iterable[str]) -> None:
        self.questions: list[str] = []
        self._answers = iter(answers)

    def text(self, question: str) -> str | None:
        """Return the next answer, and remember the question."""
        self.questions.append(question)
        return next(self._answers, None)


class Answers:
    """The answers to the questions of one command.

    As ``alembic -x rename=users.name:full_name -x no-rename -x fill=users.age=0 -x allow-drop=users.nickname revision
    ...``: each may be given several times. A rename is of a table, a column, or an enum's label; ``allow-drop`` without
    a name is for everything. What they do not answer is asked.
    """

    def __init__(self, given: Sequence[str], asker: Asker) -> None:
        from alembic.util import CommandError

        self._given = [tuple(argument.partition("=")[::2]) for argument in given]
        self._used: set[tuple[str, ...]] = set()
        self._asker = asker
        for name, _ in self._given:
            if name not in KINDS and (similar := get_close_matches(name, KINDS, 1, 0.85)):
                raise CommandError(f"There is no -x {name}: did you mean -x {similar[0]}? Nothing was changed.")

    @classmethod
    def of(cls, context: MigrationContext) -> Answers:
        """Return the answers that were given to the running command.

        A program can put an Asker into ``config.attributes["asker"]``.
        """
        environment, config = context.environment_context, context.config
        given = environment.get_x_argument() if environment else []
        on_terminal = config is not None and config.cmd_opts and sys.stdin is not None and sys.stdin.isatty()
        asker: Asker = Terminal() if on_terminal else Nobody()
        return cls(list(given), config.attributes.get("asker", asker) if config else asker)

    @property
    def can_ask(self) -> bool:
        """Tell whether somebody can be asked."""
        return self._asker.can_ask

    def text(self, question: str) -> str | None:
        """Ask for a text; None is no answer."""
        return self._asker.text(question)

    def yes(self, question: str) -> bool:
        """Ask for a yes; an empty answer, and none, is no."""
        return (self.text(f"{question} [y/N]") or "").strip().lower() in ("y", "yes")

    def find(self, kind: str, matches: Callable[[str], bool]) -> str | None:
        """Return what follows ``-x kind=`` where it matches, or None."""
        for name, value in self._given:
            if name == kind and matches(value):
                self._used.add((name, value))
                return value
        return None

    def rename(self, old: str, *new: str) -> bool:
        """Tell whether ``-x rename=`` says that a table, or table.column, has a new name, in one of its spellings."""
        spellings = {f"{old}{sign}{name}" for name in new for sign in (":", "=", "->")}
        return self.find("rename", lambda value: value in spellings) is not None

    def no_rename(self, old: str) -> bool:
        """Tell whether a table, or table.column, is not renamed: ``-x no-rename``, or its own ``-x allow-drop``."""
        dropped = ("allow-drop", old) in self._given
        return dropped or self.find("no-rename", lambda value: value in ("", old)) is not None

    def fill(self, column: str) -> str | None:
        """Return what ``-x fill=`` has for a table.column, or None."""
        value = self.find("fill", lambda value: value.partition("=")[0] == column)
        return None if value is None else value.partition("=")[2]

    def allow_drop(self, name: str) -> bool:
        """Tell whether ``-x allow-drop`` was given for a table or a table.column."""
        return self.find("allow-drop", lambda value: value in ("", name)) is not None

    def unused(self, *kinds: str) -> list[str]:
        """Return the answers to questions that did not come up: they may be misspelled."""
        left = [given for given in self._given if given[1] and given not in self._used]
        return [f"-x {name}={value}" for name, value in left if name in kinds]

    def require_used(self) -> None:
        """Raise CommandError for an answer that is still unused."""
        from alembic.util import CommandError

        for answer in self.unused("rename", "fill", "allow-drop"):
            raise CommandError(f"{answer} does not match any detected change. Nothing was written.")
