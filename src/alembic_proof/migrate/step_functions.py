"""Whether Alembic will run the functions of the revisions at all."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import iscoroutinefunction
from pathlib import Path

from alembic.runtime.migration import MigrationStep, RevisionStep
from alembic.util import CommandError


def require_functions(steps: Iterable[MigrationStep]) -> list[MigrationStep]:
    """Return the steps of a command.

    Raises CommandError for a coroutine: Alembic would call it, which does nothing, and report success.
    """
    found = list(steps)
    for step in found:
        if isinstance(step, RevisionStep) and iscoroutinefunction(step.migration_fn):
            name = "upgrade" if step.is_upgrade else "downgrade"
            raise CommandError(
                f"{Path(step.revision.path).name}: {name}() is a coroutine (async def). Alembic would never run it, "
                f"and note the revision as done. Write `def {name}()`. Nothing was changed."
            )
    return found
