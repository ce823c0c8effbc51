"""Whether Alembic will run the functions of the revisions at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from inspect import iscoroutinefunction, ismodule
from pathlib import Path
from typing import TypeVar

from alembic.runtime.migration import MigrationStep, RevisionStep
from alembic.util import CommandError

Step = TypeVar("Step", bound=MigrationStep)


def require_functions(plan: Callable[[], Iterable[Step]]) -> list[Step]:
    """Return the steps of a command, which its plan finds.

    Raises CommandError for a revision without the function, which Alembic tells as a fault of env.py, and for a
    coroutine: Alembic would call it, which does nothing, and report success.
    """
    try:
        found = list(plan())
    except AttributeError as error:
        if not (ismodule(error.obj) and error.obj.__file__ and error.name in ("upgrade", "downgrade")):
            raise
        file = Path(error.obj.__file__).name
        raise CommandError(
            f"{file} has no function {error.name}(): write it, with `pass` where nothing is to be done. Nothing was "
            "changed."
        ) from None
    for step in found:
        if isinstance(step, RevisionStep) and iscoroutinefunction(step.migration_fn):
            name = "upgrade" if step.is_upgrade else "downgrade"
            raise CommandError(
                f"{Path(step.revision.path).name}: {name}() is a coroutine (async def). Alembic would never run it, "
                f"and note the revision as done. Write `def {name}()`. Nothing was changed."
            )
    return found
