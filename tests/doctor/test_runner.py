"""Checks run in their order, build upon each other, and none ends in a traceback."""

from __future__ import annotations

import contextlib
import importlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alembic_proof.doctor import runner
from alembic_proof.doctor.error_hints import NOT_KNOWN
from alembic_proof.doctor.findings import BlockedError, Note, Outcome, Problem, Severity
from alembic_proof.doctor.project import Project
from alembic_proof.doctor.registry import ENV_RUNS, Check, check
from alembic_proof.errors import NoScratchDatabaseError, NotApplicableError, UndeterminedError
from alembic_proof.settings import toml_loads

PROBLEM = Problem("a", "b", "c")
OK, BAD, UNKNOWN, SKIPPED, NOTE = (
    Severity.OK,
    Severity.PROBLEM,
    Severity.UNKNOWN,
    Severity.SKIPPED,
    Severity.NOTE,
)
ENV = "from alembic import context\n"
INI = "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = .\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that is never run."""
    (tmp_path / "migrations/versions").mkdir(parents=True)
    (tmp_path / "migrations/env.py").write_text(ENV)
    (tmp_path / "alembic.ini").write_text(INI)
    return Project(tmp_path / "alembic.ini")


def make(name: str, stage: str, result: Any = (), **options: Any) -> Check:
    """Make a check that notes that it ran, and yields or raises its result."""

    def find(project: Project) -> Iterator[Any]:
        project.once("ran", list).append(name)
        if isinstance(result, BaseException):
            raise result
        yield from result

    return check(name, stage, **options)(find)


def examine(
    monkeypatch: pytest.MonkeyPatch, project: Project, checks: list[Check], *wanted: str
) -> tuple[dict[str, Outcome], list[str]]:
    """Run checks, those that are wanted or all; return their outcomes, and which ran."""
    monkeypatch.setattr(runner, "ORDER", checks)
    with contextlib.ExitStack() as stack:
        chosen = runner.select(wanted)
        outcomes = {item.id: outcome for item, outcome in runner.examine(project, chosen, stack)}
    return outcomes, project.once("ran", list)


def chain(problem: str = "", **options: Any) -> list[Check]:
    """Return the check that runs env.py and two checks of each stage, one of which has a problem."""
    names = [f"{stage}-{number}" for stage in ("static", "probe", "scratch", "live") for number in (1, 2)]
    checks = [make(name, name[:-2], [PROBLEM] * (name == problem), **options) for name in names]
    checks.insert(2, make(ENV_RUNS, "probe", [PROBLEM] * (problem == ENV_RUNS), essential=True))
    return checks


def test_commands_are_named_as_they_are_typed(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    """In a project of Flask-Migrate, what a check finds has those of ``flask db``."""
    checks = [make("static-1", "static", [Problem("a", "alembic check fails", "alembic upgrade head")])]
    (finding,) = examine(monkeypatch, project, checks)[0]["static-1"].findings
    assert finding.fix == "alembic upgrade head"
    ini = project.scripts / "alembic.ini"
    ini.write_text("[alembic]\n")
    (finding,) = examine(monkeypatch, Project(ini), checks)[0]["static-1"].findings
    assert finding == Problem("a", "flask db check fails", "flask db upgrade")


LATER = ["probe-1", "probe-2", "scratch-1", "scratch-2", "live-1", "live-2"]


@pytest.mark.parametrize(
    ("problem", "blocked"), [("", []), ("static-1", []), (ENV_RUNS, LATER), ("probe-1", []), ("live-1", [])]
)
def test_a_problem_stops_what_requires_it(
    monkeypatch: pytest.MonkeyPatch, project: Project, problem: str, blocked: list[str]
) -> None:
    """The others run, and each that does not says which check it needs."""
    outcomes, ran = examine(monkeypatch, project, chain(problem))
    assert [name for name, outcome in outcomes.items() if outcome.needs] == blocked
    assert ran == [name for name in outcomes if name not in blocked]
    assert {outcomes[name].needs for name in blocked} <= {problem}


@pytest.mark.parametrize(
    ("wanted", "ran"),
    [
        (["static-2"], ["static-2"]),
        (["probe-2"], [ENV_RUNS, "probe-2"]),
        (["scratch-2"], [ENV_RUNS, "scratch-2"]),
        (["static", "live-2"], ["static-1", "static-2", ENV_RUNS, "live-2"]),
    ],
)
def test_what_a_check_requires_runs_too(
    monkeypatch: pytest.MonkeyPatch, project: Project, wanted: list[str], ran: list[str]
) -> None:
    """Unreported."""
    outcomes, actually = examine(monkeypatch, project, chain(), *wanted)
    assert actually == ran
    assert [name for name in outcomes if name not in wanted and name[:-2] not in wanted] == []


def test_what_stops_a_check_alone_is_reported(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    """Once, before the checks that it stops."""
    outcomes, _ = examine(monkeypatch, project, chain(ENV_RUNS), "scratch")
    assert list(outcomes) == [ENV_RUNS, "scratch-1", "scratch-2"]


@pytest.mark.parametrize(
    ("problem", "wanted", "begun"),
    [("", (), ["live-1"]), (ENV_RUNS, (), []), ("", ("live-1",), ["live-1"]), ("", ("live-2",), [])],
)
def test_what_takes_long_begins_early(
    monkeypatch: pytest.MonkeyPatch, project: Project, problem: str, wanted: tuple[str, ...], begun: list[str]
) -> None:
    """As soon as env.py has run, for each check that will be carried out; what goes wrong then is the check's."""

    def begin(project: Project, _: contextlib.ExitStack) -> None:
        project.once("begun", list).append("live-1")
        assert ran == project.once("ran", list)
        raise OSError

    ran = ["static-1", "static-2", ENV_RUNS] if not wanted else [ENV_RUNS]
    checks = [make(item.id, "live", begin=begin) if item.id == "live-1" else item for item in chain(problem)]
    examine(monkeypatch, project, checks, *wanted)
    assert project.once("begun", list) == begun


def test_without_a_live_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its stage is left out."""
    monkeypatch.setattr(runner, "ORDER", chain())
    assert "live" not in {item.stage for item in runner.select(live=False)}


@pytest.mark.parametrize(
    ("raised", "severity", "words"),
    [
        (NotApplicableError("no need"), SKIPPED, "no need"),
        (UndeterminedError("no way"), UNKNOWN, "no way"),
        (BlockedError("files-parse"), UNKNOWN, "it needs files-parse"),
        (NoScratchDatabaseError("mysql: d at h:1"), UNKNOWN, "it connects to mysql: d at h:1: set TEST_DATABASE_URL"),
        (SyntaxError("invalid", ("x.py", 3, 1, "")), BAD, "it cannot be read as Python 3"),
        (ModuleNotFoundError("absent", name="absent"), UNKNOWN, "absent is not installed for "),
        (RuntimeError("boom"), BAD, "RuntimeError: boom"),
        (SystemExit(3), BAD, "SystemExit: 3"),
        (OSError(), BAD, "OSError: without a message"),
    ],
)
def test_what_a_check_raises(
    monkeypatch: pytest.MonkeyPatch, project: Project, raised: BaseException, severity: Severity, words: str
) -> None:
    """Becomes its outcome."""
    outcomes, _ = examine(monkeypatch, project, [make("a-a", "static", raised)])
    outcome = outcomes["a-a"]
    assert outcome.severity is severity
    assert words in outcome.reason or words in outcome.findings[0].message


def raises(project: Project, text: str) -> Any:
    """Write a module of the project that raises something, and import it."""
    (project.root / "own_module.py").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(project.root))
        importlib.invalidate_caches()
        importlib.import_module("own_module")


def test_the_projects_own_error_has_a_place(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    """And what to do."""
    item = check("a-a", "static")(lambda project: raises(project, "x = 1\nraise RuntimeError('boom')\n"))
    (finding,) = examine(monkeypatch, project, [item])[0]["a-a"].findings
    assert (finding.where, finding.message) == ("own_module.py:2", "RuntimeError: boom")
    assert finding.fix == NOT_KNOWN


def test_an_own_module_that_is_missing_is_a_problem(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    """As nobody can install it."""
    item = check("a-a", "static")(lambda project: raises(project, "import own_module.absent\n"))
    assert examine(monkeypatch, project, [item])[0]["a-a"].severity is BAD


def test_a_library_that_is_missing_has_a_place(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    """It may be a module of the project that was renamed."""
    item = check("a-a", "static")(lambda project: raises(project, "x = 1\nimport absent_module\n"))
    outcome = examine(monkeypatch, project, [item])[0]["a-a"]
    assert outcome.severity is UNKNOWN
    assert "(own_module.py:2 imports it): install it; or, if it is a module that was renamed" in outcome.reason


def test_an_error_of_the_doctor_is_no_problem_of_the_project(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    """It says where it failed."""
    item = check("a-a", "static")(lambda project: project.tree(None))  # type: ignore[arg-type,return-value]
    outcome = examine(monkeypatch, project, [item])[0]["a-a"]
    assert outcome.severity is UNKNOWN
    assert outcome.reason.startswith("the doctor itself failed, at doctor/layout.py:")


def test_a_wrong_call_is_the_doctors_wherever_it_ends(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    """No file of the project takes part in it, and the deepest frame is a library's."""
    item = check("a-a", "static")(lambda _: json.loads(None))  # type: ignore[arg-type]
    outcome = examine(monkeypatch, project, [item])[0]["a-a"]
    assert outcome.severity is UNKNOWN
    assert outcome.reason.startswith("the doctor itself failed, at ")


def test_a_pyproject_that_is_no_toml(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    """Is the place, not env.py, for which Alembic reads it."""
    project.pyproject.write_text("[project]\nname = x\n")
    item = check("a-a", "static")(lambda project: toml_loads()(project.pyproject.read_text()))  # type: ignore[arg-type,return-value]
    (finding,) = examine(monkeypatch, project, [item])[0]["a-a"].findings
    assert (finding.where, finding.fix) == ("pyproject.toml:2", "mend this line")


def test_a_directory_with_a_percent_sign(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, project: Project) -> None:
    """Is to be renamed: what is in alembic.ini is right."""
    directory = tmp_path / "100%ok"
    shutil.copytree(project.root, directory)
    text = "from alembic.config import Config\nConfig('alembic.ini').get_section('alembic')\n"
    monkeypatch.chdir(directory)
    item = check("a-a", "static")(lambda project: raises(project, text))
    (finding,) = examine(monkeypatch, Project(directory / "alembic.ini"), [item])[0]["a-a"].findings
    assert (finding.where, finding.fix) == ("alembic.ini", "rename the directory")


def test_an_env_that_reads_arguments(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    """And fails without them: the doctor can pass some on."""
    project.env.write_text("get_x_argument = None\nraise KeyError('tenant')\n")

    def run(project: Project) -> Any:
        exec(compile(project.env.read_text(), str(project.env), "exec"), {})

    outcome = examine(monkeypatch, project, [check("a-a", "static")(run)])[0]["a-a"]
    assert outcome.severity is UNKNOWN
    assert "give the doctor -x name=value" in outcome.reason


@pytest.mark.parametrize(
    ("options", "env", "toml", "severity"),
    [
        ({"library": True}, ENV, "", SKIPPED),
        ({"library": True}, "from alembic_proof import options\n", "", OK),
        ({"library": True}, "import alembic_proof as proof\n", "", OK),
        ({"library": True}, "# from alembic_proof import options\n", "", SKIPPED),
        ({"setting": "database_variable"}, ENV, "", SKIPPED),
        ({"setting": "database_variable"}, ENV, 'database-variable = "X"', OK),
        ({"setting": "database_variable"}, ENV, 'database-variabel = "X"', UNKNOWN),
    ],
)
def test_when_a_check_applies(
    monkeypatch: pytest.MonkeyPatch,
    project: Project,
    options: dict[str, Any],
    env: str,
    toml: str,
    severity: Severity,
) -> None:
    """By env.py, or by the settings."""
    project.env.write_text(env)
    (project.root / "pyproject.toml").write_text(f"[tool.alembic-proof]\n{toml}\n")
    assert examine(monkeypatch, project, [make("a-a", "static", **options)])[0]["a-a"].severity is severity


def test_without_libraries_the_rest_is_unknown(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    """The static checks run, and the reason is one for all."""

    def missing(stack: object) -> None:
        raise ModuleNotFoundError("No module named 'sqlalchemy'", name="sqlalchemy")

    monkeypatch.setattr(project, "enter_sandbox", missing)
    outcomes, ran = examine(monkeypatch, project, chain())
    assert ran == ["static-1", "static-2"]
    assert outcomes[ENV_RUNS].reason.startswith("sqlalchemy is not installed for ")
    assert {outcomes[name].needs for name in LATER} == {ENV_RUNS}


def test_the_working_directory_is_the_projects_and_restored(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    """As a relative URL means a place in it."""
    before, seen = Path.cwd(), []

    def look(project: Project) -> list[Any]:
        seen.append(Path.cwd())
        return [Note("a", "b", "c")]

    assert examine(monkeypatch, project, [check("a-a", "probe")(look)])[0]["a-a"].severity is NOTE
    assert seen == [project.root]
    assert Path.cwd() == before
