"""Checks of a whole life of the schema, step by step, on the scratch database."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import traceback
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ... import upstream
from ...errors import NotApplicableError, UndeterminedError, first_line
from ...sandbox import engine
from ...schema import Schema, build, buildable, describe, own_tables, prepare, read, statements, without_views
from ..error_hints import hint
from ..findings import BlockedError, Finding, Note, Problem
from ..project import Comparison, Project, Run, all_heads
from ..registry import check
from ..revision_chain import Chain
from ..revision_monitor import RevisionMonitor
from ..schema_findings import schema_findings

# What explains a fault of the whole: one in the files of revisions, or in how models and tables come to be known.
_MODELS_FAULTS = (
    "code-that-runs-is-the-projects",
    "ini-has-its-logging",
    "scripts-are-whole",
    "modules-are-loaded-once",
    "metadata-is-the-models",
    "names-are-unique",
    "keys-lead-to-tables",
    "hooks-give-answers",
    "template-writes-revisions",
    "importing-makes-no-table",
)
_REVISION_FAULTS = (
    "scripts-are-whole",
    "versions-hold-revisions",
    "revisions-form-one-line",
    "revisions-keep-data",
    "every-revision-is-loaded",
    "importing-makes-no-table",
)
_UPGRADE_FAULTS = (*_REVISION_FAULTS, "revisions-leave-transactions-alone")
_SCHEMA_FAULTS = (
    *_MODELS_FAULTS,
    "no-table-outside-migrations",
    *_UPGRADE_FAULTS,
    "autogenerate-sees-every-table",
    "offline-prints-sql",
)


@check("autogenerate-sees-every-table", "scratch", follows=_MODELS_FAULTS)
def autogenerate_sees_every_table(project: Project) -> Iterable[Finding]:
    """On an empty database, autogenerate proposes every table of the models

    Options of context.configure() can leave out a table, or everything: autogenerate_plugins replaces the defaults.
    """
    project.rehearse()
    missing = sorted(set(project.handed_over) - project.proposed)
    if missing:
        message = f"on an empty database autogenerate does not propose the tables {', '.join(missing)}"
        kind = Note if project.proposed and _leaves_out(project) else Problem  # some may be left out on purpose
        yield kind(project.name(project.env), message, "check its include_object, autogenerate_plugins, version_table")


def _leaves_out(project: Project) -> bool:
    """Tell whether the project has a function of its own that leaves out tables."""
    if project.uses_library:  # whose options always have one
        return re.search(rb"include_(object|name)", project.env.read_bytes()) is not None
    return any(project.runs()[0].context.opts.get(name) for name in ("include_object", "include_name"))


_WITNESS, _FOREIGN = "alembic_proof_witness", "alembic_proof_foreign"
# By the action of a difference: what switches its comparison on, and the name that switches it off in the settings.
_COMPARED = {
    "modify_type": ("compare_type=True", ""),
    "modify_default": ("compare_server_default=True", "server_defaults"),
    "add_constraint": (
        'autogenerate_plugins: "alembic.ext.checkconstraint_byname" beside "alembic.autogenerate.*"',
        "check_constraints",
    ),
}


@check("autogenerate-compares-everything", "scratch", library=True, follows=("autogenerate-sees-every-table",))
def autogenerate_compares_everything(project: Project) -> Iterable[Finding]:
    """Autogenerate sees a changed type, server default and CHECK, and leaves foreign tables alone

    Server defaults and CHECKs are compared only on request, and by default a table without a model is dropped.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import CheckConstraint, Column, Integer, MetaData, String, Table

    off = project.settings.off
    for run in project.runs():
        metadata = MetaData()
        Table(
            _WITNESS,
            metadata,
            Column("id", Integer),
            Column("word", String(20), server_default="new"),
            CheckConstraint("id > 0", name="witness_positive"),
        )
        with engine(run.database).begin() as connection:
            connection.exec_driver_sql(f"CREATE TABLE {_WITNESS} (id INTEGER, word VARCHAR(10) DEFAULT 'old')")
            connection.exec_driver_sql(f"CREATE TABLE {_FOREIGN} (id INTEGER)")
            context = MigrationContext.configure(connection, opts={**run.context.opts, "target_metadata": metadata})
            differences = _flat(compare_metadata(context, metadata))
            for name in (_WITNESS, _FOREIGN):
                connection.exec_driver_sql(f"DROP TABLE {name}")
        actions = {difference[0] for difference in differences}
        for action, (option, rule) in _COMPARED.items():
            if action not in actions and rule not in off:
                message = f"it does not see a difference of the kind {action}"
                yield Problem(project.name(project.env), message, f"among the options: {option}")
        if any(action == "remove_table" and rest[0].name == _FOREIGN for action, *rest in differences):
            message = "autogenerate would drop every table that is in no model, whoever owns it"
            fix = "let context.configure() have what options(connection, target_metadata=...) returns"
            yield Problem(project.name(project.env), message, fix)


def _flat(differences: Iterable[Any]) -> list[Any]:
    return [each for item in differences for each in (item if isinstance(item, list) else [item])]


@check(
    "offline-prints-sql",
    "scratch",
    requires=("autogenerate-sees-every-table",),
    follows=(*_MODELS_FAULTS, *_REVISION_FAULTS),
)
def offline_prints_sql(project: Project) -> Iterable[Finding]:
    """alembic upgrade head --sql prints the SQL, whole

    With the offline branch unused it prints nothing; without literal_binds, placeholders instead of values.
    """
    try:
        runs = project.runs(offline=True)
    except Exception as error:
        raise NotApplicableError(f"offline, env.py ends with: {first_line(error)}") from None
    try:
        printed = _printed(project)
    except NameError as error:
        message = f"what autogenerate writes does not import all that it uses: {first_line(error)}"
        kind = Note if project.revisions else Problem  # nobody knows whether the next one will use it
        yield kind(project.name(project.scripts / "script.py.mako"), message, f"import it there{_import_of(error)}")
        return
    created = created_tables(printed)
    for run in runs:
        if not isinstance(run.context.opts.get("output_buffer"), io.StringIO):
            raise NotApplicableError("offline, env.py writes into files of its own")
        quoted = run.context.dialect.identifier_preparer.format_table
        tables = {name: table for name, table in run.tables.items() if name in project.rehearsed}
        missing = [name for name, table in tables.items() if quoted(table) not in created]
        if missing:
            message = f"the SQL printed offline does not create {', '.join(missing)}"
            fix = "call context.run_migrations() in run_migrations_offline()"
            yield Problem(project.name(project.env), message, fix)
        elif not run.context.opts.get("literal_binds"):
            message = "offline, values are printed as placeholders, such as VALUES (:name)"
            kind = Problem if project.uses_library or any(map(_has_values, project.revisions)) else Note
            yield kind(project.name(project.env), message, "context.configure(..., literal_binds=True), offline")
    if project.revisions:
        yield from _reads_offline(project)


def _import_of(error: NameError) -> str:
    """Return the line that imports a name, where it is one of SQLAlchemy's: JSONB is written with a bare Text()."""
    import sqlalchemy

    return f": from sqlalchemy import {error.name}" if error.name and hasattr(sqlalchemy, error.name) else ""


def _has_values(revision: Path) -> bool:
    """Tell whether a revision may have a statement with values, which offline are printed."""
    return re.search(rb"bulk_insert|\.(values|bindparams|insert|update)\(", revision.read_bytes()) is not None


def _printed(project: Project) -> str:
    """Return the SQL of a first revision."""
    config = project.first_config
    project.alembic("upgrade", config, "heads", sql=True)
    assert isinstance(config.output_buffer, io.StringIO)
    return config.output_buffer.getvalue()


def created_tables(sql: str) -> set[str]:
    """Return the tables that SQL creates, as it writes their names, and however: UNLOGGED, or IF NOT EXISTS."""
    pattern = r"^CREATE (?:[A-Z]+ )*TABLE (?:IF NOT EXISTS )?(.+?)[ \t]*(?:\(|$)"
    return set(re.findall(pattern, sql, re.MULTILINE))


def _reads_offline(project: Project) -> Iterable[Finding]:
    """Note a revision that reads rows, which nobody can offline."""
    try:
        with project.sandbox.forbidding("a revision"):  # else its connection would stay open during later checks
            project.alembic("upgrade", project.chain, "heads", sql=True)
    except Exception as error:  # whatever else it is, a later check reports
        last = traceback.extract_tb(error.__traceback__)[-1]
        if isinstance(error, AttributeError) and "'NoneType'" in str(error):
            message = f"alembic upgrade head --sql ends here: {first_line(error)}"
            yield Note(project.name(last.filename, last.lineno), message, hint(error))


@check("revisions-leave-transactions-alone", "scratch")
def revisions_leave_transactions_alone(project: Project) -> Iterable[Finding]:
    """No revision commits, connects or forgets to flush by itself

    A commit in a revision ends Alembic's transaction: what follows is rolled back, with exit code 0. A connection of
    its own waits for the migration's locks. What a Session was not told to flush is lost.
    """
    if not _has_steps(project):
        raise UndeterminedError("this Alembic does not tell the steps of an upgrade, by which revisions are observed")
    with contextlib.suppress(Exception):  # the next check is about that
        upgraded(project)
    yield from project.observed


def _has_steps(project: Project) -> bool:
    """Tell whether this Alembic tells the steps of an upgrade."""
    with contextlib.suppress(Exception):  # which the upgrade raises, too
        return upstream.upgrade_steps(project.history_of_chain, "heads", ()) is not None
    return True


def upgraded(project: Project) -> set[str]:
    """Upgrade the scratch database to the heads, once, and observe each revision; return the heads.

    Raises what a revision raises.
    """

    def steps(heads: Any, context: Any) -> Iterable[Any]:
        monitor = RevisionMonitor(project, context)
        script = context.environment_context.script
        return map(monitor.around, upstream.upgrade_steps(script, "heads", heads) or ())

    def upgrade() -> set[str]:
        try:
            if _has_steps(project):
                project.run_env(steps, project.chain, destination_rev="heads")
            else:
                project.alembic("upgrade", project.chain, "heads")
        except NameError:
            if project.revisions:
                raise
            raise BlockedError("offline-prints-sql") from None  # which tells what the rehearsed revision lacks
        return all_heads(project.history_of_chain)

    heads: set[str] = project.once("upgrade", upgrade)
    return heads


def built_schema(project: Project, run: Run) -> Schema:
    """Return the schema that the revisions have built on the scratch database, read once after the upgrade."""
    upgraded(project)
    schema: Schema = project.once(
        f"schema of {run.database}", lambda: read(run.database, run.context.dialect.default_schema_name)
    )
    return schema


@check("upgrade-is-committed", "scratch", follows=(*_UPGRADE_FAULTS, "names-are-unique"), essential=True)
def upgrade_is_committed(project: Project) -> Iterable[Finding]:
    """After alembic upgrade head, a second connection sees the revision

    A statement before context.configure() begins a transaction that nobody commits: alembic logs every upgrade, exits
    with 0, and all of it is rolled back.
    """
    heads = upgraded(project)
    for run in project.runs():
        version = run.version()
        if version != heads:
            revision = ", ".join(sorted(version)) or "no revision"
            message = f"alembic upgrade succeeded, but the database is at {revision}"
            yield Problem(*_uncommitted(project, message))


def _uncommitted(project: Project, message: str) -> tuple[str, str, str]:
    """Return where an upgrade fails to be committed, what comes of it, and what to do."""
    if outside := project.first_watch.outside:
        fix = "call it in the block of: with context.begin_transaction():"
        return outside[0], f"run_migrations() is called in no transaction: {message}", fix
    if places := [place for place in project.first_watch.left_open if place]:
        message = f"this begins a transaction before context.configure(), and nobody commits it: {message}"
        return places[0], message, "end it at once, in the next line: connection.commit()"
    return project.name(project.env), message, "leave no transaction open before context.configure()"


@check("models-match-revisions", "scratch", requires=("upgrade-is-committed",), follows=_SCHEMA_FAULTS)
def models_match_revisions(project: Project) -> Iterable[Finding]:
    """The revisions lead to what the models describe

    What alembic check reports, on a database that the revisions have just made. What is proposed again and again is a
    difference that the database cannot express, or a schema that include_schemas leaves out.
    """
    from alembic.autogenerate import compare_metadata
    from sqlalchemy import inspect

    differences: list[Any] = []
    dialects: list[Any] = []
    existing: set[str] = set()  # the tables that are proposed, and there all the same

    def compare(_: Any, context: Any) -> list[Any]:
        dialects.append(context.dialect)
        found: list[Any] = []
        if context.opts.get("target_metadata") is not None:
            found = compare_metadata(context, context.opts["target_metadata"])
            differences.extend(found)
            added = [difference[1] for difference in _flat(found) if difference[0] == "add_table"]
            inspector = inspect(context.connection)
            existing.update(table.fullname for table in added if inspector.has_table(table.name, schema=table.schema))
        project.compared.append(Comparison(statements(context.connection), found))
        return []

    project.run_env(compare, project.chain)
    if differences:
        empty = [project.name(path) for path in project.revisions if _is_empty(project.tree(path))]
        remark = f" ({empty[-1]} does nothing: was --autogenerate forgotten?)" if empty else ""
        message = f"no revision has this yet: {', '.join(map(describe, differences))}{remark}"
        fix = 'alembic revision --autogenerate -m "what changed", read it, alembic upgrade head'
        if existing:
            message = f"autogenerate does not see that the revisions make {', '.join(sorted(existing))}: {message}"
            schemas = " and ".join(sorted({name.rpartition(".")[0] for name in existing if "." in name}))
            of_schema = f"include_schemas=True, and let include_name return True for the schema {schemas}; "
            fix = f"{of_schema if schemas else ''}let include_name and include_object return True for these tables"
        if any(_is_check_of_type(project, differences, dialect) for dialect in dialects):
            fix = "write the type without create_constraint: this database has it, and makes no CHECK for it"
        yield Problem(project.name(project.versions[0]), message, fix)
    elif project.revisions and b"process_revision_directives" in project.env.read_bytes():
        project.alembic("check", project.chain)  # which a hook may break


def _is_check_of_type(project: Project, differences: list[Any], dialect: Any) -> bool:
    """Tell whether autogenerate adds again and again the CHECK of a type that the database has natively."""
    constraints = [constraint for table in project.handed_over.values() for constraint in table.constraints]
    of_types = {
        constraint.name
        for constraint in constraints
        if upstream.is_type_bound(constraint) and not upstream.is_created(constraint, dialect)
    }
    added, removed = (
        {difference[1].name for difference in _flat(differences) if difference[0] == action}
        for action in ("add_constraint", "remove_constraint")
    )
    return bool(of_types & (added - removed))


def _is_empty(tree: ast.Module) -> bool:
    """Tell whether the upgrade() of a revision has nothing but pass, or a docstring."""
    bodies = [node.body for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"]
    idle = (ast.Pass, ast.Constant)
    return all(isinstance(getattr(line, "value", line), idle) for body in bodies for line in body)


@check(
    "schema-matches-models",
    "scratch",
    requires=("checks-of-columns-have-no-names", "autogenerate-sees-every-table", "upgrade-is-committed"),
    follows=(*_SCHEMA_FAULTS, "models-match-revisions"),
)
def schema_matches_models(project: Project) -> Iterable[Finding]:
    """The schema that the revisions build is the one that the models describe

    Autogenerate does not see everything: enum labels, primary keys, the text of CHECKs, what an index covers. Here
    the schema is built twice, by the revisions and table by table from the models, and read from the database.
    """
    if not project.has_metadata:
        raise NotApplicableError("env.py hands over no metadata")
    where = project.name(project.versions[0])
    fix = "autogenerate does not see it: write it into a revision by hand, or into the model if the revisions are right"
    for run in project.runs():
        dialect, from_models = run.context.dialect, project.sandbox.database(run.context.dialect.name)
        tables = buildable(dialect.name, [run.tables[name] for name in sorted(project.proposed & set(run.tables))])
        with engine(run.database).connect() as connection:
            tables = without_views(connection, tables)
        with engine(from_models).begin() as connection:
            prepare(connection, run.database, tables)
            build(connection, tables)
        items: list[Any] = [item for table in tables for item in (*table.constraints, *table.indexes)]
        named = {str(item.name) for item in items if item.name}
        built, described = built_schema(project, run), read(from_models, dialect.default_schema_name)
        sides = ("the models describe", "the revisions build")
        yield from schema_findings(described, built, named, sides, where, fix)
        known = {*described, *(table.name for table in run.tables.values()), *own_tables(run.context.version_table)}
        for table in sorted(name for name in built if name and name.rpartition(".")[2] not in known):
            message = f"the revisions build the table {table}, which no model describes"
            remedy = "if its model was deleted or renamed: op.drop_table() in a revision, or rename_table()"
            yield Note(where, message, remedy)


@check(
    "downgrade-leaves-nothing",
    "scratch",
    requires=("upgrade-is-committed",),
    follows=(*_SCHEMA_FAULTS, "models-match-revisions"),
)
def downgrade_leaves_nothing(project: Project) -> Iterable[Finding]:
    """After alembic downgrade base nothing is left, and alembic upgrade head works again

    What a downgrade leaves behind, an enum's type for instance, stops the next upgrade.
    """
    before = [built_schema(project, run) for run in project.runs()]
    try:
        project.alembic("downgrade", project.chain, "base")
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        if any(Path(last.filename) in directory.rglob("*.py") for directory in project.versions):
            place = project.name(last.filename, last.lineno)
            raise NotApplicableError(f"{place} says that it cannot be undone") from None
        raise
    for run in project.runs():
        kept = own_tables(run.context.version_table)
        schema = {name: items for name, items in read(run.database).items() if name.split(".")[-1] not in kept}
        left = sorted(name for name in schema if name) + sorted(item for item in schema.get("", ()))
        if left:
            yield from _left_behind(project, left)
            return
    project.alembic("upgrade", project.chain, "heads")
    if [read(run.database, run.context.dialect.default_schema_name) for run in project.runs()] != before:
        message = "after a downgrade and another upgrade, the schema is not what it was after the first"
        fix = "let every revision do the same each time that it runs"
        yield Problem(project.name(project.versions[0]), message, fix)


def _left_behind(project: Project, left: list[str]) -> Iterator[Finding]:
    """Yield, for each revision that may have left something behind, what that is."""
    chain, places = Chain(project), defaultdict(list)
    for item in left:
        place = chain.leaving(re.split(r"[ .]", item)[-1]) or project.name(project.versions[0])
        places[place].append(item)
    for place, items in places.items():
        drops = "".join(f"\nop.execute('DROP TYPE {item[5:]}')" for item in items if item.startswith("type "))
        message = f"alembic downgrade base leaves {', '.join(items)} behind"
        yield Problem(place, message, f"let downgrade() undo all that its upgrade() does{drops}")
