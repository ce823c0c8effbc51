"""Runs checks in their order, in a sandbox, and turns whatever comes of each into an Outcome."""

from __future__ import annotations

import contextlib
import json
import sys
import traceback
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from ..errors import NoScratchDatabaseError, NotApplicableError, UndeterminedError, first_line
from ..sandbox import quiet
from ..sandbox.process import keeping_logging, writing_no_bytecode
from ..sandbox.redirect import explain
from .checks import ORDER
from .error_hints import hint
from .findings import BlockedError, Outcome, Problem, Severity
from .project import Project
from .registry import STAGES, Check
from .report import Report

_LIBRARY = Path(__file__).parents[1]
_OWN_CODE = tuple(str(_LIBRARY / part) for part in ("doctor", "schema", "sandbox"))


def select(only: Collection[str] = (), live: bool = True) -> list[Check]:
    """Return the checks with these ids or of these stages, all if none is given; without a live database, no others."""
    chosen = [check for check in ORDER if not only or {check.id, check.stage} & set(only)]
    return [check for check in chosen if live or check.stage != "live"]


def run(project: Project, report: Report, only: Collection[str] = (), live: bool = True) -> int:
    """Examine a project, report what comes of it, and return the exit code.

    Unless only some checks are wanted, and unless the live database is left out, the three questions are answered too.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(writing_no_bytecode())  # nothing stays behind in the project
        stack.enter_context(keeping_logging())
        for check, outcome in examine(project, select(only, live), stack):
            report.add(check, outcome)
        if live and not only:
            report.answer(_answers(project, stack))
    return report.end()


def examine(project: Project, wanted: list[Check], stack: contextlib.ExitStack) -> Iterator[tuple[Check, Outcome]]:
    """Run the wanted checks in order, and those that they build upon; yield each wanted one with its outcome."""
    stopped: dict[str, Exception] = {}  # by stage, why its checks cannot be carried out
    for check in ORDER:
        if check not in wanted and not _is_needed(check, wanted):
            continue
        if check.stage != "static" and not stopped and (reason := _enter_sandbox(project, stack)):
            stopped = dict.fromkeys(STAGES, reason)
        outcome = Outcome.unknown(stopped[check.stage]) if check.stage in stopped else _outcome(check, project)
        fails = outcome.severity is Severity.PROBLEM
        if fails and check.stage == "scratch" and project.missing_server:
            outcome = Outcome.unknown(f"{outcome.findings[0].message} ({project.missing_server})")
        if check in wanted:
            yield check, outcome
        if fails or (outcome.severity is Severity.UNKNOWN and check.essential):
            for stage in STAGES[check.stage].stops:
                stopped.setdefault(stage, BlockedError(check.id))


def _is_needed(check: Check, wanted: list[Check]) -> bool:
    """Tell whether a later check that is wanted builds upon what this one does."""
    later = ORDER[ORDER.index(check) + 1 :]
    return any(check.stage in STAGES[other.stage].needs for other in later if other in wanted)


def _enter_sandbox(project: Project, stack: contextlib.ExitStack) -> UndeterminedError | None:
    """Lead every connection to scratch databases as long as the stack is open; return why not, if it cannot be."""

    def enter() -> None:
        try:
            project.enter_sandbox(stack)
        except ModuleNotFoundError as error:
            raise _not_installed(error) from None
        except Exception as error:
            raise UndeterminedError(f"there is no scratch database: {first_line(error)}") from None

    try:
        project.once("sandbox", enter)
    except UndeterminedError as reason:
        return reason
    return None


def _not_installed(error: ModuleNotFoundError) -> UndeterminedError:
    return UndeterminedError(f"{error.name} is not installed for {sys.executable}")


def _outcome(check: Check, project: Project) -> Outcome:
    if check.library and not project.uses_library:
        return Outcome.skipped("it judges by the rules of alembic-proof, which env.py does not use")
    if check.setting and project.settings_error:
        return Outcome.unknown(BlockedError("library-settings-are-valid"))
    if check.setting and not getattr(project.settings, check.setting):
        return Outcome.skipped(f"[tool.alembic-proof] does not set {check.setting.replace('_', '-')}")
    try:
        with quiet():
            return Outcome.of(list(check.find(project)))
    except NotApplicableError as reason:
        return Outcome.skipped(reason)
    except UndeterminedError as reason:
        return Outcome.unknown(reason)
    except NoScratchDatabaseError as error:
        return Outcome.unknown(explain(error))
    except SyntaxError as error:
        return Outcome.unknown(
            f"{project.name(error.filename or '', error.lineno)} cannot be read as Python: {error.msg}"
        )
    except ModuleNotFoundError as error:
        return (
            _crash(project, error) if project.has_module(error.name or "") else Outcome.unknown(_not_installed(error))
        )
    except (Exception, SystemExit) as error:  # the project's own code failed, or left
        return _crash(project, error)


def _crash(project: Project, error: BaseException) -> Outcome:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if project.is_inside(frame.filename)]
    message = f"{type(error).__name__}: {first_line(error)}"
    if not own and frames[-1].filename.startswith(_OWN_CODE):
        place = f"{Path(frames[-1].filename).relative_to(_LIBRARY)}:{frames[-1].lineno}"
        return Outcome.unknown(f"the doctor itself failed, at {place}: {message}")
    asks = project.env.is_file() and b"get_x_argument" in project.env.read_bytes() and not project.x
    if asks and own and own[-1].filename == str(project.env):
        return Outcome.unknown(
            f"env.py reads -x arguments, and without them ends with {message}: give the doctor -x name=value"
        )
    where = project.name(own[-1].filename, own[-1].lineno) if own else project.name(project.env)
    return Outcome.of([Problem(where, message, f"{hint(error)}; then run the doctor again")])


def _answers(project: Project, stack: contextlib.ExitStack) -> dict[str, Any]:
    """Return the answers to the three questions; under "unanswered", why there are none."""
    from .questions import answers

    if reason := _enter_sandbox(project, stack):
        return {"unanswered": str(reason)}
    try:
        with quiet():
            return answers(project)
    except (Exception, SystemExit) as error:
        return {"unanswered": first_line(error)}


def print_places(project: Project) -> int:
    """Print the places that env.py leads to from the working directory, as a list in JSON; return the exit code."""
    with writing_no_bytecode(), project.sandbox:
        try:
            with quiet():
                project.runs()
        except NoScratchDatabaseError:
            pass
        except (Exception, SystemExit):
            return 2
        print(json.dumps(list(project.sandbox.requests)))
    return 0
