"""The report of an examination: as text or as GitHub's annotations while it runs, or all of it as JSON at the end."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterator
from typing import Any

from .. import __version__
from .findings import Finding, Outcome, Severity
from .registry import Check

# As the text report writes a verdict: a problem has to catch the eye.
_WORDS = {severity: severity.value for severity in Severity} | {Severity.PROBLEM: "PROBLEM"}


class Report:
    """Collects the outcomes; a format prints them, while they come or at the end."""

    def __init__(self) -> None:
        self.counts: Counter[Severity] = Counter()
        self.world: dict[str, str] = {}
        self.outcomes: list[tuple[Check, Outcome]] = []
        self.questions: dict[str, Any] = {}

    def examines(self, world: dict[str, str]) -> None:
        """Take what is examined, or more of it."""
        self.world |= world

    def add(self, check: Check, outcome: Outcome) -> None:
        """Take the outcome of a check."""
        self.counts[outcome.severity] += 1
        self.outcomes.append((check, outcome))

    def answer(self, questions: dict[str, Any]) -> None:
        """Take the answers to the three questions."""
        self.questions = questions

    def end(self) -> int:
        """Print what is left to print and return the exit code.

        It is 1 for problems, 2 if something could not be checked, else 0.
        """
        return 1 if self.counts[Severity.PROBLEM] else 2 if self.counts[Severity.UNKNOWN] else 0

    def _passed_over(self) -> dict[str, list[str]]:
        """Return the ids of the checks that were not carried out, by why: another one stopped them, or none applies."""
        passed: dict[str, list[str]] = {}
        for check, outcome in self.outcomes:
            if outcome.needs:
                passed.setdefault(f"Not looked at, because of {outcome.needs}", []).append(check.id)
            elif outcome.severity is Severity.SKIPPED:
                passed.setdefault(f"Skipped, as {outcome.reason}", []).append(check.id)
        return passed

    def _causes(self) -> list[tuple[Check, Outcome]]:
        """Return the problems that follow from no other one."""
        return [each for each in self.outcomes if each[1].severity is Severity.PROBLEM and not each[1].follows]


class TextReport(Report):
    """For people."""

    def __init__(self) -> None:
        super().__init__()
        print(f"alembic-proof {__version__}")

    def examines(self, world: dict[str, str]) -> None:
        super().examines(world)
        for kind, text in world.items():
            print(f"{kind:14} {text}", flush=True)

    def add(self, check: Check, outcome: Outcome) -> None:
        super().add(check, outcome)
        for line in _lines(check, outcome):
            print(line, flush=True)

    def answer(self, questions: dict[str, Any]) -> None:
        super().answer(questions)
        print("\n".join(_answers(questions)))

    def end(self) -> int:
        for reason, checks in self._passed_over().items():
            print(f"{reason}: {', '.join(checks)}")
        for check, outcome in self._causes():
            places = dict.fromkeys(
                finding.where for finding in outcome.findings if finding.severity is Severity.PROBLEM
            )
            print(f"PROBLEM: {check.id}: {', '.join(list(places)[:3])}{' ...' if len(places) > 3 else ''}")
        always = (Severity.OK, Severity.PROBLEM, Severity.UNKNOWN)
        shown = [severity for severity in Severity if self.counts[severity] or severity in always]
        print(", ".join(f"{self.counts[severity]} {_WORDS[severity]}" for severity in shown))
        return super().end()


class JsonReport(Report):
    """For programs."""

    def end(self) -> int:
        code = super().end()
        report = {
            "library": __version__,
            "examined": self.world,
            "checks": [_entry(check, outcome) for check, outcome in self.outcomes],
            "questions": self.questions,
            "summary": {severity.value: self.counts[severity] for severity in Severity},
            "exit_code": code,
        }
        print(json.dumps(report, indent=1, ensure_ascii=False))
        return code


class GithubReport(Report):
    """For a workflow of GitHub: an annotation for each finding, at its file and line."""

    def add(self, check: Check, outcome: Outcome) -> None:
        super().add(check, outcome)
        for finding in outcome.findings:
            level = "warning" if outcome.follows else "error" if finding.severity is Severity.PROBLEM else "notice"
            text = _escaped(f"{finding.where}: {finding.message}\nfix: {finding.fix}")
            print(f"::{level} {_location(finding)}title={check.id}::{text}", flush=True)
        if outcome.severity is Severity.UNKNOWN and not outcome.needs:
            print(f"::warning title={check.id}::{_escaped(f'not checked: {outcome.reason}')}", flush=True)


FORMATS: dict[str, type[Report]] = {"text": TextReport, "json": JsonReport, "github": GithubReport}


def _location(finding: Finding) -> str:
    """Return the properties of an annotation that say where a finding is, if that is in a file."""
    file, _, line = finding.where.partition(":")
    is_file = "." in file and " " not in file and (not line or line.isdigit())
    return f"file={file},{f'line={line},' if line else ''}" if is_file else ""


def _escaped(text: str) -> str:
    """Return a text as a workflow command of GitHub takes it (their documentation of workflow commands)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _entry(check: Check, outcome: Outcome) -> dict[str, Any]:
    return {
        "id": check.id,
        "stage": check.stage,
        "title": check.title,
        "verdict": outcome.severity.value,
        "reason": outcome.reason,
        "needs": outcome.needs,
        "follows": outcome.follows,
        "findings": [finding.as_dict() for finding in outcome.findings],
    }


def _lines(check: Check, outcome: Outcome) -> Iterator[str]:
    if outcome.needs or outcome.severity is Severity.SKIPPED:
        return  # one line at the end names all of them
    yield f"{'follows' if outcome.follows else _WORDS[outcome.severity]:8} {check.id:36} {check.title}"
    if outcome.reason:
        yield f"{'':8} not checked: {outcome.reason}"
    if outcome.follows:
        yield f"{'':8} probably because of {outcome.follows}: mend that first"
    for finding in outcome.findings:
        fix = "" if outcome.follows else f"\nfix: {finding.fix}"
        yield textwrap.indent(f"{finding.where}: {finding.message}{fix}", " " * 9)


def _answers(questions: dict[str, Any]) -> Iterator[str]:
    """Yield the answers to the three questions for people."""
    if "unanswered" in questions:
        yield f"The three questions have no answer: {questions['unanswered']}"
        return
    yield f"The models register {_listed(questions['models'], 'tables')}"
    for found in questions.get("databases", ()):
        if found["tables"] is None:
            yield f"The database {found['database']} does not exist yet"
            continue
        revision = ", ".join(found["revision"]) or "no revision"
        yield f"The database {found['database']} has {_listed(found['tables'], 'tables')}; it is at {revision}"
        if unknown := sorted(set(found["tables"]) - set(found["models"])):
            yield f"In no model: {', '.join(unknown)}"
        yield f"Alembic sees {_listed(found['differences'], 'differences')}"


def _listed(names: list[str], kind: str) -> str:
    return f"{len(names)} {kind}: {', '.join(names[:40]) or '-'}{' ...' if len(names) > 40 else ''}"
