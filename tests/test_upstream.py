"""Every private place of Alembic and SQLAlchemy that is read is what it is taken for, in the installed releases."""

from __future__ import annotations

import inspect
import re
from typing import Any
from unittest.mock import Mock

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.runtime import plugins
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Enum,
    Float,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    TypeDecorator,
    create_engine,
)
from support.lab import Lab
from support.models import dialect_of

from alembic_proof import upstream


def configured(lab: Lab, run: Any, *arguments: Any, **options: Any) -> MigrationContext:
    """Run a command, and return the MigrationContext that env.py made."""
    contexts: list[Any] = []

    def include_object(*_: Any) -> bool:
        contexts.append(upstream.environment_context().get_context())
        return True

    lab.models = MetaData()
    Table("thing", lab.models, Column("id", Integer, primary_key=True))
    config = lab.config(include_object=include_object)
    run(config, *arguments, **options)
    return contexts[-1]  # type: ignore[no-any-return]


def test_running_command(lab_sqlite: Lab) -> None:
    """Of those that autogenerate; a program of one's own has none."""
    revision = configured(lab_sqlite, command.revision, "first", autogenerate=True)
    assert (upstream.running_command(revision), upstream.is_autogenerating(revision)) == ("revision", True)
    lab_sqlite.upgrade()
    check = configured(lab_sqlite, command.check)
    assert (upstream.running_command(check), upstream.is_autogenerating(check)) == ("check", True)
    with create_engine("sqlite://").connect() as connection:
        own = MigrationContext.configure(connection, opts={"fn": test_running_command})
    assert (upstream.running_command(own), upstream.is_autogenerating(own)) == ("", False)


@pytest.mark.parametrize("name", ["revision", "check", "upgrade", "downgrade", "stamp", "current"])
def test_each_command_hands_over_a_function_of_its_own(name: str) -> None:
    """Its qualified name begins with the command's; whatever Alembic does with it, it defines one inside."""
    source = inspect.getsource(getattr(command, name))
    assert re.search(r"\n +def \w+\(", source)
    assert "fn=" in source


@pytest.mark.parametrize(("autogenerate", "expected"), [(True, True), (False, False)])
def test_is_autogenerating(autogenerate: bool, expected: bool) -> None:
    """By the arguments of the command."""
    revision_context = Mock(command_args={"autogenerate": autogenerate})
    assert upstream.is_autogenerating(Mock(opts={"revision_context": revision_context})) is expected


def test_environment_context(lab_sqlite: Lab) -> None:
    """While env.py runs, and not otherwise."""
    configured(lab_sqlite, command.revision, "first", autogenerate=True)
    with pytest.raises(NameError, match="only while a command of Alembic runs"):
        upstream.environment_context()
    script = ScriptDirectory.from_config(lab_sqlite.config())
    with EnvironmentContext(Config(), script) as environment:
        assert upstream.environment_context() is environment


def test_steps(lab_sqlite: Lab) -> None:
    """Those of the running command, from where the database is; and those of an upgrade."""
    lab_sqlite.write("a1", None, "pass")
    lab_sqlite.write("a2", "a1", "pass")
    script = ScriptDirectory.from_config(lab_sqlite.config())
    upgrade = upstream.upgrade_steps(script, "heads", ())
    assert upgrade is not None
    assert [step.to_revisions_no_deps for step in upgrade] == [("a1",), ("a2",)]
    with create_engine("sqlite://").connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"fn": lambda heads, _: script._upgrade_revs("a1", heads)}
        )
        assert [step.to_revisions_no_deps for step in upstream.steps(context)] == [("a1",)]
    assert upstream.upgrade_steps(Mock(spec=[]), "heads", ()) is None


def test_plugins() -> None:
    """One of the same name is replaced."""
    first = upstream.register_plugin("alembic_proof.test_of_plugins")
    second = upstream.register_plugin("alembic_proof.test_of_plugins")
    assert first is not second
    assert plugins._all_plugins["alembic_proof.test_of_plugins"] is second
    second.remove()
    assert "alembic_proof.test_of_plugins" not in plugins._all_plugins


def test_releases_that_are_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """For env.py; those that are installed are not."""
    upstream.require_releases()
    monkeypatch.setattr(sqlalchemy, "__version__", "2.0.4")
    upstream.require_releases()
    monkeypatch.setattr(sqlalchemy, "__version__", "2.0.3")
    with pytest.raises(CommandError, match=r"needs SQLAlchemy 2\.0\.4 or newer; this is 2\.0\.3\."):
        upstream.require_releases()


@pytest.mark.parametrize(("version", "expected"), [("2.0.44", False), ("2.0.45", True), ("2.1.0b1", True)])
def test_what_sqlalchemy_reads(monkeypatch: pytest.MonkeyPatch, version: str, expected: bool) -> None:
    """By its release, also by a beta."""
    monkeypatch.setattr(sqlalchemy, "__version__", version)
    assert upstream.reads_sqlite_constraints() == upstream.reflects_collations() == expected


@pytest.mark.parametrize(
    ("key", "counts"),
    [(Integer(), True), (BigInteger(), True), (Numeric(9, 2), False), (Float(), False), (String(9), False)],
)
def test_autoincrement_column(key: Any, counts: bool) -> None:
    """Only a number without digits behind the point counts, in each release."""
    table = Table("thing", MetaData(), Column("id", key, primary_key=True))
    assert upstream.autoincrement_column(table) is (table.c.id if counts else None)
    assert upstream.autoincrement_column(Table("other", MetaData(), Column("a", Integer))) is None


def test_compare_and_is_in_batch() -> None:
    """What autogenerate finds; and whether it renders a batch."""
    metadata = MetaData()
    Table("thing", metadata, Column("id", Integer))
    with create_engine("sqlite://").connect() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata})
        autogen_context = AutogenContext(context)
        (create,) = upstream.compare(autogen_context).ops
        assert getattr(create, "table_name", None) == "thing"
        assert not upstream.is_in_batch(autogen_context)
        with autogen_context._within_batch():
            assert upstream.is_in_batch(autogen_context)


def test_registered_impl() -> None:
    """By the name of the dialect."""
    from alembic.ddl.impl import DefaultImpl

    found = upstream.registered_impl("sqlite")
    assert found is DefaultImpl.get_by_dialect(dialect_of("sqlite"))
    assert upstream.registered_impl("nothing") is None


def test_compiled_elements() -> None:
    """The method that it takes the place of is one of Alembic's for PostgreSQL."""
    from alembic.ddl.postgresql import PostgresqlImpl

    assert "self._compile_element(" in inspect.getsource(PostgresqlImpl.compare_indexes)

    class Shouting(upstream.CompiledElements, PostgresqlImpl):
        def compiled(self, sql: str) -> str:
            return sql.upper()

    impl = Shouting(dialect_of("postgresql"), None, False, None, None, {})
    assert impl._compile_element("lower(name)") == "LOWER(NAME)"


def test_what_releases_can_do() -> None:
    """Alembic writes CHECKs from 1.19 on, and SQLAlchemy's Enum has create_type from 2.1 on."""
    from alembic.autogenerate import render

    source = inspect.getsource(render._add_check_constraint)
    assert upstream.renders_check_constraints() == ("NotImplementedError" not in source)
    assert upstream.enums_have_create_type() == ("create_type=False" in repr(Enum("a", name="e", create_type=False)))


class Price(TypeDecorator[Any]):
    """A type of a project's own."""

    impl = Integer
    cache_ok = True

    def __init__(self, currency: str) -> None:
        super().__init__()
        self.currency = currency


def test_types() -> None:
    """Which kind it is; its code."""
    assert upstream.type_affinity(Text()) is upstream.type_affinity(String(20)) is String
    assert upstream.type_affinity(Integer()) is Integer
    assert upstream.type_affinity(Float()) is upstream.type_affinity(Double()) is Float
    assert upstream.type_affinity(Numeric(9, 2)) is Numeric
    assert upstream.type_repr(Price("USD")) == "Price('USD')"


@pytest.mark.parametrize(
    ("type_", "on_sqlite", "on_postgresql"),
    [
        (Boolean(create_constraint=True, name="flag"), True, False),
        (Enum("a", "b", create_constraint=True, name="kind"), True, False),
        (Enum("a", "b", create_constraint=True, native_enum=False, name="kind"), True, True),
    ],
)
def test_the_checks_of_types(type_: Any, on_sqlite: bool, on_postgresql: bool) -> None:
    """Some are created on some databases only."""
    table = Table("t", MetaData(), Column("c", type_))
    (check,) = [constraint for constraint in table.constraints if upstream.is_type_bound(constraint)]
    assert upstream.is_created(check, dialect_of("sqlite")) is on_sqlite
    assert upstream.is_created(check, dialect_of("postgresql")) is on_postgresql
    assert upstream.is_created(table.primary_key, dialect_of("sqlite"))


def test_variants() -> None:
    """By dialect."""
    type_ = String(9).with_variant(Integer(), "mysql")
    assert {name: repr(variant) for name, variant in upstream.variants(type_).items()} == {"mysql": "Integer()"}
    assert upstream.variants(Integer()) == {}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"head": "head", "branch_label": None}, True),
        ({"head": "a2", "branch_label": None}, False),
        ({"head": "head", "branch_label": "shop"}, False),
        (None, False),
    ],
)
def test_which_revision_is_followed(arguments: dict[str, Any] | None, expected: bool) -> None:
    """Any head, unless the command line names one."""
    revision_context = None if arguments is None else Mock(command_args=arguments)
    assert upstream.follows_any_head(Mock(opts={"revision_context": revision_context})) is expected


def test_declared_types() -> None:
    """Each type that is read has the SQL of it; those of other dialects have not."""
    dialect: Any = dialect_of("sqlite")
    upstream.keep_declared_types(dialect)
    assert dialect._resolve_type_affinity("POINT").declared == "POINT"
    assert not hasattr(dialect_of("sqlite")._resolve_type_affinity("POINT"), "declared")
