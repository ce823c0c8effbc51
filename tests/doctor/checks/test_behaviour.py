"""Checks of how env.py behaves when a migration fails, and in a program that is already running."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.plain import plain_project
from support.reports import outcomes

from alembic_proof.doctor.findings import Severity

OUT, ENDS, REACHES = "errors-come-out", "migrations-end-before-env-does", "env-reaches-run-migrations"
CALL = "else:\n    run_migrations_online()\n"
ONLINE = "def run_migrations_online():"


def calling(text: str) -> tuple[str, str]:
    """Return an edit of how the function is called."""
    lines = "\n".join(f"    {line}" for line in text.splitlines())
    return CALL, f"else:\n{lines}\n"


TRY = "try:\n    run_migrations_online()\n"
RETRYING = """\
import time
for attempt in range(3):
    try:
        run_migrations_online()
        break
    except sa.exc.OperationalError:
        time.sleep(60)
        if attempt == 2:
            raise
"""
FOREVER = "while True:\n    try:\n        run_migrations_online()\n        break\n    except Exception:\n        pass"


@pytest.mark.parametrize(
    ("written", "severity", "words", "line"),
    [
        ("run_migrations_online()", Severity.OK, "", ""),
        (f"{TRY}except Exception:\n    print('failed')\n    raise", Severity.OK, "", ""),
        (f"{TRY}except Exception:\n    raise SystemExit(1)", Severity.OK, "", ""),
        (f"{TRY}finally:\n    print('done')", Severity.OK, "", ""),
        (RETRYING, Severity.OK, "", ""),
        (
            f"{TRY}except Exception as error:\n    print(error)",
            Severity.PROBLEM,
            "goes on",
            "    except Exception as error:",
        ),
        (
            f"{TRY}except sa.exc.OperationalError as error:\n    print(error)",
            Severity.PROBLEM,
            "goes on",
            "except sa.exc",
        ),
        (f"{TRY}except:\n    raise SystemExit(0)", Severity.PROBLEM, "ends with exit code 0", "    except:"),
        (
            "import contextlib\nwith contextlib.suppress(Exception):\n    run_migrations_online()",
            Severity.PROBLEM,
            "goes on",
            "with contextlib.suppress",
        ),
        (FOREVER, Severity.UNKNOWN, "more than 100 times", ""),
    ],
)
def test_errors_come_out(tmp_path: Path, written: str, severity: Severity, words: str, line: str) -> None:
    """Whatever is done with them on the way; the place is that of what catches them."""
    project = plain_project(tmp_path, calling(written))
    outcome = outcomes(project, OUT)[OUT]
    assert outcome.severity is severity
    assert words in f"{outcome.reason}{outcome.findings}"
    lines = project.env.read_text().splitlines()
    for finding in outcome.findings:
        assert line in lines[int(finding.where.split(":")[1]) - 1]


def test_an_error_that_comes_out_when_the_fix_is_followed(tmp_path: Path) -> None:
    """It ends the except block with raise."""
    swallowed = f"{TRY}except Exception as error:\n    print(error)"
    (finding,) = outcomes(plain_project(tmp_path / "a", calling(swallowed)), OUT)[OUT].findings
    assert finding.fix == "let the error out: end the except block with raise"
    assert outcomes(plain_project(tmp_path / "b", calling(f"{swallowed}\n    raise")), OUT)[OUT].severity is Severity.OK


ASYNCHRONOUS = (ONLINE, "import asyncio\n\n\nasync def run_later():\n    run_migrations_online()\n\n\n" + ONLINE)
SCHEDULED = """\
try:
    asyncio.get_running_loop().create_task(run_later())
except RuntimeError:
    asyncio.run(run_later())
"""


@pytest.mark.parametrize(
    ("written", "severity", "words"),
    [
        ("asyncio.run(run_later())", Severity.OK, ""),  # in a running loop, it says that it cannot
        ("run_migrations_online()", Severity.OK, ""),
        (SCHEDULED, Severity.PROBLEM, "it only schedules the migration"),
    ],
)
def test_migrations_end_before_env_does(tmp_path: Path, written: str, severity: Severity, words: str) -> None:
    """In a program with an event loop; the place is that of the call that schedules."""
    project = plain_project(tmp_path, ASYNCHRONOUS, calling(written))
    outcome = outcomes(project, ENDS)[ENDS]
    assert outcome.severity is severity
    assert words in f"{outcome.findings}"
    lines = project.env.read_text().splitlines()
    assert all("create_task" in lines[int(finding.where.split(":")[1]) - 1] for finding in outcome.findings)


def test_a_coroutine_that_nobody_awaits(tmp_path: Path) -> None:
    """The finding has the line of the call, and the fix works."""
    project = plain_project(tmp_path / "a", ASYNCHRONOUS, calling("run_later()"))
    (finding,) = outcomes(project, REACHES)[REACHES].findings
    assert finding.message == "run_later() is a coroutine, and nobody awaits it: alembic succeeds and does nothing"
    assert project.env.read_text().splitlines()[int(finding.where.split(":")[1]) - 1] == "    run_later()"
    fixed = plain_project(tmp_path / "b", ASYNCHRONOUS, calling(finding.fix))
    assert outcomes(fixed, REACHES)[REACHES].severity is Severity.OK
