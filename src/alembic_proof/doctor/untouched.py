"""Looking at a project's objects without waking them: a proxy or a lazy object may raise, whatever it is asked."""

from __future__ import annotations

from typing import Any, TypeGuard, TypeVar

T = TypeVar("T")


def is_a(value: Any, *kinds: type[T]) -> TypeGuard[T]:
    """Tell whether a value is of a kind by its own type: isinstance() also asks the value for its ``__class__``."""
    return issubclass(type(value), kinds)
