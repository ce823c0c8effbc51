"""Who can be asked: on a terminal, and by a test."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from alembic.util import CommandError

from alembic_proof.prompts import Scripted, Terminal


class Stream(io.StringIO):
    """A stream that says whether it is a terminal."""

    def __init__(self, text: str = "", is_terminal: bool = True) -> None:
        super().__init__(text)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        """Tell whether it is one."""
        return self._is_terminal


class Interrupted(Stream):
    """An input at which somebody presses Ctrl-C."""

    def readline(self, *_: Any) -> Any:
        """Never return."""
        raise KeyboardInterrupt


def test_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed; the end of the input is no answer."""
    monkeypatch.setattr(sys, "stdin", Stream("typed\n ends here"))
    terminal = Terminal(shown := io.StringIO())
    assert [terminal.text("Which?") for _ in range(3)] == ["typed", " ends here", None]
    assert shown.getvalue() == "Which? Which? Which? \n"  # what comes next has a line of its own


def test_an_interrupted_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is one sentence."""
    monkeypatch.setattr(sys, "stdin", Interrupted())
    with pytest.raises(CommandError, match=r"Interrupted. Nothing was written, and nothing was changed."):
        Terminal(io.StringIO()).text("Which?")


@pytest.mark.parametrize(
    ("terminals", "asked_on"),
    [
        (("stdin", "stdout", "stderr"), "stdout"),
        (("stdin", "stdout"), "stdout"),
        (("stdin", "stderr"), "stderr"),
        (("stdin",), None),
        (("stdout", "stderr"), None),
    ],
)
def test_where_the_person_is(monkeypatch: pytest.MonkeyPatch, terminals: tuple[str, ...], asked_on: str | None) -> None:
    """A question goes to the stream that somebody sees, D4; without one there is no terminal."""
    streams = {name: Stream("yes\n", name in terminals) for name in ("stdin", "stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    here = Terminal.here()
    assert (here is None) is (asked_on is None)
    if here:
        assert here.text("Sure?") == "yes"
    written = {name for name in ("stdout", "stderr") if "Sure?" in streams[name].getvalue()}
    assert written == ({asked_on} if asked_on else set())


def test_without_standard_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a service."""
    monkeypatch.setattr(sys, "stdin", None)
    assert Terminal.here() is None


def test_scripted() -> None:
    """In their order."""
    scripted = Scripted(["a"])
    assert [scripted.text("1?"), scripted.text("2?"), scripted.questions] == ["a", None, ["1?", "2?"]]
