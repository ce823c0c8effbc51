"""The doctor on projects as people write them, that it was not made with: see support/corpus.py."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.corpus import Case, Living, cases
from support.databases import make_database
from support.reports import verdicts

RAN = {"env-reaches-run-migrations", "upgrade-is-committed"}


def _parameters(kind: str) -> list[Any]:
    """Return the cases of a kind, with a mark for what the doctor cannot do yet."""
    return [
        pytest.param(case, id=case.name, marks=[pytest.mark.xfail(strict=True, reason=case.todo)] if case.todo else [])
        for case in cases(kind)
    ]


def _assert_sound(case: Case, report: dict[str, Any]) -> None:
    """Assert that the doctor finds nothing, has looked, and notes no more than what may be noted."""
    assert not verdicts(report, "problem", "unknown"), report
    assert report["exit_code"] == 0
    assert set(verdicts(report, "note")) <= set(case.head.get("notes", ())), verdicts(report, "note")
    assert set(verdicts(report, "ok", "note")) >= RAN, report


@pytest.fixture
def project(case: Case, tmp_path: Path, home: Path) -> Iterator[Living]:
    """The project of a case; where it needs a server, with an empty database."""
    with contextlib.ExitStack() as stack:
        urls = {}
        if kind := case.head.get("server"):
            url = stack.enter_context(make_database(kind, tmp_path))
            urls = {"DATABASE_URL": url, "TEST_DATABASE_URL": url}
        yield case.make(tmp_path / "project", home, **urls)


@pytest.mark.parametrize("case", _parameters("sound"))
def test_a_sound_project_is_sound(case: Case, project: Living) -> None:
    """Alembic says so, and the doctor finds nothing, with its database."""
    project.prove()
    for report in project.reports():
        _assert_sound(case, report)


@pytest.mark.parametrize("case", _parameters("broken"))
def test_a_broken_project_is_mended(case: Case, project: Living) -> None:
    """The first cause that the doctor names is the right one; who does what the fix says has a sound project."""
    (report,) = project.reports("--no-live")
    assert report["exit_code"] == 1, report
    causes = [check for check in report["checks"] if check["verdict"] == "problem" and not check["follows"]]
    finding = next(each for each in causes[0]["findings"] if each["severity"] == "problem")
    assert len(causes) == 1, causes
    expect = case.head["expect"]
    assert causes[0]["id"] in expect["check"], causes
    assert finding["where"] in [os.path.normpath(where.format(project.path)) for where in expect["where"]], causes
    assert not [words for words in expect["message"] if words not in finding["message"]], causes
    assert not [words for words in expect["fix"] if words not in finding["fix"]], causes
    project.repair()
    project.prove()
    (report,) = project.reports("--no-live")
    _assert_sound(case, report)
