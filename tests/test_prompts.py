"""Who answers a question, and what the answers are."""

from __future__ import annotations

import builtins
import io
import sys
from argparse import Namespace
from collections.abc import Callable
from typing import Any

import pytest
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import make_url

from alembic_proof.prompts import Answers, Nobody, Scripted, Terminal


def answers(*given: str, asked: tuple[str, ...] = ()) -> Answers:
    """Return the answers that -x gave; the others come from a script."""
    return Answers(given, Scripted(asked))


@pytest.mark.parametrize(
    ("given", "ask", "answer"),
    [
        ("rename=users.name:full_name", lambda it: it.rename("users.name", "full_name"), True),
        ("rename=users.name=full_name", lambda it: it.rename("users.name", "full_name"), True),
        ("rename=users.name->full_name", lambda it: it.rename("users.name", "full_name"), True),
        ("rename=users.name:users.full_name", lambda it: it.rename("users.name", "full_name"), False),
        (
            "rename=users.name:users.full_name",
            lambda it: it.rename("users.name", "full_name", "users.full_name"),
            True,
        ),
        ("rename=users.name:other", lambda it: it.rename("users.name", "full_name"), False),
        ("no-rename", lambda it: it.no_rename("users.name"), True),
        ("no-rename=users.name", lambda it: it.no_rename("users.name"), True),
        ("no-rename=users.age", lambda it: it.no_rename("users.name"), False),
        ("allow-drop=users.name", lambda it: it.no_rename("users.name"), True),
        ("allow-drop", lambda it: it.no_rename("users.name"), False),
        ("allow-drop", lambda it: it.allow_drop("users.name"), True),
        ("allow-drop=users.name", lambda it: it.allow_drop("users.name"), True),
        ("allow-drop=users", lambda it: it.allow_drop("users.name"), False),
        ("fill=users.age=0", lambda it: it.fill("users.age"), "0"),
        ("fill=users.age=", lambda it: it.fill("users.age"), ""),
        ("fill=users.age=a=b", lambda it: it.fill("users.age"), "a=b"),
        ("fill=users.age=0", lambda it: it.fill("users.name"), None),
    ],
)
def test_an_answer_by_argument(given: str, ask: Callable[[Answers], Any], answer: Any) -> None:
    """In each of its spellings."""
    assert ask(answers(given)) == answer


def test_several_answers_of_one_kind() -> None:
    """Each finds its question, in any order."""
    both = answers("fill=a.x=1", "fill=a.y=2")
    assert (both.fill("a.y"), both.fill("a.x")) == ("2", "1")


@pytest.mark.parametrize(
    ("name", "kind"), [("renames", "rename"), ("norename", "no-rename"), ("allow_drop", "allow-drop"), ("fil", "fill")]
)
def test_a_misspelled_kind(name: str, kind: str) -> None:
    """The nearest right one is named."""
    with pytest.raises(CommandError, match=f"There is no -x {name}: did you mean -x {kind}? ".replace("?", r"\?")):
        answers(f"{name}=x")


@pytest.mark.parametrize("given", ["tenant=acme", "verbose", "data=true"])
def test_other_arguments_belong_to_the_project(given: str) -> None:
    """They are neither refused nor missed."""
    answers(given).require_used()


def test_an_answer_to_a_question_that_did_not_come_up() -> None:
    """It may be misspelled: it ends the command. Those without a name are meant for whatever comes."""
    left = answers("rename=a.x:y", "fill=a.x=0", "allow-drop", "no-rename=a.z")
    assert left.unused("rename", "fill") == ["-x rename=a.x:y", "-x fill=a.x=0"]
    with pytest.raises(CommandError, match=r"-x rename=a.x:y does not match any detected change. Nothing was written."):
        left.require_used()
    left.rename("a.x", "y")
    left.fill("a.x")
    left.require_used()


@pytest.mark.parametrize(
    ("typed", "is_yes"), [("y", True), ("Yes ", True), ("n", False), ("", False), ("yeah", False), (None, False)]
)
def test_yes(typed: str | None, is_yes: bool) -> None:
    """Anything else is no; so is no answer."""
    asker = Scripted([typed] if typed is not None else [])
    assert Answers([], asker).yes("Drop it?") is is_yes
    assert asker.questions == ["Drop it? [y/N]"]


def test_nobody() -> None:
    """Cannot be asked, and does not answer."""
    nobody = Answers([], Nobody())
    assert (nobody.can_ask, nobody.text("?"), nobody.yes("?")) == (False, None, False)


def test_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What is typed; the end of the input is no answer."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("typed\n"))
    assert (Terminal().text("Which?"), Terminal().text("Which?")) == ("typed", None)
    assert capsys.readouterr().out == "Which? Which? "


def test_an_interrupted_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is one sentence."""

    def interrupt(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(builtins, "input", interrupt)
    with pytest.raises(CommandError, match=r"Interrupted. Nothing was written, and nothing was changed."):
        Terminal().text("Which?")


class _Input(io.StringIO):
    """An input that says whether it is a terminal."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        """Tell whether it is one."""
        return self._is_terminal


@pytest.mark.parametrize(
    ("has_command_line", "is_terminal", "can_ask"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_of_a_command(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, has_command_line: bool, is_terminal: bool, can_ask: bool
) -> None:
    """A person is asked on a terminal only, and never by a program that runs the command; -x is read."""
    monkeypatch.setattr(sys, "stdin", _Input(is_terminal))
    config = Config()
    if has_command_line:
        config.cmd_opts = Namespace(x=["fill=a.x=1"])
    assert Answers.of(context_of(config, tmp_path)).can_ask is can_ask
    config.attributes["asker"] = Scripted(["scripted"])
    of_program = Answers.of(context_of(config, tmp_path))
    assert (of_program.can_ask, of_program.text("?")) == (True, "scripted")
    assert of_program.fill("a.x") == ("1" if has_command_line else None)


def context_of(config: Config, directory: Any) -> MigrationContext:
    """Return what a command with a Config has in env.py."""
    environment = EnvironmentContext(config, ScriptDirectory(str(directory)))
    return MigrationContext.configure(
        url=make_url("sqlite://").render_as_string(), environment_context=environment, opts={"as_sql": True}
    )


def test_without_a_command() -> None:
    """A MigrationContext alone has no answers, and nobody to ask."""
    alone = Answers.of(MigrationContext.configure(url="sqlite://"))
    assert (alone.can_ask, alone.unused("fill")) == (False, [])
