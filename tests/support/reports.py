"""What the doctor reports, as tests read it."""

from __future__ import annotations

import contextlib
import json
import subprocess
from typing import Any

from alembic_proof.doctor.checks import ORDER
from alembic_proof.doctor.findings import Outcome
from alembic_proof.doctor.project import Project
from alembic_proof.doctor.runner import examine


def report_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the report that ``doctor --json`` printed: nothing else, no traceback and no password."""
    assert "Traceback" not in done.stdout, done.stdout
    assert "s3cret" not in done.stdout, done.stdout
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["exit_code"] == done.returncode
    return report


def verdicts(report: dict[str, Any], *wanted: str) -> dict[str, str]:
    """Return the checks that came to one of these verdicts by themselves, each with all that it reports."""
    checks = [check for check in report["checks"] if check["verdict"] in wanted and not check["follows"]]
    return {check["id"]: json.dumps([check["reason"], check["findings"]], ensure_ascii=False) for check in checks}


def helps(report: dict[str, Any]) -> dict[str, str]:
    """Return, by check, the fixes of each problem; without one, the reason of the first unknown; or each note's fix."""
    for verdict in ("problem", "unknown", "note"):
        checks = [check for check in report["checks"] if check["verdict"] == verdict and not check["follows"]]
        if checks:
            return {
                check["id"]: check["reason"] or "; ".join(finding["fix"] for finding in check["findings"])
                for check in checks[: 1 if verdict == "unknown" else None]
            }
    return {}


def outcomes(project: Project, *only: str) -> dict[str, Outcome]:
    """Run some checks, and those that they build upon, in this process."""
    with contextlib.ExitStack() as stack:
        wanted = [check for check in ORDER if check.id in only]
        return {check.id: outcome for check, outcome in examine(project, wanted, stack)}
