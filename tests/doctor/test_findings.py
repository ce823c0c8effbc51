"""What becomes of a check."""

from __future__ import annotations

import pytest

from alembic_proof.doctor.findings import BlockedError, Finding, Note, Outcome, Problem, Severity
from alembic_proof.errors import UndeterminedError

PROBLEM, NOTE = Problem("a", "b", "c"), Note("a", "b", "c")


@pytest.mark.parametrize(
    ("findings", "severity"),
    [
        ([], Severity.OK),
        ([NOTE], Severity.NOTE),
        ([PROBLEM], Severity.PROBLEM),
        ([NOTE, PROBLEM], Severity.PROBLEM),
    ],
)
def test_the_worst_finding_decides(findings: list[Finding], severity: Severity) -> None:
    """Nothing found is a success."""
    assert Outcome.of(findings) == Outcome(severity, findings)


def test_why_it_could_not_be_carried_out() -> None:
    """If another check has to succeed first, its id is data."""
    assert Outcome.unknown(UndeterminedError("why")) == Outcome(Severity.UNKNOWN, reason="why")
    blocked = Outcome.unknown(BlockedError("files-parse"))
    assert (blocked.needs, blocked.reason) == ("files-parse", "it needs files-parse")


def test_a_problem_is_no_note() -> None:
    """Even if all that it says is the same."""
    findings: list[Finding] = [PROBLEM, NOTE]
    assert findings[0] != findings[1]
    assert [finding.as_dict() for finding in findings] == [
        {"severity": "problem", "where": "a", "message": "b", "fix": "c"},
        {"severity": "note", "where": "a", "message": "b", "fix": "c"},
    ]


@pytest.mark.parametrize("kind", [Problem, Note])
def test_spelled(kind: type[Finding]) -> None:
    """What is wrong and what to do about it; where it is stays as it is."""
    assert kind("a", "b", "c").spelled(str.upper) == kind("a", "B", "C")
