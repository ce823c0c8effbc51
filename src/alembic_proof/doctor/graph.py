"""What follows from what: which checks a check requires, and which finding explains another one."""

from __future__ import annotations

from dataclasses import replace

from .findings import BlockedError, Outcome, Severity
from .registry import Check

_NONE = Outcome.of([])


def with_required(wanted: list[Check], order: list[Check]) -> set[str]:
    """Return the ids of the wanted checks, and of all that they require."""
    ids = {check.id for check in wanted}
    for check in reversed(order):
        if check.id in ids:
            ids.update(check.requires)
    return ids


class Graph:
    """The outcomes so far, by the id of the check, and what follows from them for the next one."""

    def __init__(self, order: list[Check]) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self._essential = {check.id for check in order if check.essential}

    def stops(self, check: Check) -> BlockedError | None:
        """Return why a check cannot be carried out: one that it requires has failed."""
        for id in check.requires:
            outcome = self.outcomes.get(id, _NONE)
            has_problem = outcome.severity is Severity.PROBLEM and id in self._essential
            if outcome.failed or outcome.severity is Severity.UNKNOWN or has_problem:
                return BlockedError(outcome.needs or id)
        return None

    def placed(self, check: Check, outcome: Outcome) -> Outcome:
        """Return an outcome with what it follows from: an earlier check failed in the same way, or explains it."""
        for id, earlier in self.outcomes.items():
            same_reason = outcome.severity is Severity.UNKNOWN and not outcome.needs and outcome == earlier
            if same_reason or (outcome.failed and set(outcome.findings) <= set(earlier.findings)):
                return Outcome.unknown(BlockedError(id))
        if outcome.severity is not Severity.PROBLEM:
            return outcome
        causes = (self.outcomes.get(id, _NONE) for id in check.follows)
        explained = [
            earlier.follows or id
            for id, earlier in zip(check.follows, causes, strict=True)
            if earlier.severity is Severity.PROBLEM
        ]
        return replace(outcome, follows=explained[0]) if explained else outcome
