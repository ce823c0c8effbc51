"""What SQLAlchemy does not read of PostgreSQL's indexes and constraints: of all of them, in one statement."""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Constraint, Table, text

from ..renamed_inspector import RenamedInspector

# An index is told in full where it has an expression, or an operator class or a collation that is not the usual one.
_DETAILS = """
SELECT CASE WHEN nspname = current_schema() THEN NULL ELSE nspname END, c.relname, conname, contype::text,
    CASE contype WHEN 'x' THEN pg_get_constraintdef(x.oid) END, condeferrable, condeferred, NULL::text[], NULL::text[]
FROM pg_constraint x JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = relnamespace
WHERE (contype = 'x' OR (contype = 'f' AND confmatchtype = 'f') OR (contype = 'u' AND condeferrable))
    AND nspname !~ '^(pg_|information_schema)'
UNION ALL
SELECT CASE WHEN nspname = current_schema() THEN NULL ELSE nspname END, relname, conname, 'v', NULL, false, false,
    NULL::text[], NULL::text[]
FROM pg_constraint JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = relnamespace
WHERE NOT convalidated AND nspname !~ '^(pg_|information_schema)'
UNION ALL
SELECT CASE WHEN nspname = current_schema() THEN NULL ELSE nspname END, t.relname, c.relname, 'i',
    CASE WHEN indexprs IS NOT NULL
        OR EXISTS (SELECT 1 FROM pg_opclass o WHERE o.oid = ANY (indclass) AND NOT opcdefault)
        OR EXISTS (SELECT 1 FROM unnest(indkey, indcollation) AS k (attribute, collation_) JOIN pg_attribute a
            ON attrelid = indrelid AND attnum = attribute WHERE collation_ <> 0 AND collation_ <> attcollation)
    THEN pg_get_indexdef(c.oid) END, false, false,
    ARRAY(SELECT opcname::text FROM unnest(indclass) WITH ORDINALITY AS u (class, at)
        JOIN pg_opclass o ON o.oid = class ORDER BY at),
    ARRAY(SELECT COALESCE(collname::text, '') FROM unnest(indcollation) WITH ORDINALITY AS u (collation_, at)
        LEFT JOIN pg_collation o ON o.oid = collation_ ORDER BY at)
FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_class t ON t.oid = indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT indisprimary AND nspname !~ '^(pg_|information_schema)'
"""


class Detail(NamedTuple):
    """A constraint or an index, by the names that it and its table have in the database."""

    schema: str | None
    table: str
    name: str
    # "x": EXCLUDE; "f": a foreign key that is MATCH FULL; "u": a deferrable UNIQUE; "v": NOT VALID; "i": an index
    kind: str
    definition: str | None
    deferrable: bool
    deferred: bool
    classes: list[str] | None  # the operator classes of an index, also those that are usual for a type
    collations: list[str] | None  # and the collations

    @property
    def deferring(self) -> dict[str, Any]:
        """When the constraint is checked, as SQLAlchemy has it."""
        return {"deferrable": True, "initially": "DEFERRED" if self.deferred else None} if self.deferrable else {}


def read_validity(autogen_context: AutogenContext, table: Table) -> None:
    """Let the constraints of a reflected table say that they are NOT VALID.

    SQLAlchemy does not read it of foreign keys, and gives it to a CHECK as an option that does not exist.
    """
    names = {detail.name for detail in details(autogen_context, table, "v")}
    for constraint in table.constraints if names else ():
        if constraint.name in names:
            constraint.dialect_options.pop("dialect", None)
            constraint.dialect_kwargs["postgresql_not_valid"] = True


def deferring(constraint: Constraint) -> tuple[bool, bool]:
    """Return whether a constraint can be deferred, and whether it is: PostgreSQL takes the latter to say the former."""
    is_deferred = str(getattr(constraint, "initially", None)).upper() == "DEFERRED"
    return bool(getattr(constraint, "deferrable", None)) or is_deferred, is_deferred


_details: WeakKeyDictionary[AutogenContext, dict[tuple[Any, ...], list[Detail]]] = WeakKeyDictionary()


def details(autogen_context: AutogenContext, table: Table, kind: str) -> list[Detail]:
    """Return what a reflected table has of a kind."""
    if autogen_context not in _details:
        connection: Any = autogen_context.connection
        found = _details.setdefault(autogen_context, {})
        for row in connection.execute(text(_DETAILS)).all():
            detail = Detail(*row)
            found.setdefault((detail.schema, detail.table, detail.kind), []).append(detail)
    inspector: Any = autogen_context.inspector
    is_renamed = isinstance(inspector, RenamedInspector)
    name = inspector.new_names.old_table(table.schema, table.name) if is_renamed else table.name
    return _details[autogen_context].get((table.schema, name, kind), [])
