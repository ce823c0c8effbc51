"""The doctor's command line: runs the checks in order, and reports."""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import io
import json
import os
import signal
import sys
import textwrap
import traceback
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import CHECKS, STAGES, Check, Elsewhere, Note, Problem, Skipped, Unknown, first_line
from .project import Project

for _stage in STAGES:  # their order is the order in which they run
    importlib.import_module(f".{_stage}", __package__)


def told(answer: dict[str, Any]) -> Iterator[str]:
    """Yield the answers to the three questions for people."""

    def listed(names: list[str]) -> str:
        return f"{len(names)}: {', '.join(names[:40]) or '-'}{' ...' if len(names) > 40 else ''}"

    models = answer["models"]
    yield f"The models register {listed(models).replace(':', ' tables:', 1)}"
    if "database" not in answer:
        return
    if answer["tables"] is None:
        yield f"The database {answer['database']} does not exist yet"
        return
    at = ", ".join(answer["revision"]) or "no revision"
    yield f"The database {answer['database']} has {listed(answer['tables'])}; it is at {at}"
    if strangers := sorted(set(answer["tables"]) - set(models)):
        yield f"In no model, and left alone by autogenerate: {', '.join(strangers)}"
    yield f"Alembic sees {listed(answer['differences']).replace(':', ' differences:', 1)}"


def examine(project: Project, wanted: list[Check], stack: contextlib.ExitStack) -> Iterator[tuple[Check, Any]]:
    """Run the wanted checks in order, and those that they build upon; yield each wanted one with its outcome.

    That is a list of problems and notes, or why it could not be carried out. A problem stops the rest of its stage,
    where one check goes on from the other, and one in static or probe what comes after it.
    """
    stopped: dict[str, str] = {}  # by stage, why its checks cannot be carried out
    for one in CHECKS:
        if one not in wanted and not _is_needed(one, wanted):
            continue
        if one.stage != "static" and not stopped and (why := isolate(project, stack)):
            stopped = dict.fromkeys(STAGES, why)
        outcome: Any = Unknown(stopped[one.stage]) if one.stage in stopped else _outcome(one, project)
        found = isinstance(outcome, list) and any(not isinstance(problem, Note) for problem in outcome)
        if found and one.stage == "scratch" and project.foreign:
            outcome = Unknown(f"{outcome[0].what} ({project.foreign})")
        if one in wanted:
            yield one, outcome
        if found or (isinstance(outcome, Unknown) and one.id in _FIRST):
            for stage in _STOPS[one.stage]:
                stopped.setdefault(stage, f"{one.id} comes first")


_FIRST = ("ini-leads-to-scripts", "env-reaches-run-migrations")  # without these nothing else can be told
_STOPS = {
    "static": ["probe", "scratch", "live"],
    "probe": ["probe", "scratch", "live"],
    "scratch": ["scratch"],
    "live": [],
}


def _is_needed(one: Check, wanted: list[Check]) -> bool:
    """Tell whether a wanted check goes on from what this one does: in the probe, or earlier in the scratch life."""
    later = [other.stage for other in wanted if CHECKS.index(other) > CHECKS.index(one)]
    return (one.stage == "probe" and bool(later)) or (one.stage == "scratch" and "scratch" in later)


def isolate(project: Project, stack: contextlib.ExitStack) -> str:
    """Lead every connection to scratch databases, as long as the stack is open; return why not, or nothing."""

    def enter() -> str:
        try:
            stack.enter_context(project.scratch)
            if project.package:
                project.scratch.name_in_environment()
        except ModuleNotFoundError as error:
            return f"{error.name} is not installed for {sys.executable}"
        except Exception as error:
            return f"there is no scratch database: {first_line(error)}"
        os.chdir(project.root)
        return ""

    why: str = project.once("isolated", enter)
    return why


def _outcome(one: Check, project: Project) -> Any:
    if one.ours and not project.package:
        return Skipped("it is about projects made by the template that the doctor comes from")
    try:
        with quiet():
            return list(one.find(project))
    except (Unknown, Skipped) as reason:
        return reason
    except Elsewhere as error:
        return Unknown(f"it connects to {error}: set TEST_DATABASE_URL to a database on such a server")
    except SyntaxError as error:
        return Unknown(f"{project.name(error.filename or '', error.lineno)} cannot be read as Python: {error.msg}")
    except ModuleNotFoundError as error:
        if not project.has_module(error.name or ""):
            return Unknown(f"{error.name} is not installed for {sys.executable}")
        return _crash(project, error)
    except (Exception, SystemExit) as error:  # the project's own code failed, or left
        return _crash(project, error)


def _crash(project: Project, error: BaseException) -> list[Problem] | Unknown:
    from .hints import hint

    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if project.owns(frame.filename)]
    what = f"{type(error).__name__}: {first_line(error)}"
    if not own and Path(frames[-1].filename).parent == Path(__file__).parent:
        return Unknown(f"the doctor itself failed, at {Path(frames[-1].filename).name}:{frames[-1].lineno}: {what}")
    asks = project.env.is_file() and b"get_x_argument" in project.env.read_bytes() and not project.x
    if asks and own and own[-1].filename == str(project.env) and not project.package:
        return Unknown(f"env.py reads -x arguments, and without them ends with {what}: give the doctor -x name=value")
    where = project.name(own[-1].filename, own[-1].lineno) if own else project.name(project.env)
    return [Problem(where, what, f"{hint(error)}; then run the doctor again")]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what Alembic and env.py print and log to themselves."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def main(argv: list[str] | None = None) -> int:
    """Examine a project and print a report.

    Returns 0 if it is sound, 1 for problems, 2 if it could not be checked, 130 if it was interrupted.
    """
    with contextlib.suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # it cleans up as after Ctrl-C
    try:
        return _main(argv)
    except KeyboardInterrupt:
        return 130


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="doctor", description="Checks that a schema is wired and in step.")
    parser.add_argument("--config", type=Path, help="alembic.ini or pyproject.toml (default: the one above this file)")
    parser.add_argument("-n", "--name", default="alembic", metavar="SECTION", help="of alembic.ini, as alembic -n")
    parser.add_argument("-x", action="append", metavar="NAME=VALUE", help="for env.py, as alembic -x")
    parser.add_argument("--only", nargs="+", metavar="CHECK", default=[], help="run these checks or stages, no others")
    parser.add_argument("--no-live", action="store_true", help="do not look at the live database")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--explain", metavar="CHECK", help="say what a check is about (or all: each)")
    parser.add_argument("--pack", type=Path, metavar="FILE", help="write the doctor into one file, to take along")
    parser.add_argument("--where", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    names = {*STAGES, *(one.id for one in CHECKS)}
    for name in [*arguments.only, *filter(None, [arguments.explain])]:
        if name not in names | {"all"}:
            parser.error(f"there is no check {name!r}; there are: {', '.join(one.id for one in CHECKS)}")
    return arguments


def _main(argv: list[str] | None) -> int:
    arguments = _arguments(argv)
    gc.disable()  # most of the time goes into importing, of which nothing is garbage
    sys.modules.setdefault("mako.ext.pygmentplugin", None)  # type: ignore[arg-type]  # nor is Mako to import Pygments
    sys.dont_write_bytecode = True  # nothing is left behind in the project
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    if arguments.explain:
        for one in CHECKS:
            if arguments.explain in (one.id, one.stage, "all"):
                print("\n".join([f"{one.id} ({one.stage}: {STAGES[one.stage]})", *one.text, ""]))
        return 0
    if arguments.pack:
        pack(arguments.pack)
        return 0
    above = [parent / "alembic.ini" for parent in (*Path(__file__).resolve().parents, Path.cwd(), *Path.cwd().parents)]
    config = arguments.config or next((ini for ini in above if ini.is_file()), None)
    if config is None or not config.is_file():
        missing = config or f"alembic.ini above {Path.cwd()}"
        print(f"There is no {missing}: run this in the project, or name the file with --config.")
        return 2
    project = Project(config, arguments.name, arguments.x)
    if arguments.where:
        return _where(project)
    wanted = [
        one
        for one in CHECKS
        if (not arguments.only or {one.id, one.stage} & set(arguments.only))
        and not (one.stage == "live" and arguments.no_live)
    ]
    if not arguments.no_live:
        project.find_live()
    report = Report(arguments.json)
    with contextlib.ExitStack() as stack:
        for one, outcome in examine(project, wanted, stack):
            report.add(one, outcome)
        if not arguments.no_live and not arguments.only:
            report.answer(_answered(project, stack))
    return report.end()


def _answered(project: Project, stack: contextlib.ExitStack) -> dict[str, Any]:
    from .live import answers

    if why := isolate(project, stack):
        return {"unanswered": why}
    try:
        with quiet():
            return answers(project)
    except (Exception, SystemExit) as error:
        return {"unanswered": first_line(error)}


def pack(archive: Path) -> None:
    """Write the doctor into one file, which any Python can run: ``python doctor.pyz --config path/to/alembic.ini``."""
    here = Path(__file__).parent
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(here.with_name("doctor.py"), "__main__.py")
        for path in sorted(here.glob("*.py")):
            packed.write(path, f"{here.name}/{path.name}")


def _where(project: Project) -> int:
    """Print the places that env.py leads to from the working directory, as a list in JSON."""
    with project.scratch:
        try:
            with quiet():
                project.runs()
        except Elsewhere:
            pass
        except (Exception, SystemExit):
            return 2
        print(json.dumps(list(project.scratch.wanted)))
    return 0


class Report:
    """Prints what came of each check as it comes, or all of it as JSON at the end."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.counts = {"ok": 0, "PROBLEM": 0, "unknown": 0, "note": 0, "skipped": 0}
        self.checks: list[dict[str, Any]] = []
        self.questions: dict[str, Any] = {}

    def add(self, one: Check, outcome: Any) -> None:
        """Take the outcome of a check."""
        found = outcome if isinstance(outcome, list) else []
        verdict = "unknown" if isinstance(outcome, Unknown) else "skipped" if isinstance(outcome, Skipped) else "ok"
        if found:
            verdict = "note" if all(isinstance(problem, Note) for problem in found) else "PROBLEM"
        self.counts[verdict] += 1
        reason = "" if isinstance(outcome, list) else str(outcome)
        self.checks.append({"id": one.id, "stage": one.stage, "title": one.text[0], "verdict": verdict.lower(),
                            "reason": reason, "findings": [asdict(problem) for problem in found]})  # fmt: skip
        if self.as_json:
            return
        later = reason.endswith(" comes first")
        print(f"{verdict:8} {one.id:36} {f'({reason})' if later else one.text[0]}", flush=True)
        if reason and not later:
            print(f"{'':8} not checked: {reason}")
        for problem in found:
            print(textwrap.indent(f"{problem.where}: {problem.what}\nfix: {problem.fix}", " " * 9))

    def answer(self, questions: dict[str, Any]) -> None:
        """Take the answers to the three questions."""
        self.questions = questions
        if self.as_json:
            return
        if "unanswered" in questions:
            print(f"The three questions have no answer: {questions['unanswered']}")
        else:
            print("\n".join(told(questions)))

    def end(self) -> int:
        """Print the summary and return the exit code."""
        code = 1 if self.counts["PROBLEM"] else 2 if self.counts["unknown"] else 0
        summary = {name.lower(): count for name, count in self.counts.items()}
        if self.as_json:
            report = {"checks": self.checks, "questions": self.questions, "summary": summary, "exit_code": code}
            print(json.dumps(report, indent=1, ensure_ascii=False))
        else:
            always = ("ok", "PROBLEM", "unknown")
            print(", ".join(f"{count} {name}" for name, count in self.counts.items() if count or name in always))
        return code
