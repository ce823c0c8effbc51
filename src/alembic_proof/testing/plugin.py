"""The pytest plug-in: fixtures for tests of a project's migrations. It does nothing where they are not used.

pytest loads it wherever the library is installed, so neither Alembic nor SQLAlchemy is imported at the top.

To run Alembic's own invariants as well, let conftest.py give pytest-alembic's fixtures these values:

    @pytest.fixture
    def alembic_config(migration_config): return migration_config

    @pytest.fixture
    def alembic_engine(migration_engine): return migration_engine
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..errors import ProofError, SettingsError, UndeterminedError

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Engine

    from ..doctor.project import Project
    from .chain import Chains

pytest.register_assert_rewrite("alembic_proof.testing.tests")

_OPTION = "alembic_proof_config"
_PROJECT = pytest.StashKey["Project"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that says where the project's configuration is."""
    parser.addini(_OPTION, "alembic.ini, or pyproject.toml with [tool.alembic], relative to the root directory")


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say on which database the migrations run, in a project with settings for this library."""
    toml = config.rootpath / "pyproject.toml"
    if not config.getini(_OPTION) and not (toml.is_file() and b"[tool.alembic-proof]" in toml.read_bytes()):
        return None
    try:
        kind = _project(config).server.kind or "sqlite"
    except (SettingsError, UndeterminedError, pytest.UsageError):
        return None  # the first test that needs the project says it
    return f"migrations run on: {kind} (TEST_DATABASE_URL names a server, in the environment or in .env)"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test that takes ``migration_revision`` one test for each revision; the value is its place in the order."""
    if "migration_revision" not in metafunc.fixturenames:
        return
    project = _project(metafunc.config)
    scripts = project.script_directory() if project.revisions else None
    names = [script.revision for script in scripts.walk_revisions()][::-1] if scripts else ["the first one"]
    metafunc.parametrize("migration_revision", range(len(names)), ids=names)


def _project(config: pytest.Config) -> Project:
    """Return the project whose migrations are tested. Raises UsageError if there is none."""
    if _PROJECT not in config.stash:
        from ..doctor.configuration import find_config
        from ..doctor.project import Project

        named = config.getini(_OPTION)
        try:
            path = config.rootpath / named if named else find_config(config.rootpath)
        except UndeterminedError:
            path = config.rootpath / "alembic.ini"
        if not path.is_file():
            raise pytest.UsageError(f"There is no {path}: let the ini option {_OPTION} name Alembic's configuration.")
        config.stash[_PROJECT] = Project(path)
    return config.stash[_PROJECT]


@pytest.fixture(scope="session")
def migration_project(request: pytest.FixtureRequest) -> Project:
    """The project whose migrations are tested."""
    return _project(request.config)


@pytest.fixture(scope="session")
def migrated_project(migration_project: Project) -> Project:
    """That project, for a test that runs its revisions.

    Fails the test if they are for a kind of server that TEST_DATABASE_URL does not name, or if that server does not
    answer: to skip these tests would look like success.
    """
    with _sentences():
        if migration_project.missing_server:
            raise UndeterminedError(f"There is nothing to test on: {migration_project.missing_server}.")
        if migration_project.server.text is not None:
            migration_project.server.connect().close()
    return migration_project


@pytest.fixture(scope="session")
def migrated_database(
    migrated_project: Project, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The URL of a database at the newest revision, made once per run, for tests of the application.

    If [tool.alembic-proof] names a database-variable, that environment variable holds the URL until the run ends. Each
    process of pytest-xdist has a database of its own. So that tests leave it as it is, they use ``rolled_back()``.
    """
    from .migrated import migrated_database

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else None  # set by pytest-xdist, in its workers
    with ExitStack() as stack:
        with _sentences():
            directory = tmp_path_factory.mktemp("revisions")
            url = stack.enter_context(migrated_database(migrated_project, directory, shared))
        yield url


@contextmanager
def _sentences() -> Iterator[None]:
    """Say in a sentence, without a traceback, why there is no database to test on."""
    try:
        yield
    except ProofError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@pytest.fixture
def scratch_url(migrated_project: Project) -> Iterator[str]:
    """The URL of an empty database for one test, on the server of TEST_DATABASE_URL, or else in a SQLite file.

    If [tool.alembic-proof] names a database-variable, that environment variable holds the URL meanwhile.
    """
    from .migrations import project_database

    with ExitStack() as stack:
        with _sentences():
            url = stack.enter_context(project_database(migrated_project))
        yield url


@pytest.fixture
def migration_config(migrated_project: Project, scratch_url: str, tmp_path: Path) -> Config:
    """A Config for the project's revisions on that database; if there are none, for the one autogenerate would write.

    Its revision is then in tmp_path.
    """
    from ..doctor.project import NOT_BEGUN
    from .migrations import project_config

    config = project_config(migrated_project, scratch_url, tmp_path)
    if not migrated_project.script_directory(config).get_heads():
        pytest.skip(NOT_BEGUN)
    return config


@pytest.fixture
def migration_engine(scratch_url: str) -> Engine:
    """An engine on that database, which keeps no connection."""
    from sqlalchemy import NullPool, create_engine

    return create_engine(scratch_url, poolclass=NullPool)


@pytest.fixture(scope="module")
def migration_chains(migrated_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chains]:
    """Databases with the first n revisions applied, and rows in their tables."""
    from .chain import Chains

    chains = Chains(migrated_project, tmp_path_factory.mktemp("revisions"))
    yield chains
    chains.close()
