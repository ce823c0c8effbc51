"""The one adapter to private places of Alembic and SQLAlchemy: nobody else in this library reads them.

A private place is a name with a leading underscore, a key of ``MigrationContext.opts`` that Alembic does not document,
or what a function is called. Each function here reads one of them and says which. ``tests/test_upstream.py`` holds
all of them to every release that is installed. Tried with Alembic 1.18.5 and 1.20.1, and SQLAlchemy 2.0.4 to 2.1;
where a function also serves the doctor, which supports Alembic from 1.13 on, it says what it does without the place.

Nothing is imported at the top: the doctor loads this module where neither library is installed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.ddl.impl import DefaultImpl
    from alembic.operations.ops import UpgradeOps
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext, MigrationStep
    from alembic.runtime.plugins import Plugin
    from alembic.script import ScriptDirectory
    from sqlalchemy import Column, Sequence, Table
    from sqlalchemy.types import TypeEngine


def environment_context() -> EnvironmentContext:
    """Return the object behind ``alembic.context`` while env.py runs (``alembic.context._proxy``).

    Raises NameError where no command runs env.py.
    """
    from alembic import context

    environment: EnvironmentContext | None = getattr(context, "_proxy", None)
    if environment is None:
        raise NameError("alembic.context can be used only while a command of Alembic runs env.py")
    return environment


def running_command(context: MigrationContext) -> str:
    """Return which function of ``alembic.command`` runs env.py: "check", "revision", "upgrade"; or an empty string.

    A command hands a function of its own to env.py (``opts["fn"]``), and the qualified name of that function begins
    with the command's: ``check.<locals>.retrieve_migrations``. Its arguments do not tell ``check`` from ``revision``.
    """
    return command_of(context.opts.get("fn"))


def command_of(function: object) -> str:
    """Return the name of the command that a function handed to env.py is of; an empty string for another program's."""
    if getattr(function, "__module__", None) != "alembic.command":
        return ""
    return str(getattr(function, "__qualname__", "")).partition(".")[0]


def command_line(config: Any) -> tuple[str, list[Any], dict[str, Any]] | None:
    """Return the running command of the ``alembic`` program: its name, arguments and options; None for another program.

    Alembic's CommandLine keeps them in ``Config.cmd_opts``: ``cmd`` has the function and the names of its parameters.
    """
    given: Any = getattr(config, "cmd_opts", None)
    if not hasattr(given, "cmd"):
        return None
    function, positional, options = given.cmd
    values = [getattr(given, name, None) for name in positional]
    return function.__name__, values, {name: getattr(given, name, None) for name in options}


def is_autogenerating(context: MigrationContext) -> bool:
    """Tell whether the running command compares models and database: ``revision --autogenerate``, or ``check``.

    Both put their RevisionContext into the undocumented ``opts["revision_context"]``.
    """
    revision_context = context.opts.get("revision_context")
    if running_command(context) == "check":
        return True
    return revision_context is not None and bool(revision_context.command_args.get("autogenerate"))


def follows_any_head(context: MigrationContext) -> bool:
    """Tell whether a revision is to follow the one head, with nothing on the command line that names another.

    ``command_args`` of the undocumented ``opts["revision_context"]`` are the arguments of ``command.revision()``.
    """
    revision_context = context.opts.get("revision_context")
    arguments = {} if revision_context is None else revision_context.command_args
    return arguments.get("head") == "head" and not arguments.get("branch_label")


def steps(context: MigrationContext) -> list[MigrationStep]:
    """Return the steps that the running command is about to take, from where the database is (``opts["fn"]``)."""
    function: Callable[..., Iterable[MigrationStep]] = context.opts["fn"]
    return list(function(context.get_current_heads(), context))


def upgrade_steps(script: ScriptDirectory, revision: str, heads: Any) -> list[MigrationStep] | None:
    """Return the steps of an upgrade from heads to a revision (``ScriptDirectory._upgrade_revs``).

    None where Alembic does not have that method. It is the same from Alembic 1.13 to 1.20.
    """
    method = getattr(script, "_upgrade_revs", None)
    return None if method is None else list(method(revision, heads))


def downgrade_steps(script: ScriptDirectory, revision: str, heads: Any) -> list[MigrationStep]:
    """Return the steps of a downgrade from heads to a revision (``ScriptDirectory._downgrade_revs``)."""
    return list(script._downgrade_revs(revision, heads))


def require_releases() -> None:
    """Raise CommandError where autogenerate cannot work.

    Alembic 1.18 brought plug-ins, and SQLAlchemy 2.0.4 ``Table.autoincrement_column``.
    """
    from importlib.util import find_spec

    from alembic import __version__ as alembic
    from alembic.util import CommandError
    from sqlalchemy import __version__ as sqlalchemy

    if find_spec("alembic.runtime.plugins") is None:
        raise CommandError(f"alembic-proof in env.py needs Alembic 1.18 or newer; this is {alembic}.")
    if _numbers(sqlalchemy) < (2, 0, 4):
        raise CommandError(f"alembic-proof in env.py needs SQLAlchemy 2.0.4 or newer; this is {sqlalchemy}.")


def register_plugin(name: str) -> Plugin:
    """Return a new autogenerate plug-in; one that is registered under the same name is replaced.

    Alembic refuses a second one of the same name, as when this library is imported twice in one process. Its registry
    is ``alembic.runtime.plugins._all_plugins``.
    """
    from alembic.runtime import plugins

    registered = plugins._all_plugins.get(name)
    if registered is not None:
        registered.remove()
    return plugins.Plugin(name)


def compare(autogen_context: AutogenContext) -> UpgradeOps:
    """Compare the database with the models, as autogenerate does, and return what differs.

    ``compare._populate_migration_script`` does the same, but needs a MigrationScript; it dispatches to the
    undocumented comparators for "autogenerate".
    """
    from alembic.operations.ops import UpgradeOps

    operations = UpgradeOps([])
    comparator = autogen_context.comparators.dispatch("autogenerate", qualifier=autogen_context.dialect.name)
    comparator(autogen_context, operations)
    return operations


def is_in_batch(autogen_context: AutogenContext) -> bool:
    """Tell whether an operation is being rendered inside of ``batch_alter_table()`` (``AutogenContext._has_batch``)."""
    return bool(autogen_context._has_batch)


def renders_check_constraints() -> bool:
    """Tell whether Alembic can write an added CHECK into a revision: 1.18 raises NotImplementedError."""
    from alembic import __version__

    return _numbers(__version__) >= (1, 19)


def registered_impl(dialect: str) -> type[DefaultImpl] | None:
    """Return the Impl class that Alembic uses for a dialect, by the dialect's name (``alembic.ddl.impl._impls``)."""
    from alembic.ddl import impl

    return impl._impls.get(dialect)


class CompiledElements:
    """To be mixed into PostgresqlImpl: the SQL that it compares of indexes passes through ``compiled()``."""

    def compiled(self, sql: str) -> str:
        """Return SQL as it is to be compared."""
        return sql

    def _compile_element(self, element: Any) -> str:
        return self.compiled(super()._compile_element(element))  # type: ignore[misc]


def is_migrating(context: MigrationContext) -> bool:
    """Tell whether a context is that of ``context.configure()``, which runs the migrations, and not one that looks."""
    return environment_context()._migration_context is context


def autoincrement_column(table: Table) -> Column[Any] | None:
    """Return the column whose values the database counts, or None.

    Up to SQLAlchemy 2.0 it is also a key with digits behind the point, which no database counts.
    """
    from sqlalchemy import Integer

    column = table.autoincrement_column
    is_whole = column is None or column.autoincrement is True or issubclass(type_affinity(column.type), Integer)
    return column if is_whole else None


def leaves_nullability_open(column: Column[Any]) -> bool:
    """Tell whether a model does not say nullable= of a column (``Column._user_defined_nullable``)."""
    from sqlalchemy.sql.schema import NULL_UNSPECIFIED

    return getattr(column, "_user_defined_nullable", None) is NULL_UNSPECIFIED


def sequences(metadata: Any) -> list[Sequence]:
    """Return the sequences that tables and columns of a MetaData name, or of several (``MetaData._sequences``)."""
    several = [metadata] if hasattr(metadata, "_sequences") else metadata or ()
    return [sequence for each in several for sequence in each._sequences.values()]


def prefixes(table: Table) -> list[str]:
    """Return the words between CREATE and TABLE that a model gives its table (``Table._prefixes``)."""
    return list(getattr(table, "_prefixes", ()))


def type_affinity(type_: TypeEngine[Any]) -> Any:
    """Return which kind of type a type is, a class such as String or Integer (``TypeEngine._type_affinity``).

    That of a Float is Float: up to SQLAlchemy 2.0 it is Numeric.
    """
    from sqlalchemy import Float

    is_float = isinstance(type_, Float) or type_.__visit_name__ == "float"  # psycopg's, which is no Float there
    return Float if is_float else type_._type_affinity


def reflects_collations() -> bool:
    """Tell whether SQLAlchemy reads the collations of PostgreSQL's columns: from 2.0.45 on."""
    return _sqlalchemy() >= (2, 0, 45)


def enums_have_create_type() -> bool:
    """Tell whether ``sqlalchemy.Enum`` takes ``create_type``: up to SQLAlchemy 2.0 only that of PostgreSQL does."""
    return _sqlalchemy() >= (2, 1)


def reads_sqlite_constraints() -> bool:
    """Tell whether SQLAlchemy reads SQLite's names in quotes, and several constraints on one line: from 2.0.45 on."""
    return _sqlalchemy() >= (2, 0, 45)


def keep_declared_types(dialect: Any) -> None:
    """Let each type that SQLite's dialect reads keep, as ``declared``, the SQL by which its table names it.

    Of a name that it does not know, it makes a number, a text or an integer (``SQLiteDialect._resolve_type_affinity``).
    """
    resolve = dialect._resolve_type_affinity

    def resolved(declared: str) -> Any:
        type_ = resolve(declared)
        type_.declared = declared
        return type_

    dialect._resolve_type_affinity = resolved


def _sqlalchemy() -> tuple[int, ...]:
    from sqlalchemy import __version__

    return _numbers(__version__)


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a release, as they are compared; what follows them in a pre-release is left out."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def is_type_bound(constraint: Any) -> bool:
    """Tell whether a CHECK belongs to the type of a column, such as Boolean or Enum (``Constraint._type_bound``)."""
    return bool(getattr(constraint, "_type_bound", False))


def type_repr(type_: TypeEngine[Any]) -> str:
    """Return the code of a type with its arguments, without its own ``__repr__`` (``sqlalchemy.util.generic_repr``)."""
    from sqlalchemy.util import generic_repr

    return generic_repr(type_)


def variants(type_: TypeEngine[Any]) -> dict[str, TypeEngine[Any]]:
    """Return what ``with_variant()`` has given a type, by dialect (``TypeEngine._variant_mapping``)."""
    return dict(getattr(type_, "_variant_mapping", ()) or {})


def is_created(constraint: Any, dialect: Any) -> bool:
    """Tell whether a CHECK of a model is created on a dialect: those of some types are not.

    SQLAlchemy asks the constraint's ``_create_rule`` with a DDL compiler of the dialect.
    """
    rule = getattr(constraint, "_create_rule", None)
    return rule is None or bool(rule(dialect.ddl_compiler(dialect, None)))
