"""Runs checks in their order, in a sandbox, and turns whatever comes of each into an Outcome."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from ..errors import NoScratchDatabaseError, NotApplicableError, UndeterminedError, first_line
from ..sandbox import quiet
from ..sandbox.process import keeping_logging, leaving_by_exception, writing_no_bytecode
from ..sandbox.redirect import explain
from .checks import ORDER
from .failures import failure, not_installed
from .findings import BlockedError, Outcome, Severity
from .graph import Graph, with_required
from .project import Project
from .registry import ENV_RUNS, Check
from .report import Report
from .world import loaded_world, world


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
        report.examines(world(project))
        chosen = select(only, live)
        for check, outcome in examine(project, chosen, stack):
            report.add(check, outcome)
            if check.id == ENV_RUNS:
                report.examines(loaded_world(project))
        if live and not only:
            report.answer(_answers(project, stack))
    return report.end()


def examine(project: Project, wanted: list[Check], stack: contextlib.ExitStack) -> Iterator[tuple[Check, Outcome]]:
    """Run the wanted checks in order, and those that they require.

    Yields each wanted one with its outcome, and before it the one that stopped it.
    """
    graph, needed, told = Graph(ORDER), with_required(wanted, ORDER), {check.id for check in wanted}
    for check in [check for check in ORDER if check.id in needed]:
        reason = graph.stops(check) or (None if check.stage == "static" else _enter_sandbox(project, stack))
        outcome = graph.placed(check, Outcome.unknown(reason) if reason else _outcome(check, project))
        if outcome.severity is Severity.PROBLEM and check.stage == "scratch" and project.missing_server:
            outcome = Outcome.unknown(f"{outcome.findings[0].message} ({project.missing_server})")
        graph.outcomes[check.id] = outcome
        if check.id == ENV_RUNS:
            _begin([later for later in ORDER if later.id in needed and not graph.stops(later)], project, stack)
        if check in wanted:
            needs = {outcome.needs} & graph.outcomes.keys() - told
            yield from ((other, graph.outcomes[other.id]) for other in ORDER if other.id in needs)
            told.add(outcome.needs)
            yield check, outcome


def _begin(checks: list[Check], project: Project, stack: contextlib.ExitStack) -> None:
    """Start what checks have to wait for later. What goes wrong then, they meet themselves."""
    for check in checks:
        if check.begin is not None:
            with contextlib.suppress(Exception):
                check.begin(project, stack)


def _enter_sandbox(project: Project, stack: contextlib.ExitStack) -> UndeterminedError | None:
    """Lead every connection to scratch databases as long as the stack is open; return why not, if it cannot be."""

    def enter() -> None:
        try:
            project.enter_sandbox(stack)
        except ModuleNotFoundError as error:
            raise UndeterminedError(not_installed(error)) from None
        except Exception as error:
            raise UndeterminedError(f"there is no scratch database: {first_line(error)}") from None

    try:
        project.once("sandbox", enter)
    except UndeterminedError as reason:
        return reason
    return None


def _outcome(check: Check, project: Project) -> Outcome:
    """Run a check. What it found names commands as they are typed in the project."""
    outcome = _found(check, project)
    return replace(outcome, findings=[finding.spelled(project.spelled) for finding in outcome.findings])


def _found(check: Check, project: Project) -> Outcome:
    if check.library and not project.uses_library:
        return Outcome.skipped("it judges by the rules of alembic-proof, which env.py does not use")
    if check.setting and project.settings_error:
        return Outcome.unknown(BlockedError("library-settings-are-valid"))
    if check.setting and not getattr(project.settings, check.setting):
        return Outcome.skipped(f"[tool.alembic-proof] does not set {check.setting.replace('_', '-')}")
    try:
        with quiet(), leaving_by_exception():
            return Outcome.of(list(check.find(project)))
    except NotApplicableError as reason:
        return Outcome.skipped(reason)
    except UndeterminedError as reason:
        return Outcome.unknown(reason)
    except NoScratchDatabaseError as error:
        return Outcome.unknown(explain(error))
    except (Exception, SystemExit) as error:  # the project's own code failed, or left
        return failure(project, error)


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
