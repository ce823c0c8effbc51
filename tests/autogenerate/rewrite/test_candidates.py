"""What may have been renamed, and who says whether it was."""

from __future__ import annotations

import pytest
from alembic.util import CommandError

from alembic_proof.autogenerate.rewrite.candidates import Candidate, name_likeness, renamed
from alembic_proof.prompts import Answers, Nobody, Scripted


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
    assert names(renamed(Answers(given, Nobody()), candidates())) == expected


@pytest.mark.parametrize(
    ("answers", "questions", "expected"),
    [
        (["y", "y"], ["a to t.x", "b to t.y"], ["ax", "by"]),
        (["y", "n"], ["a to t.x", "b to t.y"], ["ax"]),
        (["n", "n", "y"], ["a to t.x", "b to t.y", "b to t.x"], ["bx"]),
    ],
)
def test_questions(answers: list[str], questions: list[str], expected: list[str]) -> None:
    """The most alike first; nothing that is taken is asked about, nor what cannot be the same."""
    asker = Scripted(answers)
    assert names(renamed(Answers([], asker), candidates())) == expected
    assert asker.questions == [f"Did you rename t.{question}? [y/N]" for question in questions]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            [],
            "These may be renames:\n  t.a to t.x\n  t.b to t.y\n  t.b to t.x\nSay -x rename=t.a:x for each that",
        ),
        (["rename=t.a:x"], "These may be renames:\n  t.b to t.y\nSay -x rename=t.b:y for"),
        (["rename=t.c:x"], "\n-x rename=t.c:x does not match any of them.\nSay "),
        (["rename=t.a:x", "rename=t.a:y"], "-x rename= names t.a in two different renames. Nothing was written."),
        (["rename=t.a:x", "rename=t.b:x"], "-x rename= names t.x in two different renames. Nothing was written."),
    ],
)
def test_where_nobody_can_be_asked(given: list[str], message: str) -> None:
    """It stops and says how to answer."""
    with pytest.raises(CommandError) as error:
        renamed(Answers(given, Nobody()), candidates())
    assert message in str(error.value)


@pytest.mark.parametrize(("old", "new", "expected"), [("a", "a", 1), ("name", "full_name", 0.615), ("a", "b", 0)])
def test_the_likeness_of_names(old: str, new: str, expected: float) -> None:
    """From 0 to 1."""
    assert name_likeness(old, new) == pytest.approx(expected, abs=0.001)
