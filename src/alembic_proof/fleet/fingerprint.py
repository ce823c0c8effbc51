"""What a target's schema is, whether two are the same, and how they differ, in words."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from ..dialects import postgresql_catalogue
from ..schema import Difference, Schema, catalogue, compare, gather, own_tables
from ..sqltext import quote_literal
from .connections import Looker, looking
from .history import History
from .looking import UnreadableError, no_schema, version_rows
from .targets import Target


@dataclass(frozen=True)
class Reading:
    """What a database has."""

    revisions: frozenset[str]  # that it is at
    schema: Schema  # without what Alembic and this library keep there

    @cached_property
    def digest(self) -> str:
        """Return a text that is the same for two schemas which the catalogue has in the same words."""
        return hashlib.sha256(json.dumps(self.schema, sort_keys=True).encode()).hexdigest()


def read_target(target: Target, history: History) -> Reading:
    """Read a target's revisions, and its schema from the database's catalogue. Raises whatever the driver raises."""
    with looking(target.address) as looker:
        return read_by(looker, target, history)


def read_by(looker: Looker, target: Target, history: History) -> Reading:
    """Do so over a connection that there is already."""
    is_postgresql = looker.dialect.name == "postgresql"  # whose catalogue is read over this connection
    found = version_rows(looker, history, postgresql_catalogue.KINDS if is_postgresql else "NULL", target.schema)
    revisions = frozenset(str(row[0]) for row in found if row[0])
    if is_postgresql:
        if target.schema:
            name = quote_literal(target.schema)
            if not revisions and not looker.ask(f"SELECT 1 FROM pg_namespace WHERE nspname = {name}"):
                raise UnreadableError(no_schema(looker, target.schema))
            looker.run(f"SET search_path TO {looker.quoted(target.schema)}, public")
        query = postgresql_catalogue.everything(str(found[0][1]), target.schema)
        rows = tuple(tuple(row) for row in looker.ask(query))
    else:
        rows = catalogue(target.address)
    return Reading(revisions, _gathered(rows, history.version_table))


@lru_cache(maxsize=8)
def _gathered(rows: tuple[tuple[Any, ...], ...], version_table: str) -> Schema:
    """Return the schema that the rows of a catalogue are: once for all targets that have the same rows."""
    own = own_tables(version_table)
    return {table: items for table, items in gather(rows).items() if table not in own}


def differences(wanted: Schema, existing: Schema) -> list[str]:
    """Return how a schema differs from the one that is wanted: for each item a sentence without a subject."""
    found = [_told(difference) for difference in compare(wanted, existing, None)]
    extra = [f"has the table {table} besides" for table in existing if table and table not in wanted]
    types = set(existing.get("", {})) - set(wanted.get("", {}))
    return [*found, *extra, *(f"has the {item} besides" for item in sorted(types))]


def _told(difference: Difference) -> str:
    place = f"{difference.item} of {difference.table}" if difference.table else difference.item
    wanted, existing = (_shortened(text) for text in (difference.wanted, difference.existing))
    if not difference.item:
        return f"lacks the table {difference.table}"
    if difference.wanted is None:
        return f"has {place} besides: {existing}"
    if difference.existing is None:
        return f"lacks {place}: {wanted}"
    if difference.existing_item:
        return f"has {place} under the name {difference.existing_item.partition(' ')[2]}"
    if wanted == existing:
        return f"{place} has another end: both begin with {wanted}"
    return f"{place} is {existing}, not {wanted}"


def _shortened(text: str | None, most: int = 160) -> str:
    """Return a text, of a view for one, as it is told."""
    line = re.sub(r"\s*\n\s*", " ", text or "").strip()
    return line if len(line) <= most else f"{line[:most]} ..."


def grouped(findings: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield each finding with the names of the targets that have it, that of most targets first."""
    names: dict[str, list[str]] = {}
    for name, sentences in sorted(findings.items()):
        for sentence in sentences:
            names.setdefault(sentence, []).append(name)
    yield from sorted(names.items(), key=lambda item: (-len(item[1]), item[0]))
