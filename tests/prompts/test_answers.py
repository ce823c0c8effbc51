"""Who answers a question, and what the answers are."""

from __future__ import annotations

import shlex
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

from alembic_proof.prompts import Answers, Nobody, Question, Scripted, Terminal


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
    ("given", "kind"),
    [
        ("renames=a.x:y", "rename"),
        ("norename=a.x", "no-rename"),
        ("allow_drop=a.x", "allow-drop"),
        ("fil=a.x=1", "fill"),
    ],
)
def test_a_misspelled_kind(given: str, kind: str) -> None:
    """The nearest right one is named, if what it says begins with something that was looked for."""
    mistaken = answers(given)
    mistaken.require_used()
    mistaken.fill("a.x")
    with pytest.raises(CommandError) as error:
        mistaken.require_used()
    name = given.partition("=")[0]
    assert str(error.value) == f"There is no -x {name}: did you mean -x {kind}? Nothing was written."


@pytest.mark.parametrize("given", ["tenant=acme", "verbose", "data=true", "renames=1", "fills=5", "allow_drop"])
def test_other_arguments_belong_to_the_project(given: str) -> None:  # D6
    """They are neither refused nor missed, also where their names are like ours."""
    of_project = answers(given)
    of_project.fill("a.x")
    of_project.rename("a.x", "y")
    of_project.require_used()


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
    ("typed", "is_yes"),
    [
        (["y"], True),
        (["Yes "], True),
        (["n"], False),
        ([""], False),
        (["maybe", "wat", "y"], True),
        (["yeah", "no"], False),
    ],
)
def test_yes(typed: list[str], is_yes: bool) -> None:  # D3
    """An empty answer is no, as the question says; what is neither is asked again."""
    asker = Scripted(typed)
    assert Answers([], asker).yes("Drop it?") is is_yes
    first, *again = asker.questions
    assert first == "Drop it? [y/N]"
    wrong = typed[:-1]
    assert again == [f"{it!r} is no answer to this. Answer y for yes or n for no.\nDrop it? [y/N]" for it in wrong]


def test_the_end_of_the_input_is_no_answer() -> None:  # D3
    """It stops: it never counts as no."""
    with pytest.raises(CommandError) as error:
        answers().yes("Drop it?")
    assert str(error.value) == (
        "The input ended before this was answered: Drop it? [y/N] Nothing was written, and nothing was changed."
    )


def test_the_end_of_the_input_after_a_wrong_answer() -> None:
    """The question is said, not what was wrong with the answer."""
    with pytest.raises(CommandError, match="The input ended before this was answered: Drop it"):
        Answers([], Scripted(["maybe"])).yes("Drop it?")


def test_a_program_that_never_answers() -> None:
    """It is not asked for ever."""
    with pytest.raises(CommandError, match=r"5 answers were none. Answer y for yes or n for no. Nothing was written"):
        answers(asked=("what?",) * 9).yes("Drop it?")


def test_nobody() -> None:
    """Cannot be asked."""
    assert (Nobody().text("?"), Answers([], Nobody()).can_ask) == (None, False)


QUESTIONS = [
    Question("Renamed?", ((("rename=a.x:y",), "renamed"), (("allow-drop=a.x", "fill=a.y=VALUE"), "removed"))),
    Question("Which?", ((("fill=a.n=it's",), ""),)),
]


@pytest.mark.parametrize(
    ("given", "options", "said"),
    [
        ([], {}, "alembic -x rename=a.x:y -x 'fill=a.n=it'\"'\"'s' revision ..."),
        (["tenant=x y"], {}, "alembic -x 'tenant=x y' -x rename=a.x:y -x"),
        (["fill=a.q=1"], {}, "\n-x fill=a.q=1 does not match any detected change; the command below is without it."),
        (["fill=a.q=1"], {}, "    alembic -x rename=a.x:y -x 'fill=a.n="),
        (["renames=a.x:y"], {}, "\nThere is no -x renames: did you mean -x rename?\n"),
        (["renames=a.x:y"], {}, "    alembic -x rename=a.x:y -x 'fill=a.n="),
        ([], {"also": "A wall."}, "\nAnd with the first answer to each question: A wall.\nThis command"),
        ([], {"state": "Nothing was changed."}, "revision ...\nNothing was changed."),
    ],
)
def test_what_is_open_is_said_at_once(given: list[str], options: dict[str, str], said: str) -> None:  # D1
    """With one command, in which the arguments of the project are kept, and what was mistaken is not."""
    unanswered = Answers(given, Nobody())
    unanswered.require_answered()
    unanswered.open += QUESTIONS
    with pytest.raises(CommandError) as error:
        unanswered.require_answered(**options)
    text = str(error.value)
    assert said in text
    assert text.startswith(
        "There are 2 questions, and nobody who can be asked.\n"
        "Renamed?\n"
        "    -x rename=a.x:y                      renamed\n"
        "    -x allow-drop=a.x -x fill=a.y=VALUE  removed\n"
        "Which?\n"
    )
    command = next(line for line in text.splitlines() if line.startswith("    alembic"))
    assert {"rename=a.x:y", "fill=a.n=it's"} <= {*shlex.split(command)}


def test_a_refusal_among_questions_is_said_with_them() -> None:
    """As it may come from an answer that was only likely."""
    unanswered = Answers([], Nobody())
    with pytest.raises(CommandError, match=r"^A wall\.$"), unanswered.collected():
        raise CommandError("A wall.")
    unanswered.open += QUESTIONS
    with (
        pytest.raises(CommandError, match=r"Renamed\?(.|\n)*first answer to each question: A wall\."),
        unanswered.collected(),
    ):
        raise CommandError("A wall.")
    with pytest.raises(CommandError, match="Renamed"), unanswered.collected():
        pass


@pytest.mark.parametrize(
    ("has_command_line", "terminal", "can_ask"),
    [(True, Terminal(), True), (True, None, False), (False, Terminal(), False)],
)
def test_of_a_command(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, has_command_line: bool, terminal: Terminal | None, can_ask: bool
) -> None:
    """A person is asked on a terminal only, and never by a program that runs the command; -x is read."""
    monkeypatch.setattr(Terminal, "here", lambda: terminal)
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
