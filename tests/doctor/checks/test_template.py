"""The check of script.py.mako."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.plain import MAKO, plain_project
from support.reports import outcomes

from alembic_proof.doctor.findings import Severity

CHECK, WHOLE = "template-writes-revisions", MAKO.read_text("utf-8")
IMPORTS, UP = '${imports if imports else ""}', '${upgrades if upgrades else "pass"}'
DOWN, DOWN_ID = '${downgrades if downgrades else "pass"}', "= ${repr(down_revision)}"
OWN = "<% owner = 'me' %>"


def line(text: str) -> str:
    """Return the place of a text in the template."""
    number = next(number for number, each in enumerate(WHOLE.splitlines(), 1) if text in each)
    return f"migrations/script.py.mako:{number}"


@pytest.mark.parametrize(
    ("old", "new", "where", "fix"),
    [
        (UP, "pass", line("def upgrade"), f"in upgrade(), in place of what is there: {UP}"),
        (UP, "${upgrade}", line(UP), f"write {UP}"),
        (IMPORTS, "", line("from alembic import op"), f"among the imports: {IMPORTS}"),
        (IMPORTS, "${import_lines}", line(IMPORTS), f"write {IMPORTS}"),
        (DOWN_ID, "= None", "migrations/script.py.mako", "add the line: down_revision = ${repr(down_revision)}"),
        (DOWN_ID, '= "${down_revision}"', line(DOWN_ID), "without quotes: down_revision = ${repr(down_revision)}"),
        ("def upgrade() -> None:", "def upgrade() -> None", line("def upgrade"), "mend this line"),
        (IMPORTS, "% if imports:\n${imports}", None, "compare it with"),
        (IMPORTS, "${whatever}", line(IMPORTS), "delete it, or"),
    ],
)
def test_a_template_that_loses_something(tmp_path: Path, old: str, new: str, where: str | None, fix: str) -> None:
    """The place is in the template, and the fix is what alembic init writes there."""
    assert old in WHOLE
    files = {"migrations/script.py.mako": WHOLE.replace(old, new)}
    outcome = outcomes(plain_project(tmp_path, files=files), CHECK)[CHECK]
    (finding,) = outcome.findings
    assert outcome.severity is Severity.PROBLEM
    assert finding.where == where or not where
    assert fix in finding.fix


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (IMPORTS, "${imports or ''}"),
        (UP, f"{OWN}\n    {UP}"),
        ("${message}", "${message | h}"),
        (DOWN, "raise NotImplementedError"),  # a note
    ],
)
def test_a_template_of_its_own(tmp_path: Path, old: str, new: str) -> None:
    """It may look different, and may have no way back."""
    files = {"migrations/script.py.mako": WHOLE.replace(old, new)}
    outcome = outcomes(plain_project(tmp_path, files=files), CHECK)[CHECK]
    assert outcome.severity is (Severity.NOTE if old == DOWN else Severity.OK), outcome


def test_arguments_of_its_own(tmp_path: Path) -> None:
    """Env.py may hand more to the template."""
    edits = [("connection=connection, ", "connection=connection, template_args={'author': 'me'}, ")]
    files = {"migrations/script.py.mako": WHOLE.replace("${message}", "${message} by ${author}")}
    assert outcomes(plain_project(tmp_path, *edits, files=files), CHECK)[CHECK].severity is Severity.OK


def test_revisions_that_are_written_by_hand(tmp_path: Path) -> None:
    """Without models, the template needs nothing of autogenerate."""
    files = {"migrations/script.py.mako": WHOLE.replace(IMPORTS, "").replace(UP, "pass")}
    project = plain_project(tmp_path, ("target_metadata=target_metadata", "target_metadata=None"), files=files)
    assert outcomes(project, CHECK)[CHECK].severity is Severity.OK
