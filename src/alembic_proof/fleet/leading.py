"""Whatever env.py connects to: while a target is migrated, the connections of this process lead there.

So env.py stays as it is. SQLAlchemy sends ``do_connect`` before it connects; see alembic_proof.sandbox.redirect.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool

from ..dialects.base import ONE_SCHEMA
from ..sandbox.redirect import URL_PARTS, place_of
from ..sandbox.scratch import canonical, is_direct
from .connections import dialect_of
from .targets import Target

# The parameters of a driver's connect() that are about a place. How a connection to it is secured is kept.
_PLACE = {*(name for names in URL_PARTS.values() for name in names), "hostaddr", "service", "passfile"}


@contextmanager
def leading_to(target: Target) -> Iterator[None]:
    """Let every connection that this process opens meanwhile lead to a target, in its schema.

    Connecting raises CommandError where env.py connects to several databases, or to one of another kind.
    """
    leader = _Leader(target)
    with ExitStack() as stack:
        for kind, name, listener in ((Engine, "do_connect", leader.connect), (Pool, "connect", leader.connected)):
            event.listen(kind, name, listener)
            stack.callback(event.remove, kind, name, listener)
        yield


class _Leader:
    def __init__(self, target: Target) -> None:
        self._target = target
        own = dialect_of(target.address.drivername)
        self._own_place = place_of(own, *own.create_connect_args(target.address))
        self._asked_for = ""  # the database that env.py connects to by itself

    def connect(self, dialect: Any, record: Any, arguments: Any, parameters: Any) -> Any:
        """Connect to the target in place of what was asked for; the options that are not about a place are kept."""
        if is_direct(dialect):
            return None
        if canonical(dialect.name) != canonical(self._target.address.get_backend_name()):
            raise CommandError(f"env.py connects to a {dialect.name} database, and {self._target.name} is none.")
        record.info[ONE_SCHEMA] = self._target.schema
        asked_for = place_of(dialect, arguments, parameters)
        if asked_for == self._own_place:
            return None
        if self._asked_for not in ("", asked_for):
            raise CommandError(
                f"env.py connects to two databases ({self._asked_for}; {asked_for}), so nobody knows which of them is "
                "the target. Let it connect to the one that it migrates only."
            )
        self._asked_for = asked_for
        url = self._target.address.set(drivername=f"{dialect.name}+{dialect.driver}")
        options = {name: value for name, value in parameters.items() if name not in _PLACE}
        arguments, own = dialect.create_connect_args(url)
        return dialect.connect(*arguments, **{**options, **own})

    def connected(self, connection: Any, record: Any) -> None:
        """Let the target's schema be the first one that names are looked for in; a session keeps it."""
        schema = record.info.get(ONE_SCHEMA)
        if schema is None:
            return
        quoted = schema.replace('"', '""')
        cursor = connection.cursor()
        cursor.execute(f'SET search_path TO "{quoted}", public')
        cursor.execute("SELECT current_schema()")
        found = cursor.fetchone()[0]
        cursor.close()
        connection.commit()
        if found != schema:
            raise CommandError(f"There is no schema {schema}: create it first (CREATE SCHEMA).")
