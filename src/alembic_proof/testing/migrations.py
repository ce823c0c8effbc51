"""A project's migrations on scratch databases. Whatever the tests run, the project's own database is left alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from alembic.config import Config
from sqlalchemy import URL, MetaData, make_url
from sqlalchemy.exc import ArgumentError

from .. import dialects
from ..doctor.project import Project
from ..errors import ProofError
from ..sandbox import SCRATCH_VARIABLE, environment, scratch_database
from ..sandbox.scratch import canonical
from ..url import masked


class OtherKindError(ProofError):
    """The scratch database is of another kind than the one for which the revisions are written."""


class NotScratchError(ProofError):
    """env.py connects to another database than the one that a test is to run on."""


@contextmanager
def project_database(project: Project) -> Iterator[str]:
    """Create an empty database, yield its URL, and drop it afterwards.

    If the project's settings name a database-variable, that environment variable names the database meanwhile.
    Raises UndeterminedError when the server of TEST_DATABASE_URL cannot be used.
    """
    variable = project.settings.database_variable
    with ExitStack() as stack:
        url = stack.enter_context(scratch_database(project.root.name, project.server))
        if variable:
            stack.enter_context(environment(**{variable: url}))
        yield url


def project_config(project: Project, url: str, directory: Path) -> Config:
    """Return an Alembic Config with which the project's revisions run on a scratch database.

    As long as the project has none, it has the one that autogenerate would write: it is written into the directory. If
    there are no models yet either, it has none.
    Raises NotScratchError if env.py does not connect to that database, OtherKindError if the project is for another
    kind of database, and whatever env.py raises.
    """
    options = {}
    if "sqlalchemy.url" in project.options:
        options["sqlalchemy.url"] = _with_driver_of(url, project.options["sqlalchemy.url"])
    if not project.revisions:
        options["version_locations"] = str(directory)
    for entry in project.configuration.paths("prepend_sys_path"):  # wherever pytest was started
        if (path := str(project.root / entry)) not in sys.path:
            sys.path.insert(0, path)
    config = project.config(**options)
    scratch = make_url(url)
    metadata = project.once("env.py uses the scratch database", lambda: _require_scratch(project, config, scratch))
    _require_kind(project, scratch)
    is_written = bool(project.revisions or list(directory.glob("*.py")))
    if not is_written and not project.has_not_begun(metadata):
        project.alembic("revision", config, "first tables", autogenerate=True)
    return config


def _require_kind(project: Project, scratch: URL) -> None:
    """Raise OtherKindError where the URL in the ini, in whose place env.py gets the scratch database, is of a server.

    Where a variable has the URL, what is in the ini does not count, and Project.missing_server knows the kind.
    """
    named = canonical(project.options.get("sqlalchemy.url", "").partition(":")[0].partition("+")[0])
    kind = canonical(scratch.get_backend_name())
    if named not in ("sqlite", kind) and named in dialects.KNOWN and not project.settings.database_variable:
        raise OtherKindError(
            f"{project.place_of_option('sqlalchemy.url')} names a {named} database, and the tests would run on {kind}: "
            f"set {SCRATCH_VARIABLE} to a database on such a server."
        )


def _with_driver_of(scratch: str, own: str) -> str:
    """Return the URL of a scratch database, with the driver that the project uses for such a database."""
    url = make_url(scratch)
    try:
        driver = make_url(own).drivername
    except ArgumentError:
        return scratch
    same = driver.partition("+")[0] == url.get_backend_name()
    return url.set(drivername=driver if same else url.drivername).render_as_string(hide_password=False)


def _require_scratch(project: Project, config: Config, scratch: URL) -> list[MetaData]:
    """Return the metadata that env.py hands over. Raises NotScratchError if it connects to another database."""
    connected: list[URL] = []
    handed_over: list[MetaData] = []

    def collect(_: Any, context: Any) -> list[Any]:
        connected.append(context.connection.engine.url)
        given = context.opts.get("target_metadata")
        handed_over.extend(given if isinstance(given, (list, tuple)) else [given] if given is not None else [])
        return []

    project.run_env(collect, config, dont_mutate=True)
    if not connected:
        raise NotScratchError("env.py ends without run_migrations(): alembic-proof doctor says what to do.")
    for url in connected:
        if url.database != scratch.database:
            raise NotScratchError(
                f"{project.name(project.env)} connects to {masked(url)}, not to the scratch database of the tests, so "
                "nothing was run. Name the environment variable that holds the URL in pyproject.toml "
                '([tool.alembic-proof], database-variable = "..."), or let env.py use an engine in '
                'config.attributes["connection"], as connect() does.'
            )
    return handed_over
