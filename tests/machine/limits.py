"""What autogenerate is known not to reach, all of it: each with a name and a reason, which docs/decisions/0036 repeats.

Some changes are left out of the pairs; some are refused, and the sentence is part of what is demanded. The machine
counts how often each was met.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """A sentence that may come in place of a revision, or of a script; nothing is written then."""

    name: str
    phase: str  # how the name of the phase begins in which it may come
    sentence: str  # a regular expression
    reason: str


REFUSALS = (
    Refusal(
        "a view reads what changes",
        "second",
        r"The view .* reads",
        "what a view shall read afterwards is not in the models: it is dropped and made again by hand",
    ),
    Refusal(
        "SQLite rebuilds a table, and --sql has no table to read",
        "offline",
        r"live database connection|--sql",
        "a rebuilt table is made from what is reflected of it, and --sql has no connection",
    ),
)


def refusal(kind: str, phase: str, text: str) -> str | None:
    """Return the name of the limit that a sentence is about, or None."""
    if kind != "sqlite" and phase.startswith("offline"):
        return None
    found = (each for each in REFUSALS if phase.startswith(each.phase) and re.search(each.sentence, text))
    return next((each.name for each in found), None)
