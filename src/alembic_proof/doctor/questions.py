"""Three questions: which tables do the models register, which are in the database, and what does Alembic see?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import UndeterminedError
from ..sandbox import exists, read_only_engine
from ..schema import describe, model_names, own_tables, statements, table_names
from .project import Comparison, Project, Run

if TYPE_CHECKING:
    from sqlalchemy import URL


def answers(project: Project) -> dict[str, Any]:
    """Return the tables of the models, and for each live database its URL, tables, revision, and the differences.

    The tables and the differences are None where there is no database yet. The answers for the first database are given
    twice: version 1.0 of the report knew no other one. Raises UndeterminedError where env.py leads to none.
    """
    tables = list(project.defined) if project.settings.models else list(project.handed_over.values())
    compared = dict(enumerate(project.compared))
    databases = [_of_database(run, url, tables, compared.get(at)) for at, (run, url) in enumerate(project.live())]
    if not databases:
        raise UndeterminedError("env.py leads to no database")
    return {**databases[0], "models": sorted(table.fullname for table in tables), "databases": databases}


def _of_database(run: Run | None, url: URL, all_tables: list[Any], compared: Comparison | None) -> dict[str, Any]:
    """Return the answers for one database, with the tables of the models that belong into it.

    What was compared is the schema that the revisions build: where this database has the very same, nothing is
    compared again.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from ..url import masked

    tables = list(run.tables.values()) if run else all_tables
    found: dict[str, Any] = {"database": masked(url), "models": sorted(table.fullname for table in tables)}
    if not exists(url):
        return {**found, "tables": None, "revision": [], "differences": None}
    opts: dict[str, Any] = dict(run.context.opts) if run else {"compare_type": True, "compare_server_default": True}
    metadata: Any = opts.get("target_metadata") if run else (tables[0].metadata if tables else None)
    with read_only_engine(url).connect() as connection:
        context = MigrationContext.configure(connection, opts=opts)
        own = own_tables(context.version_table)
        names = table_names(connection, tables)
        if run and compared and compared.schema and compared.schema == statements(connection):
            differences = compared.differences
        else:
            differences = compare_metadata(context, metadata) if metadata is not None else []
        return {
            **found,
            "models": sorted(model_names(connection.dialect, tables)),
            "tables": sorted(name for name in names if name.split(".")[-1] not in own),
            "revision": sorted(context.get_current_heads()),
            "differences": [describe(item) for item in differences],
        }
