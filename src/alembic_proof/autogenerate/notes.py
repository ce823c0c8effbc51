"""What autogenerate has seen and cannot write: said once a command."""

from __future__ import annotations

import logging
from weakref import WeakKeyDictionary

from alembic.runtime.migration import MigrationContext

from ..migrate.warnings import warn

# As a warning of Python's it would come with a file and a line of this library, which nobody can change.
log = logging.getLogger("alembic.autogenerate.notes")

_said: WeakKeyDictionary[MigrationContext, set[str]] = WeakKeyDictionary()


def say(context: MigrationContext, sentence: str) -> None:
    """Warn of something, once."""
    said = _said.setdefault(context, set())
    if sentence not in said:
        said.add(sentence)
        warn(log, sentence)


def has_said(context: MigrationContext) -> bool:
    """Tell whether there is something that autogenerate has seen and cannot write."""
    return bool(_said.get(context))
