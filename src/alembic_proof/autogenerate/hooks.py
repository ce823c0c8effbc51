"""How a project's own hooks of ``context.configure()`` and ours are called together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Literal

Hook = Callable[..., Any]


def both(own: Hook | None, ours: Hook) -> Hook:
    """Return an include_object or include_name that says yes where both do."""
    if own is None:
        return ours

    @wraps(own)  # who wants to know where the project's own is finds it in __wrapped__
    def includes(*arguments: Any) -> Any:
        return own(*arguments) and ours(*arguments)

    return includes


def first_answer(own: Hook | None, ours: Hook) -> Hook:
    """Return a render_item that asks the project's own first, and ours where that returns False."""
    if own is None:
        return ours

    @wraps(own)
    def render_item(*arguments: Any) -> str | Literal[False]:
        rendered: str | Literal[False] = own(*arguments)
        return ours(*arguments) if rendered is False else rendered

    return render_item


def several(hooks: Hook | Iterable[Hook] | None) -> tuple[Hook, ...]:
    """Return hooks that were given as one, several or none."""
    if hooks is None:
        return ()
    return (hooks,) if callable(hooks) else tuple(hooks)
