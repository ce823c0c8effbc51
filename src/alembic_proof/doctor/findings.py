"""What a check finds, and what becomes of a check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import ClassVar

from ..errors import UndeterminedError


class Severity(str, Enum):
    """How a check ended; for a finding, whether it changes the exit code."""

    OK = "ok"
    PROBLEM = "problem"
    UNKNOWN = "unknown"
    NOTE = "note"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """Something that a check found: where it is, what is wrong, and what to do."""

    where: str
    message: str
    fix: str
    severity: ClassVar[Severity]

    def spelled(self, spell: Callable[[str], str]) -> Finding:
        """Return it with its sentences spelt in another way."""
        return replace(self, message=spell(self.message), fix=spell(self.fix))

    def as_dict(self) -> dict[str, str]:
        """Return it for the JSON report."""
        return {"severity": self.severity.value, **asdict(self)}


class Problem(Finding):
    """A fault: the exit code is 1."""

    severity = Severity.PROBLEM


class Note(Finding):
    """Worth knowing, but no fault: the exit code does not change."""

    severity = Severity.NOTE


class BlockedError(UndeterminedError):
    """A check cannot be carried out before another one succeeds."""

    def __init__(self, needs: str) -> None:
        super().__init__(f"it needs {needs}")
        self.needs = needs  # the id of the other check


@dataclass(frozen=True)
class Outcome:
    """How a check ended."""

    severity: Severity
    findings: Sequence[Finding] = ()
    reason: str = ""  # why it was skipped, or could not be carried out
    needs: str = ""  # the id of the check that must succeed first, if that is the reason
    follows: str = ""  # the id of the check whose findings explain these
    failed: bool = False  # the project's own code ended it: its finding says how

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> Outcome:
        """Return the outcome of a check that was carried out."""
        severities = {finding.severity for finding in findings}
        order = (Severity.PROBLEM, Severity.NOTE)
        return cls(next((severity for severity in order if severity in severities), Severity.OK), findings)

    @classmethod
    def unknown(cls, reason: Exception | str) -> Outcome:
        """Return the outcome of a check that could not be carried out."""
        return cls(Severity.UNKNOWN, reason=str(reason), needs=getattr(reason, "needs", ""))

    @classmethod
    def skipped(cls, reason: Exception | str) -> Outcome:
        """Return the outcome of a check that does not apply."""
        return cls(Severity.SKIPPED, reason=str(reason))
