"""Checks of a whole life of the schema, step by step, on the scratch database."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from . import Note, Problem, Skipped, Unknown, check, first_line
from .project import Project, all_heads, version
from .schema import build, buildable, described, differences, model_names, prepare, read, table_names
from .standin import engine
from .watch import Watch


@check("scratch")
def importing_makes_no_table(project: Project) -> Iterable[Problem]:
    """Importing the models makes no table

    A table that is there before its migration is one that autogenerate does not write.
    """
    for run in project.runs():
        with engine(run.database).connect() as connection:
            tables = run.tables.values()
            made = sorted(table_names(connection, tables) & model_names(connection.dialect, tables))
        if made:
            what = f"running it makes the tables {', '.join(made)} at once: something that it imports creates them"
            yield Problem(project.name(project.env), what, "let only migrations create tables")


@check("scratch")
def autogenerate_sees_every_table(project: Project) -> Iterable[Problem]:
    """On an empty database, autogenerate proposes every table of the models

    Options of context.configure() can leave out a table, or everything: autogenerate_plugins replaces the defaults.
    """
    from alembic.operations.ops import CreateTableOp

    def look(_: Any, __: Any, directives: Any) -> None:
        for operations in [operations for script in directives for operations in script.upgrade_ops_list]:
            created = [op.to_table() for op in operations.ops if isinstance(op, CreateTableOp)]
            project.proposed.update(table.fullname for table in created)

    options = {"autogenerate": True, "process_revision_directives": look}
    project.alembic("revision", project.first_config, "rehearsal", **options)
    missing = sorted(set(project.handed_over) - project.proposed)
    if not missing:
        return
    what = f"on an empty database autogenerate does not propose the tables {', '.join(missing)}"
    filters = [name for name in ("include_object", "include_name") if project.runs()[0].context.opts.get(name)]
    kind = Note if filters and project.proposed and not project.package else Problem  # others may well mean it
    yield kind(project.name(project.env), what, "look at its include_object, autogenerate_plugins, version_table")


_WITNESS, _STRANGER = "doctors_witness", "doctors_stranger"


@check("scratch", ours=True)
def autogenerate_compares_everything(project: Project) -> Iterable[Problem]:
    """Autogenerate sees a changed type, server default and CHECK, and leaves other people's tables alone

    Server defaults and CHECKs are compared only on request, and by default a table without a model is dropped.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import CheckConstraint, Column, Integer, MetaData, String, Table

    wanted = {
        "modify_type": "compare_type=True",
        "modify_default": "compare_server_default=True",
        "add_constraint": 'autogenerate_plugins: "alembic.ext.checkconstraint_byname" beside "alembic.autogenerate.*"',
    }
    for run in project.runs():
        metadata = MetaData()
        Table(_WITNESS, metadata, Column("id", Integer), Column("word", String(20), server_default="new"),
              CheckConstraint("id > 0", name="witness_positive"))  # fmt: skip
        with engine(run.database).begin() as connection:
            connection.exec_driver_sql(f"CREATE TABLE {_WITNESS} (id INTEGER, word VARCHAR(10) DEFAULT 'old')")
            connection.exec_driver_sql(f"CREATE TABLE {_STRANGER} (id INTEGER)")
            context = MigrationContext.configure(connection, opts={**run.context.opts, "target_metadata": metadata})
            seen = _flat(compare_metadata(context, metadata))
            for name in (_WITNESS, _STRANGER):
                connection.exec_driver_sql(f"DROP TABLE {name}")
        actions = {difference[0] for difference in seen}
        for action in [action for action in wanted if action not in actions]:
            what = f"it does not see a difference of the kind {action}"
            yield Problem(project.name(project.env), what, f"among the options: {wanted[action]}")
        if any(difference[0] == "remove_table" and difference[1].name == _STRANGER for difference in seen):
            what = "autogenerate would drop every table that is in no model, whoever owns it"
            fix = "among the options: include_object=autogenerate.include_object"
            yield Problem(project.name(project.env), what, fix)


def _flat(differences: Iterable[Any]) -> list[Any]:
    return [one for item in differences for one in (item if isinstance(item, list) else [item])]


@check("scratch")
def offline_prints_sql(project: Project) -> Iterable[Problem]:
    """alembic upgrade head --sql prints the SQL, whole

    With the offline branch unused it prints nothing; without literal_binds, placeholders instead of values.
    """
    try:
        runs = project.runs(offline=True)
    except Exception as error:
        raise Skipped(f"offline, env.py ends with: {first_line(error)}") from None
    config = project.first_config
    try:
        project.alembic("upgrade", config, "heads", sql=True)
    except NameError as error:
        if project.package or not project.revisions:
            raise
        what = f"what autogenerate writes does not import all that it uses: {first_line(error)}"
        yield Note(project.name(project.scripts / "script.py.mako"), what, "import it there")
        return
    printed = config.output_buffer.getvalue()
    for run in runs:
        if not isinstance(run.context.opts.get("output_buffer"), io.StringIO):
            raise Skipped("offline, env.py writes into files of its own")
        quoted = run.context.dialect.identifier_preparer.format_table
        tables = {name: table for name, table in run.tables.items() if name in project.proposed}
        missing = [name for name, table in tables.items() if not _creates(printed, quoted(table))]
        if missing:
            what = f"the SQL printed offline does not create {', '.join(missing)}"
            yield Problem(project.name(project.env), what, "call context.run_migrations() in run_migrations_offline()")
        elif not run.context.opts.get("literal_binds"):
            what = "offline, values are printed as placeholders, such as VALUES (:name)"
            yield Problem(project.name(project.env), what, "context.configure(..., literal_binds=True), offline")
    if not project.revisions:
        return
    try:
        project.scratch.revision = "a revision"  # none may connect and leave that connection to later checks
        project.alembic("upgrade", project.chain, "heads", sql=True)
    except Exception as error:  # whatever else it is, a later check reports
        last = traceback.extract_tb(error.__traceback__)[-1]
        if isinstance(error, AttributeError) and "'NoneType'" in str(error):
            from .hints import hint

            what = f"alembic upgrade head --sql ends here: {first_line(error)}"
            yield Note(project.name(last.filename, last.lineno), what, hint(error))
    finally:
        project.scratch.revision = ""


def _creates(sql: str, table: str) -> bool:
    """Tell whether SQL creates a table, however: UNLOGGED, or IF NOT EXISTS."""
    return (
        re.search(rf"^CREATE ([A-Z]+ )*TABLE (IF NOT EXISTS )?{re.escape(table)}[\s(]", sql, re.MULTILINE) is not None
    )


@check("scratch")
def revisions_leave_transactions_alone(project: Project) -> Iterable[Problem]:
    """No revision commits, connects or forgets to flush by itself

    A commit in a revision ends Alembic's transaction: what follows is rolled back, with exit code 0. A connection of
    its own waits for the migration's locks. What a Session was not told to flush is lost.
    """
    if not _can_be_watched():
        raise Unknown("this Alembic has no ScriptDirectory._upgrade_revs, through which revisions are watched")
    with contextlib.suppress(Exception):  # the next check is about that
        upgraded(project)
    yield from project.noticed


def upgraded(project: Project) -> set[str]:
    """Upgrade the scratch database to the heads, once, and watch each revision; return the heads.

    Raises what a revision raises.
    """

    def steps(version: Any, context: Any) -> Iterator[Any]:
        watch = Watch(project, context)
        for step in context.environment_context.script._upgrade_revs("heads", version):
            yield watch.over(step)

    def run() -> set[str]:
        if _can_be_watched():
            project.run_env(steps, project.chain, destination_rev="heads")
        else:
            project.alembic("upgrade", project.chain, "heads")
        return all_heads(project.script_directory(project.chain))

    heads: set[str] = project.once("upgrade", run)
    return heads


def _can_be_watched() -> bool:
    """Tell whether Alembic has what is not public in it, the same from 1.13 to 1.20: the steps from one version on."""
    from alembic.script import ScriptDirectory

    return hasattr(ScriptDirectory, "_upgrade_revs")


@check("scratch")
def upgrade_is_committed(project: Project) -> Iterable[Problem]:
    """After alembic upgrade head, a second connection sees the revision

    A statement before context.configure() begins a transaction that nobody commits: alembic logs every upgrade, exits
    with 0, and all of it is rolled back.
    """
    heads = upgraded(project)
    for run in project.runs():
        there = version(run)
        if there != heads:
            what = f"alembic upgrade succeeded, but the database is at {', '.join(sorted(there)) or 'no revision'}"
            yield Problem(project.name(project.env), what, "leave no transaction open before context.configure()")


@check("scratch")
def models_match_revisions(project: Project) -> Iterable[Problem]:
    """The revisions lead to what the models describe

    What alembic check tells, on a database that the revisions have just made. What is proposed again and again is a
    difference that the database cannot express, or a schema that include_schemas leaves out.
    """
    from alembic.autogenerate import compare_metadata

    differences: list[Any] = []

    def compare(_: Any, context: Any) -> list[Any]:
        if context.opts.get("target_metadata") is not None:
            differences.extend(compare_metadata(context, context.opts["target_metadata"]))
        return []

    project.run_env(compare, project.chain)
    if differences:
        empty = [project.name(path) for path in project.revisions if _is_empty(project.tree(path))]
        remark = f" ({empty[-1]} does nothing: was --autogenerate forgotten?)" if empty else ""
        what = f"no revision has this yet: {', '.join(map(described, differences))}{remark}"
        fix = 'alembic revision --autogenerate -m "what changed", read it, alembic upgrade head'
        constraints = [one for table in project.handed_over.values() for one in table.constraints]
        of_types = {one.name for one in constraints if getattr(one, "_type_bound", False)}
        come, gone = ({one[1].name for one in _flat(differences) if one[0] == f"{what}_constraint"} for what in _WAYS)
        if of_types & (come - gone):
            fix = "write the type without create_constraint: this database has it, and makes no CHECK for it"
        yield Problem(project.name(project.versions[0]), what, fix)
    elif project.revisions and b"process_revision_directives" in project.env.read_bytes():
        project.alembic("check", project.chain)  # which a hook may break


_WAYS = ("add", "remove")


def _is_empty(tree: ast.Module) -> bool:
    """Tell whether the upgrade() of a revision has nothing but pass, or a docstring."""
    bodies = [node.body for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"]
    idle = (ast.Pass, ast.Constant)
    return all(isinstance(getattr(line, "value", line), idle) for body in bodies for line in body)


@check("scratch")
def schema_matches_models(project: Project) -> Iterable[Problem]:
    """The schema that the revisions build is the one that the models describe

    Autogenerate does not see everything: enum labels, primary keys, the text of CHECKs, what an index covers. Here
    the schema is built twice, by the revisions and table by table from the models, and read from the database.
    """
    where, fix = project.name(project.versions[0]), "autogenerate does not see it: write it into a revision by hand"
    for run in project.runs():
        dialect, described = run.context.dialect, project.scratch.database(like=run.database)
        tables = buildable(dialect.name, [run.tables[name] for name in sorted(project.proposed & set(run.tables))])
        with engine(described).begin() as connection:
            prepare(connection, run.database, tables)
            build(connection, tables)
        named = {str(one.name) for table in tables for one in (*table.constraints, *table.indexes) if one.name}
        built, wanted = (read(source, dialect.default_schema_name) for source in (run.database, described))
        yield from differences(wanted, built, named, ("the models describe", "the revisions build"), where, fix)
        known = {
            *wanted,
            *(table.name for table in run.tables.values()),
            run.context.version_table,
            "alembic_unfinished",
        }
        for table in sorted(name for name in built if name and name.rpartition(".")[2] not in known):
            what = f"the revisions build the table {table}, which no model describes"
            yield Note(
                where, what, "if its model was deleted or renamed: op.drop_table() in a revision, or rename_table()"
            )


@check("scratch")
def downgrade_leaves_nothing(project: Project) -> Iterable[Problem]:
    """After alembic downgrade base nothing is left, and alembic upgrade head works again

    What a downgrade leaves behind, an enum's type for instance, is in the way of the next upgrade.
    """
    before = [read(run.database) for run in project.runs()]
    try:
        project.alembic("downgrade", project.chain, "base")
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        if any(Path(last.filename) in directory.rglob("*.py") for directory in project.versions):
            raise Skipped(f"{project.name(last.filename, last.lineno)} says that it cannot be undone") from None
        raise
    for run in project.runs():
        kept = {run.context.version_table, "alembic_unfinished"}
        schema = {name: items for name, items in read(run.database).items() if name.split(".")[-1] not in kept}
        left = sorted(name for name in schema if name) + sorted(item for item in schema.get("", ()))
        if left:
            what = f"alembic downgrade base leaves {', '.join(left)} behind"
            drops = "".join(f"\nop.execute('DROP TYPE {item[5:]}')" for item in left if item.startswith("type "))
            fix = f"let downgrade() undo all that its upgrade() does{drops}"
            yield Problem(project.name(project.versions[0]), what, fix)
            return
    project.alembic("upgrade", project.chain, "heads")
    if [read(run.database) for run in project.runs()] != before:
        what = "after a downgrade and another upgrade, the schema is not what it was after the first"
        yield Problem(project.name(project.versions[0]), what, "let every revision do the same each time that it runs")
