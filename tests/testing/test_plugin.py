"""The plug-in does nothing unless asked; its fixtures lead migrations to scratch databases, never elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.written import Written

pytest_plugins = ["pytester"]
PLUGIN = ("-p", "alembic_proof.testing.plugin")
OFF = [f"-pno:{name}" for name in ("cacheprovider", "hypothesispytest", "pytest_cov", "xdist", "xdist.looponfail")]
MODELS = 'sa.Table("book", metadata, sa.Column("id", sa.Integer, primary_key=True))'
CREATE = 'op.create_table("book", sa.Column("id", sa.Integer, primary_key=True))'


@pytest.fixture
def shop(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Written:
    """A project at pytest's root directory, on a database of its own, which no test may touch."""
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.chdir(pytester.path)
    (pytester.path / "pytest.ini").write_text("[pytest]\n")
    return Written(pytester.path, "sqlite:///own.db", MODELS)


def run(pytester: pytest.Pytester, code: str, *arguments: str) -> pytest.RunResult:
    """Run tests with the plug-in in this process."""
    pytester.makepyfile(test_shop=code)
    result = pytester.runpytest_inprocess(*PLUGIN, *OFF, *arguments)
    assert not Path("own.db").exists()
    return result


def test_it_imports_nothing() -> None:
    """It is loaded wherever the library is installed."""
    code = "import sys, alembic_proof.testing.plugin as p; print({'alembic', 'sqlalchemy'} & set(sys.modules))"
    path = str(Path(__file__).parents[2] / "src")
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("set()\n", 0), done.stderr


def test_it_does_nothing_unless_asked(pytester: pytest.Pytester) -> None:
    """No line in the report, and no error where there is no project."""
    pytester.makepyfile("def test_nothing(): pass")
    result = pytester.runpytest_inprocess(*PLUGIN)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("migrations run on*")


def test_the_report_says_which_database(
    pytester: pytest.Pytester, shop: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a project with settings for the library."""
    run(pytester, "").stdout.fnmatch_lines(["migrations run on: sqlite (TEST_DATABASE_URL names a server, *)"])
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql+psycopg://u:secret@127.0.0.1/x")
    result = run(pytester, "")
    result.stdout.fnmatch_lines(["migrations run on: postgresql (*"])
    result.stdout.no_fnmatch_line("*secret*")


FIXTURES = """
import os
from alembic import command
from sqlalchemy import inspect

def test_a_scratch_database(scratch_url, migration_config, migration_engine):
    assert os.environ["SHOP_URL"] == scratch_url
    assert "book" not in inspect(migration_engine).get_table_names()
    command.upgrade(migration_config, "head")
    assert inspect(migration_engine).get_table_names() == ["alembic_version", "book"]

def test_it_is_gone():
    assert "SHOP_URL" not in os.environ
"""


@pytest.mark.parametrize("has_revision", [True, False])
def test_the_fixtures(pytester: pytest.Pytester, shop: Written, has_revision: bool) -> None:
    """Without a revision they have the one that autogenerate would write."""
    if has_revision:
        shop.revision("first", None, CREATE, "op.drop_table('book')")
    run(pytester, FIXTURES).assert_outcomes(passed=2)
    assert len(list(shop.versions.glob("*.py"))) == has_revision


def test_on_a_server(
    pytester: pytest.Pytester, shop: Written, monkeypatch: pytest.MonkeyPatch, postgresql: str
) -> None:
    """The scratch database is on it."""
    monkeypatch.setenv("TEST_DATABASE_URL", postgresql)
    code = FIXTURES + "\ndef test_url(scratch_url): assert scratch_url.startswith('postgresql+psycopg://')\n"
    run(pytester, code).assert_outcomes(passed=3)
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/x")
    result = run(pytester, FIXTURES)
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["TEST_DATABASE_URL in the environment cannot be used: no connection to *"])
    result.stdout.no_fnmatch_line("*secret*")


def test_a_server_project_needs_one(pytester: pytest.Pytester, shop: Written, postgresql: str) -> None:
    """Without it the run fails, as tests that are left out look like success; .env may name the server, too."""
    shop.revision("first", None, CREATE, "op.drop_table('book')")
    env = shop.path / ".env"
    env.write_text("SHOP_URL=postgresql://nobody@localhost/nothing\n")
    result = run(pytester, FIXTURES)
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["*this is a postgresql project*set TEST_DATABASE_URL to a database on such a server*"])
    env.write_text(f"{env.read_text()}TEST_DATABASE_URL={postgresql}\n")
    run(pytester, FIXTURES).assert_outcomes(passed=2)
    env.write_text("SHOP_URL=postgresql://nobody@localhost/nothing\nTEST_DATABASE_URL: x\n")
    result = run(pytester, FIXTURES)
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["*.env, line 2: after TEST_DATABASE_URL is a colon*"])


def test_env_must_use_the_scratch_database(pytester: pytest.Pytester, shop: Written) -> None:
    """One that connects elsewhere would be migrated down by a test: nothing is run."""
    env = shop.path / "migrations/env.py"
    lines = env.read_text("utf-8").replace('database_url("SHOP_URL", ', 'database_url("OTHER_URL", ')
    env.write_text(lines.replace("connect(config, url)", "sa.create_engine(url()).connect()"), "utf-8")
    (shop.path / ".env").write_text("OTHER_URL=sqlite:///other.db\n")
    shop.revision("first", None, CREATE)
    result = run(pytester, "def test_config(migration_config): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*migrations/env.py connects to sqlite*other.db, not to the scratch database*"])


PLAIN = """\
from alembic import context
from sqlalchemy import Column, Integer, MetaData, Table, engine_from_config, pool

metadata = MetaData()
Table("book", metadata, Column("id", Integer, primary_key=True))
section = context.config.get_section(context.config.config_ini_section, {})
with engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""


def test_a_project_without_settings(pytester: pytest.Pytester, shop: Written) -> None:
    """Its env.py reads the URL from the ini, as that of alembic init does; all tests work."""
    (shop.path / "pyproject.toml").unlink()
    shop.ini.write_text(f"{shop.ini.read_text()}sqlalchemy.url = sqlite:///%(here)s/own.db\n")
    (shop.path / "migrations/env.py").write_text(PLAIN, "utf-8")
    shop.revision("first", None, CREATE, "op.drop_table('book')")
    shop.revision("second", "first", "op.execute('DELETE FROM book')")
    code = "from alembic_proof.testing.tests import test_rows_survive\nimport os\n"
    result = run(pytester, code + FIXTURES.replace('assert os.environ["SHOP_URL"] == scratch_url', ""))
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*second.py: upgrade() loses data: book.id*"])


@pytest.mark.parametrize("option", ["conf/alembic.ini", "pyproject.toml"])
def test_where_the_configuration_is(pytester: pytest.Pytester, shop: Written, option: str) -> None:
    """An option of pytest says it."""
    shop.revision("first", None, CREATE, "op.drop_table('book')")
    if option == "pyproject.toml":
        shop.ini.unlink()
        toml = shop.path / option
        toml.write_text(f'{toml.read_text()}[tool.alembic]\nscript_location = "%(here)s/migrations"\n')
    else:
        (shop.path / "conf").mkdir()
        (shop.path / option).write_text(shop.ini.read_text().replace("%(here)s", "%(here)s/.."))
        (shop.path / "conf/pyproject.toml").write_text((shop.path / "pyproject.toml").read_text())
        (shop.path / "conf/.env").write_text("SHOP_URL=sqlite:///own.db\n")
        env = shop.path / "migrations/env.py"
        shop.ini.unlink()
        (pytester.path / "pytest.ini").write_text(f"[pytest]\nalembic_proof_config = {option}\n")
        assert env.is_file()
    run(pytester, FIXTURES).assert_outcomes(passed=2)


def test_without_a_configuration(pytester: pytest.Pytester) -> None:
    """A sentence says what is missing."""
    pytester.makepyfile("from alembic_proof.testing.tests import test_rows_survive")
    result = pytester.runpytest_inprocess(*PLUGIN)
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*let the ini option alembic_proof_config name Alembic's configuration.*"])


ALIASES = """
import pytest

@pytest.fixture
def alembic_config(migration_config): return migration_config

@pytest.fixture
def alembic_engine(migration_engine): return migration_engine
"""
INVARIANTS = """
from pytest_alembic.tests import (
    test_model_definitions_match_ddl, test_single_head_revision, test_up_down_consistency, test_upgrade
)
"""


@pytest.mark.parametrize("has_revision", [True, False])
def test_together_with_pytest_alembic(pytester: pytest.Pytester, shop: Written, has_revision: bool) -> None:
    """Its fixtures are two aliases."""
    if has_revision:
        shop.revision("first", None, CREATE, "op.drop_table('book')")
    (pytester.path / "pytest.ini").write_text("[pytest]\npytest_alembic_tests_path = .none/conftest.py\n")
    pytester.makeconftest(ALIASES)
    run(pytester, INVARIANTS).assert_outcomes(passed=4)
