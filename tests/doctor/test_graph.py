"""What follows from what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from alembic_proof.doctor.findings import BlockedError, Note, Outcome, Problem, Severity
from alembic_proof.doctor.graph import Graph, with_required
from alembic_proof.doctor.registry import Check

PROBLEM, OTHER = Outcome.of([Problem("a", "b", "c")]), Outcome.of([Problem("d", "e", "f")])
FAILED, NOTED = replace(PROBLEM, failed=True), Outcome.of([Note("a", "b", "c")])
FINE, UNKNOWN = Outcome.of([]), Outcome.unknown("no server")


def make(id: str, **options: Any) -> Check:
    """Make a check that is never run."""
    return Check(id, "static", lambda project: [], **options)


FIRST, ESSENTIAL = make("first"), make("essential", essential=True)
SECOND = make("second", requires=("first", "essential"), follows=("first",))
THIRD = make("third", requires=("second",), follows=("second",))
ORDER = [FIRST, ESSENTIAL, SECOND, THIRD]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [([FIRST], {"first"}), ([THIRD], {"first", "essential", "second", "third"}), ([], set())],
)
def test_with_required(wanted: list[Check], ids: set[str]) -> None:
    """What is required requires something, too."""
    assert with_required(wanted, ORDER) == ids


@pytest.mark.parametrize(
    ("outcomes", "needs"),
    [
        ({"first": FINE, "essential": FINE}, ""),
        ({"first": PROBLEM, "essential": NOTED}, ""),  # the other can still be looked at
        ({"first": FAILED, "essential": FINE}, "first"),
        ({"first": UNKNOWN, "essential": FINE}, "first"),
        ({"first": FINE, "essential": PROBLEM}, "essential"),
        ({"first": Outcome.skipped("not here"), "essential": FINE}, ""),
        ({"first": FINE, "essential": Outcome.unknown(BlockedError("zeroth"))}, "zeroth"),  # the root of it
    ],
)
def test_what_stops_a_check(outcomes: dict[str, Outcome], needs: str) -> None:
    """The failure of one that it requires, or a problem of an essential one."""
    graph = Graph(ORDER)
    graph.outcomes.update(outcomes)
    assert getattr(graph.stops(SECOND), "needs", "") == needs


@pytest.mark.parametrize(
    ("outcomes", "outcome", "needs", "follows"),
    [
        ({}, PROBLEM, "", ""),
        ({"first": PROBLEM}, OTHER, "", "first"),
        ({"first": NOTED}, OTHER, "", ""),
        ({"essential": PROBLEM}, OTHER, "", ""),  # which it does not follow
        ({"first": PROBLEM}, NOTED, "", ""),
        ({"essential": FAILED}, FAILED, "essential", ""),  # the same error
        ({"essential": PROBLEM}, FAILED, "essential", ""),
        ({"essential": OTHER}, FAILED, "", ""),
        ({"essential": UNKNOWN}, UNKNOWN, "essential", ""),  # for the same reason
        ({"essential": UNKNOWN}, Outcome.unknown("another reason"), "", ""),
    ],
)
def test_where_an_outcome_belongs(outcomes: dict[str, Outcome], outcome: Outcome, needs: str, follows: str) -> None:
    """It is not told twice."""
    graph = Graph(ORDER)
    graph.outcomes.update(outcomes)
    placed = graph.placed(SECOND, outcome)
    assert (placed.needs, placed.follows) == (needs, follows)
    assert bool(placed.needs) == (placed.severity is Severity.UNKNOWN and placed.reason.startswith("it needs"))


def test_a_consequence_of_a_consequence_leads_to_the_first_cause() -> None:
    """So that nobody follows a chain."""
    graph = Graph(ORDER)
    graph.outcomes["second"] = replace(PROBLEM, follows="first")
    assert graph.placed(THIRD, OTHER).follows == "first"
