"""What autogenerate has seen and cannot write: said once a command."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from alembic.runtime.migration import MigrationContext
from alembic.util import warn

_said: WeakKeyDictionary[MigrationContext, set[str]] = WeakKeyDictionary()


def say(context: MigrationContext, sentence: str) -> None:
    """Warn of something, once."""
    said = _said.setdefault(context, set())
    if sentence not in said:
        said.add(sentence)
        warn(sentence)


def has_said(context: MigrationContext) -> bool:
    """Tell whether there is something that autogenerate has seen and cannot write."""
    return bool(_said.get(context))
