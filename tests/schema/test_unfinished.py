"""What the notes of a migration that ended half-way say."""

from __future__ import annotations

from typing import Any

import pytest

from alembic_proof.schema.unfinished import unfinished

UP, DOWN = (0, "a1", "up", None), (0, "a1", "down", "base")
DONE, FAILED, BEGUN = (1, "d", "done", "x"), (2, "e", "failed", "ALTER"), (2, "e", "begun", None)


@pytest.mark.parametrize(
    ("notes", "state", "resume"),
    [
        (
            [UP, DONE, FAILED],
            "The upgrade of revision a1 is unfinished: its first statement stays",
            "`alembic upgrade a1`",
        ),
        (
            [DOWN, DONE, BEGUN],
            "The downgrade of revision a1 is unfinished: its first statement stays and whether statement 2 was carried "
            "out is not known",
            "`alembic downgrade base`",
        ),
        (
            [UP, DONE, (2, "e", "partly", "CALL p()")],
            "The upgrade of revision a1 is unfinished: its first statement stays and what statement 2 did before it "
            "failed may stay",
            "`alembic upgrade a1`",
        ),
        (
            [UP, (1, "e", "partly", "CALL p()")],
            "The upgrade of revision a1 is unfinished: what statement 1 did before it failed may stay",
            "`alembic upgrade a1`",
        ),
        ([DONE, FAILED], "A migration is unfinished: its first statement stays", "the same command again"),
    ],
)
def test_what_is_unfinished(notes: list[Any], state: str, resume: str) -> None:
    """And which command goes on. Version 1.3 did not note that."""
    left = unfinished(notes)
    assert left
    assert (left.state, left.resume) == (state, resume)


@pytest.mark.parametrize("notes", [[], [UP], [UP, (1, "d", "failed", "ALTER")]])
def test_nothing_stays(notes: list[Any]) -> None:
    """Where no statement was carried out, any command may begin."""
    assert unfinished(notes) is None
