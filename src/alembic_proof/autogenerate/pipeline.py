"""What autogenerate does: the comparisons and the rules, in their order, together with a project's hooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from types import ModuleType
from typing import Any

from alembic import context as environment
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import inspect

from .. import upstream
from ..migrate.revision_chain import several_heads
from ..prompts import Answers
from ..settings import Settings
from ..sqltext import full_name
from . import hooks, notes
from .compare import (
    auto_increment as counting,
)
from .compare import (
    autoincrement,
    check_constraints,
    collations,
    computed_columns,
    domains,
    enums,
    exclusions,
    identities,
    indexes,
    inheritance,
    keys,
    mysql_indexes,
    reflected,
    sequences,
    serials,
    server_defaults,
    stored_expressions,
    table_options,
    unnamed_uniques,
    views,
)
from .draft import Draft, Rule, model_tables
from .other_metadata import require_one_metadata
from .parameters import require_no_parameters
from .readable_diffs import make_readable
from .render import render_item
from .rewrite.auto_increments import auto_increments
from .rewrite.casts import casts
from .rewrite.comments import comments
from .rewrite.computed_nullability import computed_nullability
from .rewrite.concurrent_indexes import concurrent_indexes
from .rewrite.constraint_names import constraint_names
from .rewrite.dependents import dependents
from .rewrite.domain_types import domain_types
from .rewrite.drop_markers import drop_markers
from .rewrite.drops import drops
from .rewrite.earlier_names import earlier_names
from .rewrite.enum_columns import enum_columns
from .rewrite.enum_labels import enum_labels
from .rewrite.freed_names import freed_names
from .rewrite.implicit_indexes import implicit_indexes
from .rewrite.in_place import in_place
from .rewrite.json_columns import json_columns
from .rewrite.kept_stamps import kept_stamps
from .rewrite.kept_values import kept_values
from .rewrite.named_sequences import named_sequences
from .rewrite.names_of_renamed import names_of_renamed
from .rewrite.not_null import not_null
from .rewrite.numbers import numbers
from .rewrite.ordering import ordering
from .rewrite.read_by_views import read_by_views
from .rewrite.renames import renames
from .rewrite.repeated_values import repeated_values
from .rewrite.replaced_columns import replaced_columns
from .rewrite.schemas import schemas
from .rewrite.sqlite_details import sqlite_details
from .rewrite.sqlite_names import sqlite_names
from .rewrite.sqlite_rebuilds import sqlite_rebuilds
from .rewrite.type_checks import type_checks
from .rewrite.violations import violations
from .rewrite.written_code import written_code

# What is compared in addition to Alembic's own comparison: plug-ins of the name alembic_proof.NAME.
PLUGINS: dict[str, ModuleType] = {
    "server_defaults": server_defaults,  # where Alembic's own comparison is wrong
    "keys": keys,  # primary keys, and the names of foreign keys
    "unnamed_uniques": unnamed_uniques,  # UNIQUE constraints that SQLite has without a name
    "check_constraints": check_constraints,  # by their names, and by their texts
    "computed_columns": computed_columns,  # what columns are computed from
    "collations": collations,  # of texts
    "stored_expressions": stored_expressions,  # asks the database whether the texts of all others are the same
    "views": views,  # what is a view in the database is no table to be created
    "inheritance": inheritance,  # what a table of PostgreSQL inherits is no difference
    "enums": enums,  # PostgreSQL's enum types and their labels
    "domains": domains,  # and its domains
    "exclusions": exclusions,  # and its EXCLUDE constraints
    "identities": identities,  # the options of identities
    "sequences": sequences,  # those that models name
    "serials": serials,  # whether a column counts
    "reflected": reflected,  # keeps what was read from the database, for the rules
    "autoincrement": autoincrement,  # which SQLite has
    "auto_increment": counting,  # which MariaDB has
    "mysql_indexes": mysql_indexes,  # what Alembic does not see of those of MariaDB
    "table_options": table_options,  # and of its tables: the engine and the character set
    "indexes": indexes,  # the expressions and predicates of indexes
}

# What happens before a project's own hooks, which then see what is left: it compares again.
COMPARING_RULES: dict[str, Rule] = {
    "renames": renames,  # a removed table or column and an added one may be the same
}

# What happens to the upgrade. Then the downgrade becomes its reverse.
UPGRADE_RULES: dict[str, Rule] = {
    "enum_columns": enum_columns,  # a column is dropped before its enum type changes
    "enum_labels": enum_labels,  # two labels may be the same
    "drops": drops,  # nothing is dropped unless somebody means it
    "domain_types": domain_types,  # a domain keeps its type
    "computed_nullability": computed_nullability,  # MariaDB has no NOT NULL of a computed column
    "comments": comments,  # nor is a comment removed
    "type_checks": type_checks,  # the CHECK of a type is written once, by its name
    "casts": casts,  # PostgreSQL is told how to convert values to a type of another kind
    "numbers": numbers,  # columns begin to count, and cease to; serial ones become identities
    "names_of_renamed": names_of_renamed,  # sequences follow the name of their table
    "named_sequences": named_sequences,  # a sequence that a model names is created before its table
    "schemas": schemas,  # a schema of PostgreSQL is created before the first table in it
}

# What happens to both directions.
REVISION_RULES: dict[str, Rule] = {
    "sqlite_rebuilds": sqlite_rebuilds,  # what SQLite rebuilds a table for comes last
    "sqlite_details": sqlite_details,  # SQLAlchemy does not read all of a table that a downgrade makes again
    "kept_values": kept_values,  # a column that is no longer computed keeps its values
    "json_columns": json_columns,  # MariaDB keeps the CHECK of JSON
    "dependents": dependents,  # what depends on what changes is dropped before it, and made again after it
    "read_by_views": read_by_views,  # no view breaks, or makes the upgrade fail
    "in_place": in_place,  # what has only another name is renamed
    "earlier_names": earlier_names,  # a revision that a new database does not survive is told
    "ordering": ordering,  # what refers to something is created after it
    "auto_increments": auto_increments,  # MariaDB's columns that change count, or do not
    "constraint_names": constraint_names,  # what is added can be dropped, without a naming convention too
    "freed_names": freed_names,  # a name that something else gets is given up before
    "implicit_indexes": implicit_indexes,  # MariaDB and MySQL create an index for a foreign key, and leave it behind
    "not_null": not_null,  # a column becomes NOT NULL where the table has rows
    "kept_stamps": kept_stamps,  # the rows that it fills keep the time of their last change, on MariaDB
    "replaced_columns": replaced_columns,  # a table of SQLite of which no column stays is not rebuilt from nothing
    "sqlite_names": sqlite_names,  # a batch of SQLite takes no constraint without a name
    "violations": violations,  # rows of this database that a new constraint refuses are said
    "concurrent_indexes": concurrent_indexes,  # PostgreSQL makes them outside of the transaction
    "drop_markers": drop_markers,  # the lines that destroy data say so
    "repeated_values": repeated_values,  # so do those that may fail on what a downgrade makes up
    "written_code": written_code,  # what is written runs, and says what is meant
}

RULES: dict[str, Rule] = COMPARING_RULES | UPGRADE_RULES | REVISION_RULES

# What stops autogenerate, and check, unless it is off: a model in the packages of models that they do not see.
_OTHER_METADATA = "other_metadata"

# Alembic's own comparison. It has one of CHECKs in some releases, of which ours does the same and more.
_ALEMBIC = "alembic.autogenerate.*"
_ALEMBIC_CHECKS = ("alembic.autogenerate.checkconstraint_byname", "alembic.ext.checkconstraint_byname")

for _name, _module in PLUGINS.items():
    _module.setup(upstream.register_plugin(f"alembic_proof.{_name}"))


def comparing(settings: Settings, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of ``context.configure()`` for what compares and writes, together with a project's own.

    Raises CommandError where a setting switches off what does not exist.
    """
    _require_known(settings)
    own_hooks = hooks.several(own.get("process_revision_directives"))
    return {
        "render_item": hooks.first_answer(own.get("render_item"), render_item),
        "autogenerate_plugins": _plugins(settings.off, own.get("autogenerate_plugins") or ()),
        "process_revision_directives": partial(revise, settings, own_hooks),
    }


def revise(
    settings: Settings, own: Iterable[hooks.Hook], context: MigrationContext, revision: Any, directives: list[Any]
) -> None:
    """Apply the rules that are not off, and a project's own hooks, to a revision that is to be written.

    Where nothing is to be written, it says so. It has, after two arguments, the signature of
    ``process_revision_directives``.
    """
    if not _is_written(settings, context, revision, directives):
        for hook in own:
            hook(context, revision, directives)
        if upstream.running_command(context) == "check":
            for script in directives:
                make_readable(script.upgrade_ops_list[-1])
        return
    answers = Answers.of(context)
    with answers.collected():
        for draft in _drafts(context, answers, directives):
            before = list(draft.upgrade.ops)
            _apply(COMPARING_RULES, settings.off, draft)
            if draft.upgrade.ops != before:
                draft.reverse_upgrade()
        for hook in own:
            hook(context, revision, directives)
        for draft in _drafts(context, answers, directives):
            _apply(UPGRADE_RULES, settings.off, draft)
            draft.reverse_upgrade()
            _apply(REVISION_RULES, settings.off, draft)
    if directives and all(ops.is_empty() for script in directives for ops in script.upgrade_ops_list):
        directives.clear()
        tell = print if context.config is None else context.config.print_stdout
        agree = "There is nothing" if notes.has_said(context) else "Models and database agree: there is nothing"
        tell(f"{agree} to write.")


def _is_written(settings: Settings, context: MigrationContext, revision: Any, directives: list[Any]) -> bool:
    """Tell whether a revision is to be written by autogenerate: ``alembic check`` tells only what it would contain.

    Raises CommandError where what it would contain is certainly wrong.
    """
    if not upstream.is_autogenerating(context):
        return False
    if not model_tables(context):
        if upstream.running_command(context) == "check" and _has_not_begun(context, directives):
            return False
        raise CommandError("The models have no table: target_metadata in env.py is empty. Nothing was written.")
    if _OTHER_METADATA not in settings.off:
        metadata = context.opts["target_metadata"]
        require_one_metadata(settings.models, metadata if isinstance(metadata, Sequence) else [metadata])
    require_no_parameters(model_tables(context).values(), context.dialect)
    if upstream.running_command(context) == "check":
        return False
    if context.dialect.name == "sqlite" and not context.opts.get("render_as_batch"):
        raise CommandError(
            "env.py gives context.configure() render_as_batch=False, past options(), but SQLite can alter a table in "
            "a batch only: leave render_as_batch to options(). Nothing was written."
        )
    _require_one_head(context)
    if not revision:
        _require_no_existing_table(context)
    return True


def _has_not_begun(context: MigrationContext, directives: list[Any]) -> bool:
    """Tell whether there are no revisions, and no tables that would be dropped: the first model is still to come."""
    is_empty = all(ops.is_empty() for script in directives for ops in script.upgrade_ops_list)
    return is_empty and not upstream.environment_context().script.get_heads()


def _require_one_head(context: MigrationContext) -> None:
    """Raise CommandError where several heads leave open which one a revision follows: before anybody is asked."""
    heads = environment.script.get_heads()
    if len(heads) > 1 and upstream.follows_any_head(context):
        so = "a new revision cannot follow all of them"
        raise CommandError(several_heads(heads, so, f"alembic revision --head {heads[0]} ... follows the one"))


def _drafts(context: MigrationContext, answers: Answers, directives: list[Any]) -> list[Draft]:
    """Return the revisions to be written; of several databases, what was compared last is that of this context."""
    return [
        Draft(context, answers, script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]) for script in directives
    ]


def _apply(rules: dict[str, Rule], off: Iterable[str], draft: Draft) -> None:
    for name, rule in rules.items():
        if name not in off:
            rule(draft)


def _require_known(settings: Settings) -> None:
    """Raise CommandError where ``off`` names something that does not exist."""
    known = [*PLUGINS, *RULES, _OTHER_METADATA]
    for name in sorted(settings.off - set(known)):
        similar = get_close_matches(name, known, 1)
        hint = f"did you mean {similar[0]}?" if similar else f"there are {', '.join(known)}."
        raise CommandError(f"off in [tool.alembic-proof] of {settings.path} names {name}, which does not exist: {hint}")


def _plugins(off: Iterable[str], own: Sequence[str]) -> list[str]:
    """Return which plug-ins compare: Alembic's, ours that are not off, and those of the project."""
    ours = [f"alembic_proof.{name}" for name in PLUGINS if name not in off]
    if "check_constraints" in off:
        return [_ALEMBIC, *ours, *own]
    return [_ALEMBIC, f"~{_ALEMBIC_CHECKS[0]}", *ours, *(name for name in own if name not in _ALEMBIC_CHECKS)]


def _require_no_existing_table(context: MigrationContext) -> None:
    """Raise CommandError when tables of the models exist and no revision created them: it would come out empty."""
    if context.connection is None:
        return
    inspector, models = inspect(context.connection), model_tables(context)
    schemas_of_models = {table.schema for table in models.values()} & {None, *inspector.get_schema_names()}
    names = {full_name(name, schema) for schema in schemas_of_models for name in inspector.get_table_names(schema)}
    existing = sorted(names & set(models))
    if existing:
        raise CommandError(
            f"The database has {', '.join(existing)} already, but is at no revision: something other than migrations "
            "created them, and a revision written now could not create them elsewhere. Adopt the database with "
            "alembic-proof adopt, or start with an empty one. Nothing was written."
        )
