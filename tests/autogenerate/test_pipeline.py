"""What options() hands to context.configure(), and how it goes together with what a project has itself."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.operations.ops import CreateIndexOp, DropTableOp, ExecuteSQLOp
from alembic.runtime import plugins
from alembic.util import CommandError
from sqlalchemy import Column, Integer, MetaData, String, Table, make_url, text
from support.lab import ENV, Lab, making_lab
from support.project import LIBRARY
from support.written import Written

from alembic_proof.autogenerate import pipeline

Configured = Callable[..., Any]
WITH_LIBRARY = {**os.environ, "PYTHONPATH": str(LIBRARY)}


def models(*columns: Column[Any], table: str = "thing") -> MetaData:
    """Return a table with columns."""
    metadata = MetaData()
    Table(table, metadata, Column("id", Integer, primary_key=True), *columns)
    return metadata


def test_the_names_of_rules_and_plugins_are_those_of_their_modules() -> None:
    """So a stranger finds them; no name is used twice."""
    assert {name: module.__name__.rpartition(".")[2] for name, module in pipeline.PLUGINS.items()} == {
        name: name for name in pipeline.PLUGINS
    }
    homes = {name: rule.__module__ for name, rule in pipeline.RULES.items()}
    assert homes == {name: f"alembic_proof.autogenerate.rewrite.{name}" for name in pipeline.RULES}
    assert not pipeline.PLUGINS.keys() & pipeline.RULES.keys()
    assert {f"alembic_proof.{name}" for name in pipeline.PLUGINS} <= plugins._all_plugins.keys()


def test_nothing_to_write_nothing_written(lab: Lab) -> None:
    """A sentence; a revision that is asked for by hand is written as ever."""
    lab.change(models())
    assert lab.revision(models()) == ""
    assert "Models and database agree: there is nothing to write." in lab.output.getvalue()
    command.revision(lab.config(), "by hand")
    assert len(list(lab.versions.glob("*.py"))) == 2


def test_no_models_are_an_error(lab_sqlite: Lab) -> None:
    """Not an empty revision, and not one that drops everything."""
    lab_sqlite.change(models())
    message = "The models have no table: target_metadata in env.py is empty. Nothing was written."
    assert lab_sqlite.refused(MetaData()) == lab_sqlite.differences(MetaData()) == message


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (type("Base", (), {"metadata": MetaData()}), "is Base, which is no MetaData: give Base.metadata. Nothing"),
        ({}, "is a dict, which is no MetaData: give the MetaData of the models. Nothing"),
    ],
)
def test_what_is_no_metadata(lab_sqlite: Lab, given: Any, words: str) -> None:
    """It is told before anything is compared; a migration does not need it."""
    lab_sqlite.models = given
    for run in (command.check, partial(command.revision, autogenerate=True)):
        with pytest.raises(CommandError) as error:
            run(lab_sqlite.config())
        assert f"target_metadata in env.py {words}" in str(error.value)
    lab_sqlite.upgrade()


def test_tables_that_no_revision_created_are_refused(lab: Lab) -> None:
    """The revision would come out empty, and create them nowhere else."""
    lab.rows("CREATE TABLE thing (id INTEGER)")
    message = lab.refused(models())
    assert message.startswith("The database has thing already, but is at no revision: something other than migrations")
    assert "Adopt the database with alembic-proof adopt, or start with an empty one." in message


def test_several_metadata(lab: Lab) -> None:
    """As Alembic takes them."""
    both: Any = [models(), models(table="other")]
    text = lab.change(both)
    assert "create_table('thing'" in text
    assert "create_table('other'" in text


def with_settings(tmp_path: Path, settings: str) -> str:
    """Return what options() says to settings."""
    with making_lab("sqlite", tmp_path, settings) as lab:
        return lab.refused(models())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('off = ["rename"]', "names rename, which does not exist: did you mean renames?"),
        ('off = ["zzz"]', "names zzz, which does not exist: there are server_defaults, keys, "),
        ('models = ["missing"]', "names missing, but there is no module missing: correct the name, or install the pac"),
        ('model = ["missing"]', "has no key model. Did you mean models?"),
    ],
)
def test_wrong_settings(tmp_path: Path, settings: str, message: str) -> None:
    """Each is a sentence."""
    assert message in with_settings(tmp_path, settings)


def test_a_rule_is_switched_off(tmp_path: Path) -> None:
    """And then another one."""
    old, new = (models(Column(name, String(20))) for name in ("nick", "nickname"))
    with making_lab("sqlite", tmp_path / "1", 'off = ["renames"]') as lab:
        lab.change(old)
        assert "thing.nick is in no model that env.py imports" in lab.refused(new)
    with making_lab("sqlite", tmp_path / "2", 'off = ["renames", "drops"]') as lab:
        lab.change(old)
        written = lab.change(new)
        assert "batch_op.add_column(sa.Column('nickname'" in written
        assert "batch_op.drop_column('nick')  # destroys data" in written


def test_a_comparison_is_switched_off(tmp_path: Path) -> None:
    """Then its differences are not seen."""
    before, after = MetaData(), MetaData()
    Table("thing", before, Column("id", Integer, primary_key=True), Column("part", Integer, nullable=False))
    Table("thing", after, Column("id", Integer, primary_key=True), Column("part", Integer, primary_key=True))
    with making_lab("sqlite", tmp_path, 'off = ["keys"]') as lab:
        lab.change(before)
        assert lab.differences(after) == ""


def test_include_object_and_include_name(lab: Lab) -> None:
    """Both must say yes: the project's own, and ours, which leaves alone what is somebody else's."""
    lab.change(models(table="thing"))
    lab.rows("CREATE TABLE somebody_elses (id INTEGER)")
    called = set()

    def include_object(obj: Any, name: str, type_: str, reflected: bool, compare_to: Any) -> bool:
        called.add(type_)
        return name != "hidden"

    def include_name(name: str | None, type_: str, parents: Any) -> bool:
        called.add(f"name of {type_}")
        return name != "mine_to_ignore"

    lab.rows("CREATE TABLE mine_to_ignore (id INTEGER)")
    metadata = models()
    Table("hidden", metadata, Column("id", Integer, primary_key=True))
    assert lab.revision(metadata, include_object=include_object, include_name=include_name) == ""
    assert {"table", "column", "name of table", "name of column"} <= called
    assert "'hidden'" in lab.differences(metadata)


def test_render_item(lab_sqlite: Lab) -> None:
    """The project's own first; ours where it returns False."""

    def render_item(type_: str, obj: Any, autogen_context: Any) -> Any:
        return "sa.VARCHAR(99)" if type_ == "type" and isinstance(obj, String) else False

    columns = (Column("name", String(20)), Column("at", String(20), server_default="it's"))
    written = lab_sqlite.revision(models(*columns), render_item=render_item)
    assert written.count("sa.VARCHAR(99)") == 2
    assert 'server_default="it\'s"' in written


def test_process_revision_directives(lab_sqlite: Lab) -> None:
    """One or several, each called once and before our rules; what it adds stays where it is."""
    calls = []

    def add_sql(context: Any, revision: Any, directives: Any) -> None:
        calls.append("sql")
        (script,) = directives
        script.upgrade_ops.ops.append(ExecuteSQLOp("SELECT 'up'"))
        script.downgrade_ops.ops.insert(0, ExecuteSQLOp("SELECT 'first, down'"))
        script.downgrade_ops.ops.append(ExecuteSQLOp("SELECT 'last, down'"))

    def add_index(context: Any, revision: Any, directives: Any) -> None:
        calls.append("index")
        directives[0].upgrade_ops.ops.append(CreateIndexOp("by_name", "thing", ["name"]))

    lab = lab_sqlite
    name = Column("name", String(20))
    up, _, down = lab.revision(models(name), process_revision_directives=[add_sql, add_index]).partition("downgrade()")
    lab.upgrade()
    assert calls == ["sql", "index"]
    assert up.index("create_table('thing'") < up.index("SELECT 'up'") < up.index("create_index('by_name'")
    assert down.index("first, down") < down.index("drop_table") < down.index("last, down")
    lab.downgrade()
    next(lab.versions.glob("*.py")).unlink()
    calls.clear()
    assert "add_table" in lab.differences(process_revision_directives=add_index)
    assert calls == ["index"]


def test_a_hook_that_clears_what_is_empty(lab_sqlite: Lab) -> None:
    """As Flask-Migrate has it: it wants the first directive, and is content when we come."""
    lab_sqlite.change(models())

    def clear(context: Any, revision: Any, directives: Any) -> None:
        if directives[0].upgrade_ops.is_empty():
            directives[:] = []

    assert lab_sqlite.revision(models(), process_revision_directives=clear) == ""
    assert lab_sqlite.output.getvalue() == ""


def test_a_hook_sees_what_a_rename_leaves(lab_sqlite: Lab) -> None:
    """Not the drop and the creation that it was before."""
    lab_sqlite.change(models(Column("name", String(20))))
    seen: list[Any] = []

    def look(context: Any, revision: Any, directives: Any) -> None:
        seen.extend(directives[0].upgrade_ops.ops)

    renamed = models(Column("name", String(20)), table="item")
    lab_sqlite.change(renamed, "rename=thing:item", process_revision_directives=look)
    assert not [op for op in seen if isinstance(op, DropTableOp)]


def test_on_version_apply(lab: Lab) -> None:
    """One or several; on MariaDB together with ours, which comes last."""
    calls: list[str] = []
    lab.revision(models())
    lab.upgrade(on_version_apply=lambda **_: calls.append("one"))
    lab.downgrade(on_version_apply=[lambda **_: calls.append("two"), lambda **_: calls.append("three")])
    assert calls == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("level", "expected"),
    [(logging.NOTSET, logging.WARNING), (logging.INFO, logging.INFO), (logging.DEBUG, logging.DEBUG)],
)
def test_the_plugins_are_not_listed(lab_sqlite: Lab, level: int, expected: int) -> None:
    """Unless the project's own logging says that it wants to have them."""
    log = logging.getLogger("alembic.runtime.plugins")
    before = log.level
    try:
        log.setLevel(level)
        lab_sqlite.differences(MetaData())
        assert log.level == expected
    finally:
        log.setLevel(before)


def test_autogenerate_plugins(lab_sqlite: Lab) -> None:
    """The project's list is added to ours: one more, or one less. That of CHECKs is in ours already."""
    lab_sqlite.change(models())
    changed = models(Column("name", String(20)))
    assert "add_column" in lab_sqlite.differences(changed)
    assert lab_sqlite.differences(changed, autogenerate_plugins=["~alembic.autogenerate.tables"]) == ""
    for name in ("alembic.ext.checkconstraint_byname", "alembic.autogenerate.checkconstraint_byname"):
        assert "add_column" in lab_sqlite.differences(changed, autogenerate_plugins=[name])


def test_other_arguments_win(lab_sqlite: Lab) -> None:
    """Also over ours; but SQLite alters tables in batches only."""
    lab_sqlite.change(models(Column("name", String(20))))
    changed = models(Column("name", Integer))
    assert "modify_type" in lab_sqlite.differences(changed)
    assert lab_sqlite.differences(changed, compare_type=False) == ""
    written = lab_sqlite.revision(changed, "allow-drop", render_as_batch=False)
    assert "batch_op.alter_column('name'" in written


def test_the_version_table(lab: Lab) -> None:
    """That which the question before a downgrade was asked about must be the one that is used."""
    message = lab.refused(models(), version_table="versions")
    assert message == (
        "env.py configures the version table versions, but connect() or migrating() has alembic_version: give "
        "version_table and version_table_schema to them and to options(). Nothing was changed."
    )
    env = lab.directory / "migrations/env.py"
    env.write_text(ENV.replace('config.attributes["url"])', 'config.attributes["url"], version_table="versions")'))
    lab.change(models(), version_table="versions")
    assert lab.rows("SELECT count(*) FROM versions") == [(1,)]


def test_a_version_table_that_options_does_not_know(lab_sqlite: Lab) -> None:
    """It is noticed before a revision runs."""
    env = lab_sqlite.directory / "migrations/env.py"
    env.write_text(ENV.replace("connection=connection,", 'connection=connection, version_table="versions",'))
    lab_sqlite.write("r1", None, "op.create_table('thing')")
    with pytest.raises(CommandError, match="configures the version table versions, but connect"):
        lab_sqlite.upgrade()
    assert lab_sqlite.schema() == {}


@pytest.mark.parametrize("command", ["upgrade", "differences", "revision"])
def test_run_migrations_that_never_runs(lab_sqlite: Lab, command: str) -> None:
    """Alembic would report success; nothing is left behind."""
    env = lab_sqlite.directory / "migrations/env.py"
    env.write_text(ENV.replace("            context.run_migrations()\n", "            pass\n"))
    sentence = "configures the migration and never runs it"
    if command == "differences":
        assert sentence in lab_sqlite.differences(models())
    elif command == "revision":
        assert sentence in lab_sqlite.refused(models())
    else:
        with pytest.raises(CommandError, match=sentence):
            lab_sqlite.upgrade()
    assert lab_sqlite.schema() == {}


@pytest.mark.parametrize("kind", ["postgresql", "mysql", "sqlite"])
def test_offline(lab_sqlite: Lab, kind: str) -> None:
    """Percent signs are single, whatever the driver; a database that is not known is refused."""
    lab_sqlite.change(models(Column("name", String(20), server_default="100% of")))
    url = make_url({"postgresql": "postgresql+psycopg2://h/d", "mysql": "mysql+pymysql://h/d"}.get(kind, "sqlite://"))
    config = lab_sqlite.config()
    config.attributes["url"] = url
    command.upgrade(config, "heads", sql=True)
    assert "DEFAULT '100% of'" in lab_sqlite.output.getvalue()
    config.attributes["url"] = "oracle+oracledb://h/d"
    with pytest.raises(CommandError, match="alembic-proof does not know the database oracle; it knows sqlite, "):
        command.upgrade(config, "heads", sql=True)


ASYNC = """\
import asyncio
from alembic import context
from alembic_proof import migrating, options
from sqlalchemy.ext.asyncio import create_async_engine

def run(connection):
    with migrating(connection):
        metadata = context.config.attributes["metadata"]
        context.configure(connection=connection, **options(connection, target_metadata=metadata))
        with context.begin_transaction():
            context.run_migrations()

async def online():
    engine = create_async_engine(URL)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()

asyncio.run(online())
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_in_an_asynchronous_env(kind: str, tmp_path: Path) -> None:
    """Over aiosqlite and asyncpg, with an expression that PostgreSQL is asked about."""
    from sqlalchemy import CheckConstraint

    with making_lab(kind, tmp_path) as lab:
        driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}[kind]
        url = lab.engine.url.set(drivername=driver).render_as_string(hide_password=False)
        (lab.directory / "migrations/env.py").write_text(ASYNC.replace("URL", repr(url)))
        metadata = models(Column("name", String(20), server_default="x"))
        metadata.tables["thing"].append_constraint(CheckConstraint("name IN ('x', 'y')", name="known"))
        lab.change(metadata)


MOVES = """
import sys
from alembic.config import main
for command in (["upgrade", "head"], ["current"], ["stamp", "head"], ["downgrade", "base"], ["check"]):
    try:
        main(command)
    except SystemExit as ended:
        assert command == ["check"], ended
    print(command[0], "alembic_proof.autogenerate.pipeline" in sys.modules)
"""


def test_a_command_that_only_moves_imports_no_rule(tmp_path: Path, sqlite: str) -> None:
    """They take longer to import than a short migration takes to run. Whoever compares has them."""
    written = Written(tmp_path / "shop", sqlite)
    written.chain({"r1": "op.create_table('book', sa.Column('id', sa.Integer, primary_key=True))"})
    done = subprocess.run(
        [sys.executable, "-c", MOVES], cwd=written.path, env=WITH_LIBRARY, capture_output=True, text=True, check=True
    )
    found = [line.split() for line in done.stdout.splitlines() if line.endswith(("True", "False"))]
    assert found == [[name, "False"] for name in ("upgrade", "current", "stamp", "downgrade")] + [["check", "True"]]


TWICE = """
import sys
import alembic_proof.autogenerate.pipeline as first
for name in [name for name in sys.modules if name.startswith("alembic_proof")]:
    del sys.modules[name]
import alembic_proof.autogenerate.pipeline as second
from alembic_proof import ddl, upstream
ddl.install()
before = upstream.registered_impl("sqlite")
ddl.install()
print(first is not second, upstream.registered_impl("sqlite") is before)
"""


def test_the_library_may_be_imported_twice() -> None:
    """As in a process that runs two projects, each with its own copy."""
    done = subprocess.run([sys.executable, "-c", TWICE], env=WITH_LIBRARY, capture_output=True, encoding="utf-8")
    assert done.stdout.split() == ["True", "True"], done.stderr


def test_a_revision_does_not_know_the_library(lab: Lab) -> None:
    """Whoever takes the library out keeps a working history."""
    lab.change(models())
    name = Column("name", String(20), server_default=text("'x'"))
    assert "alembic_proof" not in lab.change(models(name, Column("size", Integer, nullable=False, default=1)))
