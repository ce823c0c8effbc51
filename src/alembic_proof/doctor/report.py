"""The report of an examination: as text while it runs, or all of it as JSON at the end."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterator
from typing import Any

from .. import __version__
from .findings import Outcome, Severity
from .registry import Check

# As the text report writes a verdict: a problem has to catch the eye.
_WORDS = {severity: severity.value for severity in Severity} | {Severity.PROBLEM: "PROBLEM"}


class Report:
    """Collects the outcomes, and prints them."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self.counts: Counter[Severity] = Counter()
        self.checks: list[dict[str, Any]] = []
        self.questions: dict[str, Any] = {}
        if not as_json:
            print(f"alembic-proof {__version__}")

    def add(self, check: Check, outcome: Outcome) -> None:
        """Take the outcome of a check."""
        self.counts[outcome.severity] += 1
        entry = {
            "id": check.id,
            "stage": check.stage,
            "title": check.title,
            "verdict": outcome.severity.value,
            "reason": outcome.reason,
            "needs": outcome.needs,
            "findings": [finding.as_dict() for finding in outcome.findings],
        }
        self.checks.append(entry)
        if not self.as_json:
            print("\n".join(_lines(check, outcome)), flush=True)

    def answer(self, questions: dict[str, Any]) -> None:
        """Take the answers to the three questions."""
        self.questions = questions
        if not self.as_json:
            print("\n".join(_answers(questions)))

    def end(self) -> int:
        """Print the summary and return the exit code: 1 for problems, 2 if something could not be checked, else 0."""
        code = 1 if self.counts[Severity.PROBLEM] else 2 if self.counts[Severity.UNKNOWN] else 0
        if self.as_json:
            report = {
                "library": __version__,
                "checks": self.checks,
                "questions": self.questions,
                "summary": {severity.value: self.counts[severity] for severity in Severity},
                "exit_code": code,
            }
            print(json.dumps(report, indent=1, ensure_ascii=False))
        else:
            always = (Severity.OK, Severity.PROBLEM, Severity.UNKNOWN)
            shown = [severity for severity in Severity if self.counts[severity] or severity in always]
            print(", ".join(f"{self.counts[severity]} {_WORDS[severity]}" for severity in shown))
        return code


def _lines(check: Check, outcome: Outcome) -> Iterator[str]:
    title = f"(not checked: {outcome.reason})" if outcome.needs else check.title
    yield f"{_WORDS[outcome.severity]:8} {check.id:36} {title}"
    if outcome.reason and not outcome.needs:
        yield f"{'':8} not checked: {outcome.reason}"
    for finding in outcome.findings:
        yield textwrap.indent(f"{finding.where}: {finding.message}\nfix: {finding.fix}", " " * 9)


def _answers(questions: dict[str, Any]) -> Iterator[str]:
    """Yield the answers to the three questions for people."""
    if "unanswered" in questions:
        yield f"The three questions have no answer: {questions['unanswered']}"
        return
    yield f"The models register {_listed(questions['models'], 'tables')}"
    if "database" not in questions:
        return
    if questions["tables"] is None:
        yield f"The database {questions['database']} does not exist yet"
        return
    revision = ", ".join(questions["revision"]) or "no revision"
    yield f"The database {questions['database']} has {_listed(questions['tables'], 'tables')}; it is at {revision}"
    if unknown := sorted(set(questions["tables"]) - set(questions["models"])):
        yield f"In no model: {', '.join(unknown)}"
    yield f"Alembic sees {_listed(questions['differences'], 'differences')}"


def _listed(names: list[str], kind: str) -> str:
    return f"{len(names)} {kind}: {', '.join(names[:40]) or '-'}{' ...' if len(names) > 40 else ''}"
