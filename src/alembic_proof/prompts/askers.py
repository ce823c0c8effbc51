"""Who can be asked while a command runs: the person at the terminal, nobody, or a test."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Protocol, TextIO


class Asker(Protocol):
    """Somebody who can be asked, or nobody. A program puts one into ``config.attributes["asker"]``."""

    can_ask: bool

    def text(self, question: str) -> str | None:
        """Ask, and return what was answered; None for no answer. A question may have several lines."""


class Terminal:
    """The person at the terminal, who reads questions on one stream and answers on the standard input."""

    can_ask = True

    def __init__(self, output: TextIO | None = None) -> None:
        self._output = sys.stdout if output is None else output

    @classmethod
    def here(cls) -> Terminal | None:
        """Return the terminal on which somebody sees a question and can answer it, or None.

        With ``2>file`` that is the standard output, and with ``>file`` that of errors: ``input()`` of Python knows
        only one of them, and which depends on whether readline was imported.
        """
        if not _is_terminal(sys.stdin):
            return None
        return next((cls(stream) for stream in (sys.stdout, sys.stderr) if _is_terminal(stream)), None)

    def text(self, question: str) -> str | None:
        """Ask on the terminal; the end of the input is no answer. Raises CommandError after Ctrl-C."""
        try:
            print(question, end=" ", file=self._output, flush=True)
            line = sys.stdin.readline()
        except KeyboardInterrupt:
            from alembic.util import CommandError

            print(file=self._output, flush=True)
            raise CommandError("Interrupted. Nothing was written, and nothing was changed.") from None
        if not line:
            print(file=self._output, flush=True)  # what comes next is not to stand behind the question
        return line.rstrip("\r\n") if line else None


def _is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a standard stream is there, open, and a terminal."""
    return stream is not None and not stream.closed and stream.isatty()


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
