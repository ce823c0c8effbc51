"""The report, as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

import alembic_proof
from alembic_proof.doctor.findings import BlockedError, Note, Outcome, Problem
from alembic_proof.doctor.project import Project
from alembic_proof.doctor.registry import check
from alembic_proof.doctor.report import GithubReport, JsonReport, TextReport


@check("spades-are-spades", "static")
def spades(project: Project) -> Any:
    """Every spade is called a spade

    Else nobody knows
    what to dig with.
    """


PROBLEM = Outcome.of([Problem("a.py:1", "it is called\na shovel", "rename it")])
NOTE = Outcome.of([Note("b.py", "it is old", "nothing")])
DATABASE: dict[str, Any] = {
    "database": "sqlite:///x.db",
    "models": ["book"],
    "tables": ["book", "legacy"],
    "revision": [],
    "differences": [],
}
ANSWERS: dict[str, Any] = {"models": ["book"], "databases": [DATABASE]}


@pytest.mark.parametrize(
    ("outcomes", "code", "summary"),
    [
        ([Outcome.of([])], 0, "1 ok, 0 PROBLEM, 0 unknown"),
        ([NOTE, Outcome.skipped("no")], 0, "0 ok, 0 PROBLEM, 0 unknown, 1 note, 1 skipped"),
        ([Outcome.unknown("no"), Outcome.of([])], 2, "1 ok, 0 PROBLEM, 1 unknown"),
        ([Outcome.unknown("no"), PROBLEM], 1, "0 ok, 1 PROBLEM, 1 unknown"),
    ],
)
def test_the_exit_code(outcomes: list[Outcome], code: int, summary: str, capsys: pytest.CaptureFixture[str]) -> None:
    """1 for problems, else 2 for what could not be checked; the version in the first line, a summary in the last."""
    report = TextReport()
    for outcome in outcomes:
        report.add(spades, outcome)
    assert report.end() == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"alembic-proof {alembic_proof.__version__}"
    assert lines[-1] == summary


@pytest.mark.parametrize(
    ("outcome", "lines"),
    [
        (Outcome.of([]), ["ok       spades-are-spades                    Every spade is called a spade"]),
        (
            PROBLEM,
            [
                "PROBLEM  spades-are-spades                    Every spade is called a spade",
                "         a.py:1: it is called",
                "         a shovel",
                "         fix: rename it",
            ],
        ),
        (Outcome.skipped("there is none"), []),
        (
            Outcome.unknown("no server"),
            [
                "unknown  spades-are-spades                    Every spade is called a spade",
                "         not checked: no server",
            ],
        ),
        (Outcome.unknown(BlockedError("files-parse")), []),
        (
            replace(PROBLEM, follows="files-parse"),
            [
                "follows  spades-are-spades                    Every spade is called a spade",
                "         probably because of files-parse: mend that first",
                "         a.py:1: it is called",
                "         a shovel",
            ],
        ),
    ],
)
def test_a_check_as_text(outcome: Outcome, lines: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A line, and what it found."""
    TextReport().add(spades, outcome)
    assert capsys.readouterr().out.splitlines()[1:] == lines


def test_the_end_says_what_matters_once_more(capsys: pytest.CaptureFixture[str]) -> None:
    """What was not looked at and why, on one line; and each problem that follows from no other, with its places."""
    report = TextReport()
    report.examines({"project": "/shop"})
    report.add(spades, PROBLEM)
    report.add(replace(spades, id="hoes-are-hoes"), Outcome.unknown(BlockedError("spades-are-spades")))
    report.add(replace(spades, id="rakes-are-rakes"), Outcome.unknown(BlockedError("spades-are-spades")))
    report.add(replace(spades, id="forks-are-forks"), Outcome.skipped("there is no fork"))
    report.add(replace(spades, id="tools-are-clean"), replace(PROBLEM, follows="spades-are-spades"))
    assert report.end() == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "project        /shop"
    assert lines[-4:] == [
        "Not looked at, because of spades-are-spades: hoes-are-hoes, rakes-are-rakes",
        "Skipped, as there is no fork: forks-are-forks",
        "PROBLEM: spades-are-spades: a.py:1",
        "0 ok, 2 PROBLEM, 2 unknown, 1 skipped",
    ]


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (PROBLEM, "::error file=a.py,line=1,title=spades-are-spades::a.py:1: it is called%0Aa shovel%0Afix: rename it"),
        (NOTE, "::notice file=b.py,title=spades-are-spades::b.py: it is old%0Afix: nothing"),
        (
            Outcome.of([Problem("database x://y", "100% wrong", "stop")]),
            "::error title=spades-are-spades::database x://y: 100%25 wrong%0Afix: stop",
        ),
        (
            replace(NOTE, follows="files-parse"),
            "::warning file=b.py,title=spades-are-spades::b.py: it is old%0Afix: nothing",
        ),
        (Outcome.unknown("no server"), "::warning title=spades-are-spades::not checked: no server"),
    ],
)
def test_annotations_of_github(outcome: Outcome, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each at its file and line, where it has one."""
    GithubReport().add(spades, outcome)
    assert capsys.readouterr().out.splitlines() == [line]


def test_all_of_it_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing else on the output."""
    report = JsonReport()
    report.examines({"project": "/shop"})
    report.add(spades, NOTE)
    report.add(spades, Outcome.unknown(BlockedError("files-parse")))
    report.answer(ANSWERS)
    assert report.end() == 2
    printed = json.loads(capsys.readouterr().out)
    base = {"id": "spades-are-spades", "stage": "static", "title": "Every spade is called a spade"}
    assert printed == {
        "library": alembic_proof.__version__,
        "examined": {"project": "/shop"},
        "checks": [
            {
                **base,
                "verdict": "note",
                "reason": "",
                "needs": "",
                "follows": "",
                "findings": [NOTE.findings[0].as_dict()],
            },
            {
                **base,
                "verdict": "unknown",
                "reason": "it needs files-parse",
                "needs": "files-parse",
                "follows": "",
                "findings": [],
            },
        ],
        "questions": ANSWERS,
        "summary": {"ok": 0, "problem": 0, "unknown": 1, "note": 1, "skipped": 0},
        "exit_code": 2,
    }


@pytest.mark.parametrize(
    ("answers", "lines"),
    [
        ({"unanswered": "no server"}, ["The three questions have no answer: no server"]),
        ({"models": []}, ["The models register 0 tables: -"]),
        (
            {**ANSWERS, "databases": [{**DATABASE, "tables": None}]},
            ["The models register 1 tables: book", "The database sqlite:///x.db does not exist yet"],
        ),
        (
            ANSWERS,
            [
                "The models register 1 tables: book",
                "The database sqlite:///x.db has 2 tables: book, legacy; it is at no revision",
                "In no model: legacy",
                "Alembic sees 0 differences: -",
            ],
        ),
    ],
)
def test_the_answers_as_text(answers: dict[str, Any], lines: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As far as they are known."""
    TextReport().answer(answers)
    assert capsys.readouterr().out.splitlines()[1:] == lines


def test_a_long_list_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """The number is that of all."""
    TextReport().answer({"models": [f"t{number}" for number in range(50)]})
    line = capsys.readouterr().out.splitlines()[1]
    assert line.startswith("The models register 50 tables: t0, ")
    assert line.endswith("t39 ...")
