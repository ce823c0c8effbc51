"""One schema in many databases: where each of them is, all to one revision, and whether their schemas are the same.

What is in ``__all__`` is public, and imported when it is used: the command line begins with little.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .drift import Drift, find_drift
    from .history import Project
    from .looking import Standing, State, look
    from .migrating import Options, Outcome, migrate_fleet
    from .targets import Shard, Target, TargetsError, from_file, from_function, select
    from .work import Result, migrate_target

_HOMES = {
    "Drift": "drift",
    "Options": "migrating",
    "Outcome": "migrating",
    "Project": "history",
    "Result": "work",
    "Shard": "targets",
    "Standing": "looking",
    "State": "looking",
    "Target": "targets",
    "TargetsError": "targets",
    "find_drift": "drift",
    "from_file": "targets",
    "from_function": "targets",
    "look": "looking",
    "migrate_fleet": "migrating",
    "migrate_target": "work",
    "select": "targets",
}
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


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    return value
