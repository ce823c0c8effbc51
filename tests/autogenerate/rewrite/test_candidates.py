"""What may have been renamed, and who says whether it was."""

from __future__ import annotations

import pytest
from alembic.util import CommandError

from alembic_proof.autogenerate.rewrite.candidates import Candidate, Removal, name_likeness, place_likeness, renamed
from alembic_proof.prompts import Answers, Nobody, Scripted

REMOVED = Removal("allow-drop", "it is gone", lambda each: (f"fill={each.new}=VALUE",))


def candidates() -> list[Candidate]:
    """Return two that are removed, each with two that are added; one pair cannot be the same."""
    return [
        Candidate("t.a", "t.y", 0, "a", "y"),
        Candidate("t.b", "t.x", 0.5, "b", "x"),
        Candidate("t.a", "t.x", 1.5, "a", "x", "old.a"),
        Candidate("t.b", "t.y", 1.0, "b", "y"),
    ]


def names(confirmed: list[Candidate]) -> list[str]:
    """Return the pairs in short."""
    return [f"{each.removed}{each.added}" for each in confirmed]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["rename=t.a:x", "rename=t.b:y"], ["ax", "by"]),
        (["rename=t.a=t.x", "rename=t.b->t.y"], ["ax", "by"]),
        (["rename=old.a:x", "no-rename"], ["ax"]),
        (["rename=t.a:y", "no-rename=t.b"], ["ay"]),  # whoever says it knows better
        (["no-rename=t.a", "no-rename=t.b"], []),
        (["allow-drop=t.a", "allow-drop=t.b"], []),
        (["no-rename"], []),
    ],
)
def test_answers(given: list[str], expected: list[str]) -> None:
    """In each of their spellings; one that is dropped was not renamed."""
    assert names(renamed(Answers(given, Nobody()), candidates(), REMOVED)) == expected


A_TO_X = "t.a is in no model any more. Did you rename it to x?\n  1  it is t.x now\n  0  it is gone\n[0-1]"
B_TO_ANY = (
    "t.b is in no model any more. Did you rename it to one of these?\n"
    "  1  it is t.y now\n  2  it is t.x now\n  0  it is gone\n[0-2]"
)
B_TO_Y = "t.b is in no model any more. Did you rename it to y?\n  1  it is t.y now\n  0  it is gone\n[0-1]"
AGAIN = "'wat' is no answer to this. Type a number from 0 to 1.\n"


@pytest.mark.parametrize(
    ("answers", "questions", "expected", "dropped"),
    [
        (["1", "1"], [A_TO_X, B_TO_Y], ["ax", "by"], []),
        (["y", "yes"], [A_TO_X, B_TO_Y], ["ax", "by"], []),
        (["1", "0"], [A_TO_X, B_TO_Y], ["ax"], ["t.b"]),
        (["n", "2"], [A_TO_X, B_TO_ANY], ["bx"], []),
        (["wat", "0", "1"], [A_TO_X, AGAIN + A_TO_X, B_TO_ANY], ["by"], ["t.a"]),
        (["0", "0"], [A_TO_X, B_TO_ANY], [], ["t.a", "t.b"]),
    ],
)
def test_questions(answers: list[str], questions: list[str], expected: list[str], dropped: list[str]) -> None:  # D2
    """One for each that is removed, the most alike first; nothing that is taken, nor what cannot be the same.

    Who says that it was removed is not asked again whether it is to be dropped; who says no is.
    """
    asker = Scripted(answers)
    given = Answers([], asker)
    assert names(renamed(given, candidates(), REMOVED)) == expected
    assert asker.questions == questions
    assert [name for name in ("t.a", "t.b") if given.allow_drop(name)] == dropped


A_IS_OPEN = (
    "t.a is in no model any more. Did you rename it to t.x?\n"
    "    -x rename=t.a:x                      it is t.x now\n"
    "    -x allow-drop=t.a -x fill=t.x=VALUE  it is gone"
)
B_IS_OPEN = (
    "t.b is in no model any more. Did you rename it to one of these?\n"
    "    -x rename=t.b:y                      it is t.y now\n"
    "    -x rename=t.b:x                      it is t.x now\n"
    "    -x allow-drop=t.b -x fill=t.y=VALUE  it is gone"
)


@pytest.mark.parametrize(
    ("given", "expected", "questions"),
    [
        ([], ["ax", "by"], [A_IS_OPEN, B_IS_OPEN]),
        (["rename=t.b:y"], ["by", "ax"], [A_IS_OPEN]),
        (["allow-drop=t.b"], ["ax"], [A_IS_OPEN]),
        (["no-rename"], [], []),
    ],
)
def test_where_nobody_can_be_asked(given: list[str], expected: list[str], questions: list[str]) -> None:  # D1
    """The most alike are taken for renames, and the questions are left open: what depends on them is asked as well."""
    answers = Answers(given, Nobody())
    assert names(renamed(answers, candidates(), REMOVED)) == expected
    assert [question.told() for question in answers.open] == questions


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["rename=t.a:x", "rename=t.a:y"], "-x rename= names t.a in two different renames. Nothing was written."),
        (["rename=t.a:x", "rename=t.b:x"], "-x rename= names t.x in two different renames. Nothing was written."),
    ],
)
def test_answers_that_contradict_each_other(given: list[str], message: str) -> None:
    """Are refused."""
    with pytest.raises(CommandError) as error:
        renamed(Answers(given, Nobody()), candidates(), REMOVED)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("old", "new", "expected"), [("a", "w", 1), ("c", "w", 1 / 3), ("b", "w", 2 / 3), ("c", "y", 1)]
)
def test_the_likeness_of_places(old: str, new: str, expected: float) -> None:
    """From 0 to 1."""
    assert place_likeness(old, ["a", "b", "c"], new, ["w", "x", "y"]) == pytest.approx(expected)


@pytest.mark.parametrize(("old", "new", "expected"), [("a", "a", 1), ("name", "full_name", 0.615), ("a", "b", 0)])
def test_the_likeness_of_names(old: str, new: str, expected: float) -> None:
    """From 0 to 1."""
    assert name_likeness(old, new) == pytest.approx(expected, abs=0.001)
