"""What a target's schema is, whether two are the same, and how they differ, in words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ..dialects import postgresql
from ..schema import Difference, Schema, compare, gather, own_tables, read
from .connections import Looker, looking
from .history import History
from .looking import version_rows
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
    revisions = frozenset(str(row[0]) for row in version_rows(looker, history, "NULL", target.schema) if row[0])
    if looker.dialect.name == "postgresql":  # one query; SQLAlchemy would ask several things before it
        if target.schema:
            looker.run(f"SET search_path TO {looker.quoted(target.schema)}, public")
        schema = gather(looker.ask(postgresql.catalogue(target.schema)), target.schema)
    else:
        schema = read(target.address)
    own = own_tables(history.version_table)
    return Reading(revisions, {table: items for table, items in schema.items() if table not in own})


def differences(wanted: Schema, existing: Schema) -> list[str]:
    """Return how a schema differs from the one that is wanted: for each item a sentence without a subject."""
    found = [_told(difference) for difference in compare(wanted, existing, None)]
    extra = [f"has the table {table} besides" for table in existing if table and table not in wanted]
    types = set(existing.get("", {})) - set(wanted.get("", {}))
    return [*found, *extra, *(f"has the {item} besides" for item in sorted(types))]


def _told(difference: Difference) -> str:
    place = f"{difference.item} of {difference.table}" if difference.table else difference.item
    if not difference.item:
        return f"lacks the table {difference.table}"
    if difference.wanted is None:
        return f"has {place} besides: {difference.existing}"
    if difference.existing is None:
        return f"lacks {place}: {difference.wanted}"
    if difference.existing_item:
        return f"has {place} under the name {difference.existing_item.partition(' ')[2]}"
    return f"{place} is {difference.existing}, not {difference.wanted}"


def grouped(findings: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield each finding with the names of the targets that have it, that of most targets first."""
    names: dict[str, list[str]] = {}
    for name, sentences in sorted(findings.items()):
        for sentence in sentences:
            names.setdefault(sentence, []).append(name)
    yield from sorted(names.items(), key=lambda item: (-len(item[1]), item[0]))
