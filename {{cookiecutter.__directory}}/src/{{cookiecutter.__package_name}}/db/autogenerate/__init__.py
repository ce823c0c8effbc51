"""What autogenerate compares, and what a new revision may contain: the rules, each in a module of its own."""

from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import MetaData, inspect

from ... import models
from . import casts, checks, computed, defaults, drops, enums, indexes, keys, notnull, order, renames, schemas, stored
from .answers import Answers
from .draft import Draft, Rule, full_name, model_tables
from .ours import include_object, include_schemas
from .rendering import render_item

__all__ = ["PLUGINS", "RULES", "include_object", "include_schemas", "render_item", "tidy", "with_tables"]

# What is compared. To leave something out, delete its line; without the first, nothing is compared.
PLUGINS = [
    "alembic.autogenerate.*",  # Alembic's own comparison
    "alembic.ext.checkconstraint_byname",  # CHECKs, by their names
    defaults.PLUGIN,  # server defaults
    checks.PLUGIN,  # CHECKs, by their text
    computed.PLUGIN,  # what columns are computed from
    stored.PLUGIN,  # how PostgreSQL writes the texts of both
    indexes.PLUGIN,  # the expressions and predicates of indexes
    keys.PLUGIN,  # primary keys, and the names of foreign keys
    enums.PLUGIN,  # PostgreSQL's enum types and their labels
]

# What happens to a revision before it is written. To switch a rule off, delete its line.
RULES: tuple[Rule, ...] = (
    renames.ask,  # a column or table that goes and one that comes may be the same
    enums.ask,  # so may an enum's label
    drops.ask,  # nothing is dropped that nobody meant to drop
    checks.once,  # the CHECK of a type is written once, by its name
    casts.using,  # PostgreSQL is told how to convert values to a type of another kind
    schemas.make,  # a schema of PostgreSQL comes before the first table in it
    Draft.reverse,  # the downgrade, from what the upgrade is by now
    indexes.keep,  # SQLite forgets some indexes when it rebuilds a table
    order.arrange,  # what refers to something comes after it
    keys.drop_implicit_indexes,  # MariaDB and MySQL make an index for a foreign key, and leave it behind
    notnull.in_steps,  # a column becomes NOT NULL where there are rows
    drops.mark,  # the lines that destroy data say so
)


def with_tables(metadata: MetaData) -> MetaData:
    """Return the metadata, with the tables of models.ELSEWHERE too.

    Those are imported here, by the migrations: importing any of them first imports this package's Base, and the circle
    would not close. Raises CommandError when there is no such package, or no table at all.
    """
    for package in getattr(models, "ELSEWHERE", ()):
        try:
            models.import_all(package)
        except ModuleNotFoundError as error:
            if not error.name or not f"{package}.".startswith(f"{error.name}."):
                raise
            raise CommandError(
                f"ELSEWHERE in models/__init__.py names {package}, and there is no {error.name}: correct the name, or "
                "install the package, or put it into src."
            ) from None
    if not metadata.tables:
        raise CommandError(
            "The models register no table: write a class that inherits Base and has a __tablename__ into a module of "
            "the models package."
        )
    return metadata


def tidy(context: MigrationContext, revision: Any, directives: list[Any]) -> None:
    """Apply the rules to a revision that is to be written; where there is nothing to write, say so instead."""
    if not _is_written(context):
        return
    if not revision:
        _require_own_tables(context)
    answers = Answers(context)
    for script in directives:
        draft = Draft(context, answers, script.upgrade_ops_list[-1], script.downgrade_ops_list[-1])
        for rule in RULES:
            rule(draft)
    answers.require_used()
    if all(script.upgrade_ops.is_empty() for script in directives):
        directives.clear()
        print("Models and database agree: there is nothing to write.")


def _is_written(context: MigrationContext) -> bool:
    """Tell whether autogenerate is to write the revision: alembic check only asks what it would contain."""
    asked_by = context.opts["fn"].__qualname__  # the function inside alembic.command.check, or .revision
    return not asked_by.startswith("check.") and bool(context.opts["revision_context"].command_args["autogenerate"])


def _require_own_tables(context: MigrationContext) -> None:
    """Raise CommandError when the models' tables are there and no revision made them: it would come out empty."""
    if context.connection is None:
        return
    inspector, models = inspect(context.connection), model_tables(context)
    schemas_there = {table.schema for table in models.values()} & {None, *inspector.get_schema_names()}
    there = {full_name(name, schema) for schema in schemas_there for name in inspector.get_table_names(schema)}
    found = sorted(there & set(models))
    if found:
        raise CommandError(
            f"The database has {', '.join(found)} already, but is at no revision: something other than migrations made "
            "them, and a revision written now could not make them elsewhere. "
            f"Adopt it with python -m {__name__.rpartition('.')[0]} adopt, or begin with an empty database."
        )
