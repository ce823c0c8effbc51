"""One schema in many databases: where each of them is, all to one revision, and whether their schemas are the same."""

from __future__ import annotations

from .drift import Drift, find_drift
from .history import Project
from .looking import Standing, State, look
from .migrating import Options, Outcome, migrate_fleet
from .targets import Shard, Target, TargetsError, from_file, from_function, select
from .work import Result, migrate_target

__all__ = [
    "Drift",
    "Options",
    "Outcome",
    "Project",
    "Result",
    "Shard",
    "Standing",
    "State",
    "Target",
    "TargetsError",
    "find_drift",
    "from_file",
    "from_function",
    "look",
    "migrate_fleet",
    "migrate_target",
    "select",
]
