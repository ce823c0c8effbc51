"""Makes SQLAlchemy + Alembic safe. What is in ``__all__`` is public, and imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .autogenerate.options import options
    from .errors import DatabaseNotReady, SettingsError
    from .migrate.connection import connect, migrating
    from .serving import StartupErrors, trouble
    from .startup import async_require_head, require_head
    from .url import async_url, database_url, sync_url

__version__ = "1.3.0"
__all__ = [
    "DatabaseNotReady",
    "SettingsError",
    "StartupErrors",
    "__version__",
    "async_require_head",
    "async_url",
    "connect",
    "database_url",
    "migrating",
    "options",
    "require_head",
    "sync_url",
    "trouble",
]

_HOMES = {
    "DatabaseNotReady": "errors",
    "SettingsError": "errors",
    "StartupErrors": "serving",
    "async_require_head": "startup",
    "async_url": "url",
    "connect": "migrate.connection",
    "database_url": "url",
    "migrating": "migrate.connection",
    "options": "autogenerate.options",
    "require_head": "startup",
    "sync_url": "url",
    "trouble": "serving",
}
_OF_ENV_PY = {"autogenerate.options", "migrate.connection"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _HOMES[name] in _OF_ENV_PY:
        # Before env.py reads its configuration file, and imports the models.
        import_module(".cli.failures", __name__).explain_failures()
        import_module(".migrate.connection", __name__).require_own_program()
    value = globals()[name] = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
