"""Where each target of a fleet is, asked of all of them at once; nothing is changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from itertools import chain
from typing import Any

from sqlalchemy import URL

from .. import dialects
from ..connecting import why_not
from ..dialects import postgresql
from ..errors import error_codes
from ..schema import own_tables
from ..sqltext import quote_literal
from .connections import Looker, in_threads, looking, place
from .history import History
from .limits import THREADS
from .targets import Target

_AT_ONCE = 1000  # schemas in one query
_NO_TABLE = {"42P01", 1146}  # of PostgreSQL and MariaDB; SQLite has a text
_NO_COLUMN = {"42703", 1054}


class UnreadableError(Exception):
    """A target has not what is to be read there; the reason is the end of a sentence."""


class State(Enum):
    """Where a target is."""

    AT_HEAD = "at head"
    BEHIND = "behind"
    AHEAD = "ahead"
    UNKNOWN = "unknown revision"
    NEVER = "never migrated"
    INTERRUPTED = "interrupted"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    DUPLICATE = "named twice"

    @property
    def is_open(self) -> bool:
        """Tell whether an upgrade has something to do there, and may."""
        return self in (State.BEHIND, State.NEVER, State.INTERRUPTED, State.BUSY)


@dataclass(frozen=True)
class Standing:
    """What was found out about a target."""

    target: Target
    state: State
    revisions: frozenset[str] = frozenset()  # that it is at
    behind: int = 0  # revisions that an upgrade would apply
    detail: str = ""  # a sentence for people
    identity: str = ""  # of the database, as its server tells it


def look(
    targets: Iterable[Target],
    history: History,
    revision: str = "heads",
    threads: int = THREADS,
    seen: Callable[[Standing], None] | None = None,
) -> list[Standing]:
    """Return where each target is, in their order; ``seen`` is called with each as soon as it is known.

    A server that does not answer within 5 seconds counts as unreachable. A database at head is sent one SELECT, and
    all schemas of a database two.
    """
    found = list(targets)
    databases: dict[URL | str, list[Target]] = defaultdict(list)
    for target in found:
        databases[target.address if target.schema else target.name].append(target)
    look_at = _Look(history, revision)
    standings = {}
    for standing in chain.from_iterable(in_threads(look_at, databases.values(), threads)):
        if seen is not None:
            seen(standing)
        standings[standing.target.name] = standing
    return list(_without_duplicates(standings[target.name] for target in found))


class _Look:
    """How one database is looked at, or several schemas of one."""

    def __init__(self, history: History, revision: str) -> None:
        self._history, self._revision = history, revision
        self._wanted = history.resolve(revision)

    def __call__(self, targets: list[Target]) -> list[Standing]:
        schemas = [target for target in targets if target.schema]
        try:
            with looking(targets[0].address) as looker:
                return list(self._schemas(looker, schemas)) if schemas else [self._database(looker, targets[0])]
        except FileNotFoundError:
            return [replace(self._standing(target, frozenset()), detail="there is no file yet") for target in targets]
        except Exception as error:  # of any driver
            reason = why_not(targets[0].address, error)
            return [Standing(target, State.UNREACHABLE, detail=reason) for target in targets]

    def _database(self, looker: Looker, target: Target) -> Standing:
        dialect = dialects.get(looker.dialect.name)
        rows = version_rows(looker, self._history, dialect.identity)
        current = frozenset(str(row[0]) for row in rows if row[0] is not None)
        at = replace(self._standing(target, current), identity=str(rows[0][1] or ""))
        interrupted = bool(dialect.interrupted and looker.ask(dialect.interrupted)[0][0])
        if (interrupted or at.state.is_open) and dialect.is_migrating and looker.ask(dialect.is_migrating)[0][0]:
            return replace(at, state=State.BUSY, detail="another process migrates it")
        if interrupted:
            return replace(at, state=State.INTERRUPTED, detail="a migration ended half-way, and a rerun goes on there")
        if at.state is State.NEVER:
            names = {str(row[0]) for row in looker.ask(dialect.table_names)}
            if others := len(names - own_tables(self._history.version_table)):
                detail = f"it has {others} {'table' if others == 1 else 'tables'}: if a revision made them, stamp it"
                return replace(at, detail=detail)
        return at

    def _schemas(self, looker: Looker, targets: list[Target]) -> Iterator[Standing]:
        """Yield where schemas of one PostgreSQL database are."""
        found = {
            str(name): (bool(has_table), bool(is_migrating), str(identity))
            for name, has_table, is_migrating, identity in looker.ask(postgresql.schemas(self._history.version_table))
        }
        migrated = [target.schema for target in targets if found.get(target.schema or "", (False,))[0]]
        current: dict[str, set[str]] = defaultdict(set)
        unread: dict[str, Exception] = {}
        for first in range(0, len(migrated), _AT_ONCE):
            unread |= self._read_versions(looker, migrated[first : first + _AT_ONCE], current)
        for target in targets:
            schema = str(target.schema)
            if schema not in found:
                yield Standing(target, State.UNREACHABLE, detail=no_schema(looker, schema))
                continue
            if schema in unread:
                yield Standing(target, State.UNREACHABLE, detail=why_not(target.address, unread[schema]))
                continue
            _, is_migrating, identity = found[schema]
            at = replace(self._standing(target, frozenset(current[schema])), identity=identity)
            if at.state.is_open and is_migrating:
                at = replace(at, state=State.BUSY, detail="another process migrates it")
            yield at

    def _read_versions(self, looker: Looker, schemas: list[Any], current: dict[str, set[str]]) -> dict[str, Exception]:
        """Add the revisions of schemas, all in one query if each can be read; return why one cannot."""
        table = looker.quoted(self._history.version_table)
        query = " UNION ALL ".join(
            f"SELECT {quote_literal(schema)}, version_num FROM {looker.quoted(schema)}.{table}" for schema in schemas
        )
        with suppress(looker.errors):
            for schema, revision in looker.ask(query):
                current[schema].add(revision)
            return {}
        unread: dict[str, Exception] = {}
        for schema in schemas:
            try:
                rows = version_rows(looker, self._history, "NULL", schema)
            except (UnreadableError, looker.errors) as error:
                unread[schema] = error
            else:
                current[schema].update(str(row[0]) for row in rows if row[0] is not None)
        return unread

    def _standing(self, target: Target, current: frozenset[str]) -> Standing:
        """Return where a target is that has these revisions, as far as they tell."""
        if unknown := self._history.unknown(current):
            detail = f"this code does not have the revision {', '.join(unknown)}: a newer release has migrated it"
            return Standing(target, State.UNKNOWN, current, detail=detail)
        if current == self._wanted:
            return Standing(target, State.AT_HEAD, current)
        behind = self._history.behind(current, self._revision)
        state = State.NEVER if not current else State.BEHIND if behind else State.AHEAD
        return Standing(target, state, current, behind)


def version_rows(looker: Looker, history: History, besides: str, schema: str | None = None) -> list[Sequence[Any]]:
    """Return the rows of the version table, each with an expression besides: one row where it is empty, or missing."""
    names = (schema or history.version_table_schema, history.version_table)
    table = ".".join(looker.quoted(name) for name in names if name)
    try:
        return looker.ask(f"SELECT version_num, {besides} FROM (SELECT 1 AS one) one LEFT JOIN {table} ON 1 = 1")
    except looker.errors as error:
        codes, text = error_codes(error), str(error)
        if codes & _NO_COLUMN or text.startswith("no such column: version_num"):
            raise UnreadableError(
                f"its table {history.version_table} is none of Alembic's, as it has no column version_num: rename it, "
                "or give Alembic's another name (version_table in env.py)"
            ) from None
        if not (codes & _NO_TABLE or text.startswith("no such table")):
            raise
        if looker.dialect.name == "postgresql":
            for (closed,) in looker.ask(postgresql.closed_schemas(history.version_table)):
                raise UnreadableError(
                    f"its user may not look into the schema {closed}: grant it (GRANT USAGE ON SCHEMA "
                    f"{looker.quoted(closed)})"
                ) from None
        return looker.ask(f"SELECT NULL, {besides}")


def no_schema(looker: Looker, schema: str) -> str:
    """Return what is told of a schema that is not there."""
    return f"there is no schema {schema}: create it (CREATE SCHEMA {looker.quoted(schema)})"


def _without_duplicates(standings: Iterable[Standing]) -> Iterator[Standing]:
    """Yield the standings; one whose database an earlier target has is told to be named twice."""
    seen: dict[tuple[str, str | None], str] = {}
    for standing in standings:
        default = "public" if standing.target.address.get_backend_name() == "postgresql" else None
        schema = standing.target.schema or default
        keys = [(key, schema) for key in (place(standing.target.address), standing.identity) if key]
        earlier = next((seen[key] for key in keys if key in seen), "")
        for key in keys:
            seen.setdefault(key, standing.target.name)
        detail = f"the same database as {earlier}: remove one of the two"
        yield replace(standing, state=State.DUPLICATE, detail=detail) if earlier else standing
