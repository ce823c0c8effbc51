"""The answers to the questions of one command, and the questions that are still open."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar

from .. import upstream
from .askers import Asker, Nobody, Terminal
from .command_line import answering, quoted

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext

Value = TypeVar("Value")

KINDS = ("rename", "no-rename", "fill", "allow-drop")

# After so many answers that are none, a program that answers for somebody would go on for ever.
_PATIENCE = 5


@dataclass(frozen=True)
class Question:
    """A question that nobody is there to answer.

    The first of the answers is the likely one; each is the ``-x`` arguments, and what they mean.
    """

    text: str
    answers: tuple[tuple[tuple[str, ...], str], ...]

    def told(self) -> str:
        """Return the question with its answers, a line for each."""
        spelled = [
            (quoted([word for argument in each for word in ("-x", argument)]), what) for each, what in self.answers
        ]
        width = min(max(len(arguments) for arguments, _ in spelled), 60)
        return "\n".join([self.text, *(f"    {given:{width}}  {what}".rstrip() for given, what in spelled)])


def _similar(name: str) -> str:
    """Return the kind of answer that a name was probably meant to be, or nothing."""
    return "" if name in KINDS else next(iter(get_close_matches(name, KINDS, 1, 0.85)), "")


class Answers:
    """The answers to the questions of one command.

    As ``alembic -x rename=users.name:full_name -x no-rename -x fill=users.age=0 -x allow-drop=users.nickname revision
    ...``: each may be given several times. A rename is of a table, a column, or an enum's label; ``allow-drop`` without
    a name is for everything. What they do not answer is asked. Where nobody can be asked, it is left open, and all that
    is open is said at once, in the end.
    """

    def __init__(
        self, given: Sequence[str], asker: Asker, config: Config | None = None, command: str = "revision"
    ) -> None:
        self._arguments = list(given)
        self._given = [tuple(argument.partition("=")[::2]) for argument in given]
        self._used: set[tuple[str, ...]] = set()
        self._subjects: set[str] = set()  # what answers were looked for, by its full name
        self._asker, self._config, self._command = asker, config, command
        self.open: list[Question] = []

    @classmethod
    def of(cls, context: MigrationContext) -> Answers:
        """Return the answers that were given to the running command.

        A program can put an Asker into ``config.attributes["asker"]``.
        """
        environment, config = context.environment_context, context.config
        given = environment.get_x_argument() if environment else []
        terminal = Terminal.here() if config is not None and config.cmd_opts else None
        asker: Asker = terminal or Nobody()
        asker = config.attributes.get("asker", asker) if config else asker
        return cls(list(given), asker, config, upstream.running_command(context))

    @property
    def can_ask(self) -> bool:
        """Tell whether somebody can be asked."""
        return self._asker.can_ask

    def text(self, question: str, error: str = "") -> str:
        """Ask for a text, after saying what was wrong with an answer before.

        Raises CommandError at the end of the input: that is no answer, and no is one.
        """
        answer = self._asker.text(f"{error}\n{question}" if error else question)
        if answer is None:
            from alembic.util import CommandError

            raise CommandError(
                f"The input ended before this was answered: {question.splitlines()[0]} "
                "Nothing was written, and nothing was changed."
            )
        return answer

    def value(self, question: str, read: Callable[[str], Value]) -> Value:
        """Ask for something that is to be read; what raises CommandError is asked again, with what that says."""
        from alembic.util import CommandError

        wrong = ""
        for _ in range(_PATIENCE - 1):
            answer = self.text(question, wrong)
            try:
                return read(answer)
            except CommandError as error:
                wrong = str(error).removesuffix(" Nothing was written.")  # as it is asked again
        return read(self.text(question, wrong))

    def yes(self, question: str) -> bool:
        """Ask for a yes; an empty answer is no. Another answer is asked again."""
        answer = self.one_of(f"{question} [y/N]", ("y", "yes", "n", "no", ""), "Answer y for yes or n for no.")
        return answer in ("y", "yes")

    def one_of(self, question: str, answers: Sequence[str], expected: str) -> str:
        """Ask until the answer is one of these, in small letters; each time, say what is expected."""
        from alembic.util import CommandError

        wrong = ""
        for _ in range(_PATIENCE):
            answer = self.text(question, wrong).strip().lower()
            if answer in answers:
                return answer
            wrong = f"{answer!r} is no answer to this. {expected}"
        raise CommandError(f"{_PATIENCE} answers were none. {expected} Nothing was written, and nothing was changed.")

    def find(self, kind: str, matches: Callable[[str], bool]) -> str | None:
        """Return what follows ``-x kind=`` where it matches, or None."""
        for name, value in self._given:
            if name == kind and matches(value):
                self._used.add((name, value))
                return value
        return None

    def rename(self, old: str, *new: str) -> bool:
        """Tell whether ``-x rename=`` says that a table, or table.column, has a new name, in one of its spellings."""
        self._subjects.add(old)
        spellings = {f"{old}{sign}{name}" for name in new for sign in (":", "=", "->")}
        return self.find("rename", lambda value: value in spellings) is not None

    def renames(self) -> list[tuple[str, str, str]]:
        """Return what ``-x rename=`` says that is not used yet: the argument, the old full name, and the new name."""
        left = [value for name, value in self._given if name == "rename" and (name, value) not in self._used]
        parts = [(value, re.split(r"->|[:=]", value, maxsplit=1)) for value in left]
        return [(value, names[0], names[1]) for value, names in parts if len(names) == 2]

    def use(self, kind: str, value: str) -> None:
        """Remember that an answer was needed."""
        self._used.add((kind, value))

    def no_rename(self, old: str) -> bool:
        """Tell whether a table, or table.column, is not renamed: ``-x no-rename``, or its own ``-x allow-drop``."""
        self._subjects.add(old)
        dropped = ("allow-drop", old) in self._given
        return dropped or self.find("no-rename", lambda value: value in ("", old)) is not None

    def fill(self, column: str) -> str | None:
        """Return what ``-x fill=`` has for a table.column, or for a label that is removed; None if nothing."""
        self._subjects.add(column)
        value = self.find("fill", lambda value: value.startswith(f"{column}="))
        return None if value is None else value.removeprefix(f"{column}=")

    def allow_drop(self, name: str) -> bool:
        """Tell whether ``-x allow-drop`` was given for a table or a table.column."""
        self._subjects.add(name)
        return self.find("allow-drop", lambda value: value in ("", name)) is not None

    def add(self, kind: str, value: str) -> None:
        """Take an answer that somebody has typed as if it had been given by ``-x``."""
        self._given.append((kind, value))
        self._used.add((kind, value))

    def unused(self, *kinds: str) -> list[str]:
        """Return the answers to questions that did not come up: they may be misspelled."""
        left = [given for given in self._given if given[1] and given not in self._used]
        return [f"-x {name}={value}" for name, value in left if name in kinds]

    def misspelled(self, everything: bool = False) -> list[str]:
        """Return, as sentences, the arguments of another name that were probably meant to be answers.

        A project has arguments of its own: one whose name is like ours counts only if its value begins with something
        that this command looked for, or, on request, in any case.
        """
        said = []
        for name, value in self._given:
            subject = re.split(r"->|[:=]", value, maxsplit=1)[0]
            if (similar := _similar(name)) and (everything or subject in self._subjects):
                said.append(f"There is no -x {name}: did you mean -x {similar}?")
        return said

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Collect the questions that rules leave open, and let no answer be without a question.

        Raises CommandError with all of them in the end; or when a rule refuses something, which may come from an answer
        that was only likely.
        """
        from alembic.util import CommandError

        try:
            yield
        except CommandError as error:
            self.require_answered(also=str(error))
            raise
        self.require_answered()
        self.require_used()

    def require_answered(self, state: str = "Nothing was written.", also: str = "") -> None:
        """Raise CommandError with all questions that are open, and the one command that answers them.

        ``also`` is what else stands in the way, if the likely answers are given.
        """
        from alembic.util import CommandError

        if not self.open:
            return
        unused = self.unused("rename", "fill", "allow-drop")
        proposed = dict.fromkeys(argument for question in self.open for argument in question.answers[0][0])
        kept = [
            argument
            for argument in self._arguments
            if f"-x {argument}" not in unused and argument not in proposed and not _similar(argument.partition("=")[0])
        ]
        several = len(self.open) > 1
        said = [
            f"There {'are' if several else 'is'} {len(self.open)} question{'s' * several}, "
            "and nobody who can be asked.",
            *(question.told() for question in self.open),
            *self.misspelled(everything=True),
            *(f"{answer} does not match any detected change; the command below is without it." for answer in unused),
            also and f"And with the first answer to each question: {also}",
            f"This command has the first answer to {'each of them' if several else 'it'}; change what is not so:",
            f"    {answering(self._config, [*kept, *proposed], self._command)}",
            state,
        ]
        raise CommandError("\n".join(filter(None, said)))

    def require_used(self) -> None:
        """Raise CommandError for an answer that is still unused, or is misspelled."""
        from alembic.util import CommandError

        for answer in self.unused("rename", "fill", "allow-drop"):
            raise CommandError(f"{answer} does not match any detected change. Nothing was written.")
        for sentence in self.misspelled():
            raise CommandError(f"{sentence} Nothing was written.")
