"""The differences of two schemas as findings."""

from __future__ import annotations

import pytest

from alembic_proof.doctor.findings import Severity
from alembic_proof.doctor.schema_findings import schema_findings
from alembic_proof.schema import Schema

PROBLEM, NOTE = Severity.PROBLEM, Severity.NOTE
KEY = "UNIQUE (a)"

# What is wanted, what exists, the constraints with names, and the findings.
CASES: list[tuple[Schema, Schema, set[str] | None, list[tuple[Severity, str]]]] = [
    ({"t": {"column a": "INT"}}, {"t": {"column a": "INT"}}, None, []),
    ({"t": {}}, {}, None, [(PROBLEM, "models say the table t, it has none")]),
    ({"t": {"column a": "INT"}}, {"t": {}}, None, [(PROBLEM, "t column a: models say INT; it has none")]),
    (
        {"t": {"column a": "INT"}},
        {"t": {"column a": "TEXT"}},
        None,
        [(PROBLEM, "t column a: models say INT; it has TEXT")],
    ),
    ({"t": {}}, {"t": {"column a": "INT"}}, None, [(NOTE, "t column a: it has INT; not so models say")]),
    ({}, {"t": {"column a": "INT"}}, None, []),
    (
        {"t": {"constraint uq": KEY}},
        {"t": {"constraint other": KEY}},
        None,
        [
            (PROBLEM, "t constraint uq: models say UNIQUE (a); it has none"),
            (NOTE, "t constraint other: it has UNIQUE (a); not so models say"),
        ],
    ),
    ({"t": {"constraint uq": KEY}}, {"t": {"constraint other": KEY}}, set(), []),
    (
        {"t": {"constraint uq": KEY}},
        {"t": {f"constraint {KEY}": KEY}},
        {"uq"},
        [(NOTE, "t constraint uq: it has it without a name")],
    ),
    (
        {"": {"type mood": "'a', 'b'"}},
        {"": {"type mood": "'a', 'b', 'c'"}},
        set(),
        [(NOTE, "type mood: models say 'a', 'b'; it has 'a', 'b', 'c'")],
    ),
    (
        {"": {"type mood": "'a', 'b'"}},
        {"": {"type mood": "'a'"}},
        set(),
        [(PROBLEM, "type mood: models say 'a', 'b'; it has 'a'")],
    ),
]


@pytest.mark.parametrize(("wanted", "existing", "named", "expected"), CASES)
def test_findings(
    wanted: Schema, existing: Schema, named: set[str] | None, expected: list[tuple[Severity, str]]
) -> None:
    """What is missing or different is a problem, what exists besides is a note."""
    findings = list(schema_findings(wanted, existing, named, ("models say", "it has"), "here", "do this"))
    assert [(finding.severity, finding.message) for finding in findings] == expected
    assert {finding.where for finding in findings} <= {"here"}


@pytest.mark.parametrize(
    ("item", "fix"), [("trigger g", "nothing, if it is meant"), ("column a", "add it to the model")]
)
def test_what_a_model_cannot_have_is_not_asked_of_it(item: str, fix: str) -> None:
    """A trigger is only in revisions."""
    (finding,) = schema_findings({"t": {}}, {"t": {item: "x"}}, None, ("models say", "it has"), "a", "b")
    assert fix in finding.fix
